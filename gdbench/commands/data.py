"""``gdbench data``: what was found, and where it was looked for."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdbench.data import data_status


def print_status() -> None:
    """One row a place that was looked at."""
    table = Table(title="fashion-mnist", title_justify="left")
    for column in ("place", "state", "size", "path"):
        table.add_column(column, overflow="fold")
    for row in data_status():
        size = f"{int(row['size']) / 1e6:.1f} MB" if row.get("size") else ""
        table.add_row(*map(Text, (str(row["place"]), str(row["state"]), size, str(row["path"]))))
    Console().print(table)
