"""The second_order experiment for a terminal: Newton's steps and orders, prices by n, descents beyond the matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.tables.formats import count, seconds

if TYPE_CHECKING:
    import pandas

WORDS = {"slope": "slope", "product": "product H v", "hessian": "Hessian", "step": "Newton step"}


def second_order_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A line for each thing measured: what, on what, n, and the result in words."""
    import pandas as pd

    told = []

    def tell(what: str, on: str, n: float, result: str) -> None:
        told.append({"measured": what, "on": on, "n": count(n), "result": result})

    for _, row in rows[rows["part"] == "quadratic"].iterrows():
        left = f"{row['left']:.0e} of the slope left after one"
        tell("Newton, quadratic", f"{row['problem']}, condition {row['condition']:.0e}", row["n"], f"{left}")
    for _, row in rows[rows["part"] == "minimum"].iterrows():
        tell("Newton, near a minimum", row["problem"], row["n"], f"order {row['order']:.2f}, {row['steps']:.0f} steps")
    cost = rows[rows["part"] == "cost"]
    for n, lines in cost.groupby("n"):
        took = ", ".join(f"{WORDS[line['what']]} {seconds(line['seconds'])}" for _, line in lines.iterrows())
        tell("price", "network", float(n), took)  # type: ignore[arg-type]
    descents = rows[rows["part"] == "descent"].sort_values("step")
    for (method, step), path in descents.groupby(["method", "step_size"], dropna=False):
        last = path.iloc[-1]
        name = f"{method}, step {step:g}" if step == step else str(method)
        result = f"loss {last['loss']:.3g} in {seconds(last['seconds'])}, {count(last['step'])} steps"
        tell("descent", name, last["n"], result)
    return pd.DataFrame(told)
