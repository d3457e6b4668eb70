"""The gradient_accuracy experiment for a terminal: best and usual error, and fitted order, by source."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gdbench.report.tables.formats import MISSING

if TYPE_CHECKING:
    import pandas


def gradient_accuracy_summary(curves: pandas.DataFrame) -> pandas.DataFrame:
    """A row a problem, dtype and source: errors with the h they were reached at, and the order with its interval."""
    import pandas as pd

    return pd.DataFrame(
        {
            "problem": [f"{name} (n = {n})" for name, n in zip(curves["problem"], curves["n"])],
            "dtype": curves["dtype"],
            "source": curves["source"],
            "best error": [_at(error, h) for error, h in zip(curves["best_error"], curves["best_h"])],
            "error at its own h": [_at(error, h) for error, h in zip(curves["own_error"], curves["own_h"])],
            "order": [
                MISSING if math.isnan(order) else f"{order:.2f} [{low:.2f}, {high:.2f}]"
                for order, low, high in zip(curves["order"], curves["order_low"], curves["order_high"])
            ],
        }
    )


def _at(error: float, h: float) -> str:
    return f"{error:.1e}" + ("" if math.isnan(h) else f" (h = {h:.0e})")
