"""Whole tables: Markdown for a page, rich for a terminal, CSV for a program. The index is not printed."""

from __future__ import annotations

import math
import numbers
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdbench.errors import InputError
from gdbench.report.tables.formats import ENDLESS, MISSING, not_finite

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.table import Table


def to_markdown(frame: DataFrame) -> str:
    """The table in Markdown, its columns padded so that the source reads well too.

    Strings are printed as they are (format numbers with ``formats`` first); other numbers keep at
    most six significant digits. Columns of numbers stand to the right. Raises ``InputError`` for a
    table without columns.

    >>> import pandas
    >>> print(to_markdown(pandas.DataFrame({"method": ["adam", "sgd"], "time": ["1.2 s", "900 ms"]})))
    | method |   time |
    | :----- | -----: |
    | adam   |  1.2 s |
    | sgd    | 900 ms |
    """
    columns = []
    for heading, cells in _columns(frame):
        texts = [text.replace("|", r"\|").replace("\n", " ") for text in [heading, *cells]]
        width = max(map(len, texts))
        right = _are_numbers(cells)
        rule = "-" * max(width - 1, 2) + ":" if right else ":" + "-" * max(width - 1, 2)
        texts.insert(1, rule)
        columns.append([text.rjust(len(rule)) if right else text.ljust(len(rule)) for text in texts])
    return "\n".join(f"| {' | '.join(line)} |" for line in zip(*columns))


def to_rich(frame: DataFrame, title: str = "") -> Table:
    """The table for a terminal; cells are text as in ``to_markdown``, never markup; headings take no room of their own.

    >>> import pandas
    >>> to_rich(pandas.DataFrame({"n": [1, 2]}), "two rows").row_count
    2
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left")
    columns = _columns(frame)
    for heading, cells in columns:
        width = max(len(part) for part in [*heading.split(), *"\n".join(cells).split("\n"), "-"])
        words = Text("\n".join(textwrap.wrap(heading, width)))
        table.add_column(words, justify="right" if _are_numbers(cells) else "left", overflow="fold")
    for row in zip(*(cells for _, cells in columns)):
        table.add_row(*(Text(cell) for cell in row))
    return table


def to_csv(frame: DataFrame, path: str | Path) -> Path:
    """Write the table as CSV, the same bytes on every machine: UTF-8, Unix line ends, floats in shortest exact form.

    Folders on the way are made. Raises ``InputError`` for a table without columns and a path that
    cannot be written.
    """
    _columns(frame.head(0))
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(target, index=False, lineterminator="\n", encoding="utf-8")
    except OSError as reason:
        raise InputError(
            f"cannot write {target}: {reason.strerror or reason}; give a file that may be written."
        ) from None
    return target


def _columns(frame: DataFrame) -> list[tuple[str, list[str]]]:
    """Each column's heading and its cells as text."""
    if not len(frame.columns):
        raise InputError("the table has no columns; give one with at least one.")
    return [
        (str(heading), [_cell(value) for value in frame.iloc[:, position]])
        for position, heading in enumerate(frame.columns)
    ]


def _cell(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return MISSING if value is None or _is_missing(value) else str(value)
    if isinstance(value, numbers.Integral):
        return f"{value:,}"
    return f"{float(value):,.6g}" if math.isfinite(value) else not_finite(float(value))


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _are_numbers(cells: list[str]) -> bool:
    """Whether every cell reads as a number (with its unit, or a bound: > 24), or as a missing or endless one."""
    return bool(cells) and all(
        cell.lstrip("-> ")[:1].isdigit() or cell.lstrip("-") in (MISSING, ENDLESS) for cell in cells
    )
