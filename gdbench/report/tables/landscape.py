"""The landscape experiment for a terminal: how far each loss is from convex."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas


def landscape_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a model and place: loss, pairs that violate midpoint convexity, lines with many valleys, straight share."""
    import pandas as pd

    return pd.DataFrame(
        {
            "loss": rows["problem"],
            "around": rows["around"] + " weights",
            "trained to": [f"{loss:.3g}" for loss in rows["loss_trained"]],
            "pairs that violate convexity": [
                f"{k:.0f} of {n:,.0f} ({low:.1%} to {high:.1%})"
                for k, n, low, high in zip(
                    rows["violations"], rows["pairs_tried"], rows["violated_low"], rows["violated_high"]
                )
            ],
            "lines with several valleys": [f"{k:.0f} of {n:.0f}" for k, n in zip(rows["many_valleys"], rows["lines"])],
            "straight": [f"{part:.0%}" for part in rows["straight"]],
        }
    )
