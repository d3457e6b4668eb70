"""``gdbench compare A B``: what sets the two apart, what got slower or faster, and which counts changed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from gdbench.comparison import CHANGED, SAME, WORSE, compare
from gdbench.errors import InputError
from gdbench.harness.regression import Finding
from gdbench.report.tables import formats

if TYPE_CHECKING:
    import pandas

#: Findings in the order in which they are told.
ORDER = (CHANGED, *map(str, Finding), SAME)


def print_comparison(
    a: str, b: str, only: str | None, threshold: float, mixed: bool, csv: Path | None, markdown: bool
) -> int:
    """Print what ``compare`` finds; the exit code is 1 if anything got slower or a count changed."""
    from gdbench.report.tables.write import to_csv, to_markdown, to_rich

    if csv is not None and csv.is_dir():
        raise InputError(f"{csv} is a folder; give --csv a file to write.")
    frame = compare(a, b, only=only, threshold=threshold, mixed=mixed)
    if csv is not None:
        to_csv(frame, csv)
    console = Console()

    def show(table: pandas.DataFrame, title: str) -> None:
        if markdown:
            print(f"{title}\n\n{to_markdown(table)}\n")
        else:
            console.print(to_rich(table, title))

    if frame.attrs["differences"]:
        show(_differences(frame), f"what differs: A = {a}, B = {b}")
    for experiment, rows in frame.groupby("experiment", sort=False):
        if len(told := _told(rows)):
            show(told, f"{experiment}: B over A, above 1 is slower")
    for line in _summary(frame):
        print(f"- {line}" if markdown else line)
    return 1 if frame["finding"].isin(WORSE).any() else 0


def _differences(frame: pandas.DataFrame) -> pandas.DataFrame:
    import pandas as pd

    rows = [
        {"fact": fact, "A": _text(x), "B": _text(y), "times compare": "no: mixed" if mixes else "yes"}
        for fact, x, y, mixes in frame.attrs["differences"]
    ]
    return pd.DataFrame(rows)


def _told(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Every time, and of counts and endings those that changed; the worst first."""
    import pandas as pd

    told = frame[(frame["kind"] == "seconds") | (frame["finding"] == CHANGED)]
    told = told.assign(rank=told["finding"].map(ORDER.index)).sort_values(
        ["rank", "ratio"], ascending=[True, False], kind="stable"
    )
    rows = [
        {
            "case": row["case"],
            "what": row["what"],
            "A": _value(row["a"], row["kind"]),
            "B": _value(row["b"], row["kind"]),
            "B / A [95 %]": _ratio(row["ratio"], row["low"], row["high"]),
            "noise": "" if math.isnan(row["noise"]) else f"{row['noise']:.1%}",
            "finding": f"{row['finding']}{' (mixed)' if row['mixed'] else ''}",
        }
        for row in told.to_dict("records")
    ]
    table = pd.DataFrame(rows)
    return table if told["noise"].notna().any() else table.drop(columns="noise", errors="ignore")


def _ratio(ratio: float, low: float, high: float) -> str:
    """The ratio with its interval, where there is one."""
    if math.isnan(ratio):
        return ""
    return f"{ratio:.3f}" + ("" if math.isnan(low) else f" [{low:.3f}, {high:.3f}]")


def _value(value: Any, kind: str) -> str:
    return formats.seconds(value) if kind == "seconds" else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    words = ", ".join(map(_text, value)) if isinstance(value, list) else "—" if value is None else str(value)
    return words if len(words) <= 60 else words[:57] + "..."


def _summary(frame: pandas.DataFrame) -> list[str]:
    """How many of each finding, and what was left out."""
    lines = []
    for kind, words in (("seconds", "times"), ("count", "counts"), ("status", "endings")):
        found = frame.loc[frame["kind"] == kind, "finding"].value_counts()
        told = ", ".join(f"{found[name]} {name}" for name in ORDER if name in found)
        lines.append(f"{words}: {told}." if len(found) else f"{words}: none in common.")
    for side in "ab":
        alone = frame.attrs[f"only_{side}"]
        if alone:
            lines.append(f"Only in {side.upper()}: {len(alone)} cases, such as {alone[0]}.")
    return lines + [f"Skipped {line}" for line in frame.attrs["skipped"]]
