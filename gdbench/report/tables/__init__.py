"""Tables for people and for programs: numbers as text, and whole tables as Markdown, rich or CSV."""

from gdbench.report.tables.formats import count, interval, ratio, seconds
from gdbench.report.tables.write import to_csv, to_markdown, to_rich

__all__ = ["count", "interval", "ratio", "seconds", "to_csv", "to_markdown", "to_rich"]
