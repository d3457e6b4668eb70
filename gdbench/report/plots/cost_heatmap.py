"""What does every method cost on every problem? Dark where it is near the cheapest, a cross where it misses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.errors import InputError
from gdbench.harness.targets import ratios
from gdbench.report.style import GREY, LABEL_SIZE, NOTE_SIZE, VERMILLION, sheet, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: The palest colour stands for this many times the cheapest, and for all above.
WORST = 1_000.0
ROW = 0.205  # inches
#: Degrees at which the columns' names stand, inches that a letter of them takes, and inches between two columns.
SLANT, LETTER, COLUMN = 50, 0.075, 0.385


@styled()
def cost_heatmap(costs: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Cost over the least cost on that problem, a row a problem and a column a method.

    Methods stand from the one that solves most to the one that solves least; the last column is the least cost itself.

    Parameters
    ----------
    costs: index problems, columns methods: the cost of meeting the target, infinite for a miss.
    title, subtitle: the message in one sentence; target, budget, starts.

    Raises
    ------
    InputError: no rows or columns, or a cost that is not positive.
    """
    from matplotlib.colors import LogNorm

    table = costs.loc[:, _order(costs)]
    times = ratios(table.to_numpy(dtype=float))
    if times.size == 0:
        raise InputError("the heat map got no methods; give at least one column.")
    notes = [
        "number: cost / least cost on that problem (1: the cheapest), the darker the cheaper; ×: target missed by most "
        "starts; grey, beside the rows: the least cost itself, in evaluations; in brackets above: problems solved"
    ]
    solved = np.isfinite(times).sum(axis=0)
    names = [f"{name} ({k})" for name, k in zip(table.columns, solved)]
    rise, run = (LETTER * part(math.radians(SLANT)) for part in (math.sin, math.cos))
    beyond = [run * len(name) - COLUMN * (0.6 + right) for right, name in enumerate(reversed(names))]
    figure, (panel,) = sheet(
        [""], title, subtitle, notes, axes_height=max(ROW * len(table), 1.5), left=1.75,
        label_room=max(0.75, *beyond), headroom=max(1.35, 0.3 + rise * max(map(len, names))),
    )  # fmt: skip
    picture = np.ma.masked_invalid(np.minimum(np.where(np.isfinite(times), times, np.nan), WORST))
    panel.pcolormesh(picture, cmap="viridis", norm=LogNorm(1, WORST), edgecolors="white", linewidth=1.2)
    for (row, column), value in np.ndenumerate(times):
        dark = value < WORST**0.5
        colour = VERMILLION if math.isinf(value) else "white" if dark else "black"
        panel.text(
            column + 0.5, row + 0.5, _short(value), ha="center", va="center", size=NOTE_SIZE - 0.5, color=colour,
            weight="bold" if value == 1 else "normal", gid="cell",
        )  # fmt: skip
    for row, least in enumerate(table.min(axis=1)):
        panel.text(
            table.shape[1] + 0.12, row + 0.5, f"{least:,.0f}" if np.isfinite(least) else "nobody", va="center",
            size=NOTE_SIZE, color=GREY, gid="least",
        )  # fmt: skip
    how: dict[str, Any] = {"rotation": SLANT, "ha": "left", "va": "center", "rotation_mode": "anchor"}
    panel.text(1.02, 1.02, "least cost", transform=panel.transAxes, size=NOTE_SIZE, color=GREY, **how)
    panel.grid(False)
    panel.invert_yaxis()
    panel.set_yticks(np.arange(len(table)) + 0.5, [str(name) for name in table.index], size=LABEL_SIZE - 0.5)
    panel.set_xticks(np.arange(table.shape[1]) + 0.4, names, size=LABEL_SIZE, **how)
    panel.tick_params(length=0, labelbottom=False, labeltop=True)
    panel.spines[:].set_visible(False)
    return figure


def _order(costs: DataFrame) -> list[str]:
    """Methods by problems solved, then by how near the cheapest they are."""
    times = ratios(costs.to_numpy(dtype=float))
    solved = np.isfinite(times)
    near = [float(np.log(column[own]).mean()) if own.any() else math.inf for column, own in zip(times.T, solved.T)]
    names = [str(name) for name in costs.columns]
    return sorted(names, key=lambda name: (-solved[:, names.index(name)].sum(), near[names.index(name)], name))


def _short(times: float) -> str:
    """A ratio in at most four characters.

    >>> [_short(one) for one in (1.0, 1.04, 3.25, 48.2, 999.6, 12_345.0, math.inf)]
    ['1', '1.0', '3.2', '48', '1k', '12k', '×']
    """
    if math.isinf(times):
        return "×"
    if times == 1:
        return "1"
    if times < 9.95:
        return f"{times:.1f}"
    return f"{times:.0f}" if times < 999.5 else f"{times / 1000:.0f}k"
