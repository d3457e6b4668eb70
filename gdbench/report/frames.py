"""The door of every figure: a table with the columns it needs, or one sentence why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gdbench.errors import InputError, unknown

if TYPE_CHECKING:
    from pandas import DataFrame


class Part(NamedTuple):
    """The rows of one line: its name, its machine, and whether it stands back behind the highlighted machine."""

    name: str
    machine: str
    pale: bool
    rows: DataFrame


def checked(
    frame: object,
    figure: str,
    names: tuple[str, ...],
    numbers: tuple[str, ...],
    drawn: tuple[str, ...],
    keys: tuple[str, ...] = (),
) -> DataFrame:
    """A copy of ``frame`` with its ``names`` as str and its ``numbers`` as float64, further columns untouched.

    Parameters
    ----------
    figure: the word for the figure in messages.
    names, numbers: the columns that must be there, of text and of numbers.
    drawn: of the numbers, those of which some must be finite for a line to appear.
    keys: of the numbers, those that say where a row stands, positive and finite in every row.

    Raises
    ------
    InputError: not a DataFrame, no rows, a column is missing, holds no number where it should, or
        has nothing finite to draw; a key is not positive and finite.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{figure} takes a pandas DataFrame, not {type(frame).__name__}.")
    missing = [column for column in (*names, *numbers) if column not in frame.columns]
    if missing:
        raise InputError(f"{figure} needs the columns {', '.join(missing)}, which the table lacks.")
    if frame.empty:
        raise InputError(f"{figure} got a table without rows; give at least one measured row.")
    table = frame.reset_index(drop=True).copy()
    for column in names:
        if table[column].isna().any():
            raise InputError(f"{figure}: the column {column} has an empty cell; give every row its {column}.")
        table[column] = table[column].astype(str)
    for column in numbers:
        try:
            table[column] = pd.to_numeric(table[column]).astype(float)
        except (TypeError, ValueError):
            raise InputError(f"{figure}: the column {column} holds what is no number; give numbers or nan.") from None
    for column in keys:
        wrong = table.loc[~(np.isfinite(table[column]) & (table[column] > 0)), column]
        if len(wrong):
            raise InputError(f"{figure}: the column {column} holds {wrong.iloc[0]:g}; it must be positive and finite.")
    for column in drawn:
        if not np.isfinite(table[column]).any():
            raise InputError(f"{figure}: the column {column} holds no finite number, so there is nothing to draw.")
    return table


def chosen_machine(frame: DataFrame, highlight: str | None) -> str:
    """The machine to draw strongly: ``highlight``, or the first of the table; unknown ones raise ``InputError``."""
    if highlight is None:
        return str(frame["machine"].iloc[0])
    if highlight not in set(frame["machine"]):
        raise unknown("machine", highlight, set(frame["machine"]))
    return highlight


def parts(frame: DataFrame, by: str, highlight: str | None) -> Iterator[Part]:
    """The rows of each line, by the name in column ``by`` and machine: the pale machines first, names in order."""
    front = chosen_machine(frame, highlight)
    for machine in sorted(frame["machine"].unique(), key=lambda name: (name == front, name)):
        on_machine = frame[frame["machine"] == machine]
        for name in sorted(on_machine[by].unique()):
            yield Part(name, machine, machine != front, on_machine[on_machine[by] == name])


def machines_note(frame: DataFrame, highlight: str | None) -> list[str]:
    """A line under the figure that says which machine is which; none where there is one machine."""
    front = chosen_machine(frame, highlight)
    others = sorted(set(frame["machine"]) - {front})
    return [f"strong lines: {front}; pale lines: {', '.join(others)}"] if others else []
