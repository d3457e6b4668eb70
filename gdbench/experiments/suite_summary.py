"""What the terminal shows of a suite, and what its contenders are called: the table in the few columns 80 letters hold.

The full table, with every interval, is in ``table.csv``.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gdbench.experiments.suite_table import BUDGET, PARTS
from gdbench.report.tables.formats import count
from gdbench.report.tables.formats import seconds as in_seconds

if TYPE_CHECKING:
    import pandas

#: Between the parts of a contender: a descent is a method + a step + a source of slopes.
AND = " + "
WORDS = {"maxiter": "maxiter {:.0f}", "maxfev": "maxfev {:.0f}", "gtol": "gtol {:g}", "threads": "{:.0f} threads"}


def way(target: float) -> str:
    """The part of the way that a target asks for, in percent.

    >>> way(1e-3), way(0.1), way(1e-7)
    ('99.9 %', '90 %', '99.99999 %')
    """
    return f"{100 * (1 - target):.10g} %"


def contenders(tidy: pandas.DataFrame, resolved: bool = False) -> list[str]:
    """What a reader must know to tell the rows of one problem apart: the method, and each part that varies.

    ``resolved`` names beside "auto" the source of slopes that it came to, which may differ from problem to problem.
    """
    varies = {part: tidy.loc[tidy[part] != "none", part].nunique(dropna=False) > 1 for part in (*PARTS, *BUDGET)}
    shown = ["method", *(part for part in ("step", "gradient", "device", "dtype", *BUDGET) if varies[part])]

    def name(row: Mapping[Any, Any]) -> str:
        told = []
        for part in shown:
            value = row[part]
            if value in ("none", "own"):
                continue
            if part in WORDS:
                value = f"no {part}" if value is None or math.isnan(value) else WORDS[part].format(value)
            elif part == "gradient" and value == "auto" and resolved and row["slope"]:
                value = f"auto ({row['slope']})"
            elif part == "step" and value[0].isdigit():
                value = f"step {value}"
            told.append(str(value))
        return AND.join(told)

    return [name(row) for row in tidy.to_dict("records")]


def suite_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """Problem by problem its contenders by success and cost at the hardest target, without those that could not be.

    "seconds" are of a whole descent, with the half-width of the timing's 95 % interval where there are samples enough.
    """
    import pandas as pd

    hardest = rows[rows["target"] == rows["target"].min()]
    named = hardest.assign(contender=contenders(hardest, resolved=True))
    done = named[named["runs"] > 0]
    order = done.assign(missed=-done["success_share"].astype(float)).sort_values(
        ["missed", "evaluations", "seconds"], kind="stable"
    )
    lines: list[tuple[str, ...]] = []
    for problem in done["problem"].drop_duplicates():
        lines.append((problem, "", "", "", ""))
        lines += [_line(row) for row in order[order["problem"] == problem].to_dict("records")]
    first = f"contender (to {way(rows['target'].min())} of the way)"
    headings = (first, "reached", "evaluations", "seconds", "ended")
    columns = [_padded(column) if 0 < i < 4 else column for i, column in enumerate(zip(*lines))]
    return pd.DataFrame(dict(zip(headings, columns)), columns=list(headings))


def _line(row: Mapping[Any, Any]) -> tuple[str, ...]:
    taken = in_seconds(float(row["seconds"]))
    if row["timing_interval"] == "95 %":
        half = (row["timing_high"] - row["timing_low"]) / 2 / row["seconds"]
        taken += f" ±{half:.0%}" if half < 0.995 else " ±>99%"
    ended = row["status"] + (", time drifts" if row["drifting"] and row["drifting"] > 0 else "")
    reached = f"{row['successes']} of {row['runs']}"
    return f"  {row['contender']}", reached, count(float(row["evaluations"])), taken, _ended(ended)


def _ended(status: str) -> str:
    """How the runs ended, in lines so short that no word of the table need be broken; why one failed, the CSV says.

    >>> _ended("LINESEARCH_FAILED 2x, failed: ValueError: no, never 1x").splitlines()
    ['linesearch', 'failed 2x,', 'failed']
    """
    told, failed, _ = status.replace("_", " ").partition("failed: ")
    return textwrap.fill(told.lower() + failed.removesuffix(": "), 12, break_long_words=False)


def _padded(cells: tuple[str, ...]) -> list[str]:
    """Numbers to the right, also where a line has none."""
    width = max(map(len, cells))
    return [cell.rjust(width) for cell in cells]
