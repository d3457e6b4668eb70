"""The gradient_cost experiment for a terminal: a gradient in values, by source and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.tables.formats import count, ratio, seconds

if TYPE_CHECKING:
    import pandas

PROBLEMS = {"rosenbrock": "chain"}


def gradient_cost_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a problem and source: its gradient in values at the smallest and largest n, and in seconds there.

    A number after ``~`` is extrapolated, one with ``*`` rests on one measurement; the heading says so.
    """
    import pandas as pd

    told = []
    for problem, group in rows.groupby("problem", sort=True):
        low, high = int(group["n"].min()), int(group["n"].max())
        for source, lines in group.sort_values("n").groupby("source", sort=True):
            row = {"problem": PROBLEMS.get(str(problem), str(problem)), "source": source}
            row |= {"smallest n": "", "largest n": "", "time at largest n": ""}
            for heading, n in (("smallest n", low), ("largest n", high)):
                at = lines[lines["n"] == n]
                if len(at):
                    row[heading] = f"{count(n)}: {_told(at.iloc[0]['ratio'], at.iloc[0]['samples'])}"
                if len(at) and n == high:
                    row["time at largest n"] = seconds(at.iloc[0]["seconds"])
            told.append(row)
    table = pd.DataFrame(told)
    cells = "".join([*table["smallest n"], *table["largest n"]])
    used = [words for words in ("~ extrapolated", "* one measurement") if words[0] in cells]
    return table.rename(columns={"largest n": f"largest n ({', '.join(used)})"} if used else {})


def _told(times: float, samples: int) -> str:
    return f"{'' if samples else '~'}{ratio(times)}{'*' if samples == 1 else ''}"
