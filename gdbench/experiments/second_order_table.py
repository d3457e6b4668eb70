"""From the records of ``second_order`` to one table: a ``part`` for each kind of row, and empty cells elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.harness.statistics import median_interval

if TYPE_CHECKING:
    import pandas

#: The columns of each part, beside machine and part.
COLUMNS = {
    "hessian": ("problem", "n", "difference", "asymmetry", "product_difference", "jacobian_by"),
    "quadratic": ("problem", "n", "condition", "steps", "left"),
    "minimum": ("problem", "n", "condition", "singular", "order", "order_low", "order_high", "runs", "steps"),
    "path": ("problem", "n", "condition", "kind", "step", "error"),
    "cost": (
        "n",
        "what",
        "seconds",
        "seconds_low",
        "seconds_high",
        "samples",
        "bytes",
        "resident",
        "memory",
        "asymmetry",
    ),
    "descent": ("n", "method", "step_size", "rows", "step", "slopes", "products", "seconds", "loss"),
}


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Rows of six parts.

    hessian: a row a problem, the largest differences between the derived Hessian, the slope's Jacobian and products.
    quadratic: a row a problem, the most steps any start took, and the largest share of the slope left after one step.
    minimum: a row a problem, the median order of convergence with its interval, and the median of the steps.
    path: a row a step of one run of each of those; ``kind`` is quadratic, minimum or singular.
    cost: a row an n and kind of work, in seconds; a step's bytes (its arrays), what it added to the resident
        memory (NaN where not seen), the machine's memory and H's asymmetry stand in every row.
    descent: a row a step; slopes counts a product for two.
    """
    import pandas as pd

    rows = [row for _, record in frame.iterrows() for row in _rows(record)]
    names = dict.fromkeys(name for columns in COLUMNS.values() for name in columns)
    tidy = pd.DataFrame(rows).reindex(columns=["machine", "part", *names])
    keys = ["machine", "part", "problem", "n", "condition", "what", "method", "step_size", "step"]
    return tidy.drop_duplicates(keys, keep="last").sort_values(keys, ignore_index=True)


def _rows(record: pandas.Series[Any]) -> Iterator[dict[str, Any]]:
    kind = record["what"]
    common = {"machine": record["machine"], "part": kind}
    if kind == "hessian":
        kept = ("problem", "difference", "asymmetry", "product_difference", "jacobian_by")
        yield {**common, "n": int(record["variables"]), **{name: record[name] for name in kept}}
    elif kind in ("quadratic", "minimum"):
        common |= {"problem": record["problem"], "n": int(record["variables"])}
        common |= {"condition": record["condition_measured"]}
        singular = kind == "minimum" and bool(record["singular"])
        if kind == "quadratic":
            yield {**common, "steps": max(record["steps"]), "left": max(record["left"])}
        else:
            told = {"singular": singular, "runs": len(record["orders"]), "steps": float(np.median(record["steps"]))}
            yield {**common, **told, **_order(record["orders"])}
        for step, error in enumerate(record["curve"]):
            yield {**common, "part": "path", "kind": "singular" if singular else kind, "step": step, "error": error}
    elif kind in ("cost", "prices"):
        common |= {"part": "cost", "n": int(record["n"]), "memory": record["memory"]}
        if kind == "cost":
            common |= {"bytes": record["bytes"], "asymmetry": record["asymmetry"]}
            common |= {"resident": record.get("resident_bytes", np.nan)}
        for what, samples in record["seconds"].items():
            took = median_interval(samples)
            ends = {"seconds_low": took.low, "seconds_high": took.high} if took.sufficient else {}
            yield {**common, "what": what, "seconds": took.median, **ends, "samples": took.n}
    else:
        common |= {name: record[name] for name in ("method", "step_size", "rows", "products")} | {"n": int(record["n"])}
        looks = zip(record["slopes"], record["seconds_at"], record["loss"])
        for step, (slopes, seconds, loss) in enumerate(looks):
            yield {**common, "step": step, "slopes": slopes, "seconds": seconds, "loss": loss}


def _order(orders: list[float]) -> dict[str, float]:
    if not orders:
        return {"order": np.nan}
    middle = median_interval(orders)
    ends = {"order_low": middle.low, "order_high": middle.high} if middle.sufficient else {}
    return {"order": middle.median, **ends}
