"""How good is a slope? Its error against the step h: truncation falls with h, round-off grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis
from gdbench.report.style import GREY, NOTE_SIZE, ink, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: The h that each source takes by itself where |x_i| <= 1, as a formula beside its mark.
OWN = {"2-point": r"$\sqrt{\epsilon}$", "3-point": r"$\epsilon^{1/3}$", "richardson": r"$4\epsilon^{1/7}$"}
#: h on the axis, by dtype: a little beyond the unit roundoff, on to 1.
ACROSS = {"float32": (2e-9, 1.5), "float64": (2e-18, 1.5)}
#: Errors on the axis: from below the roundoff of float64 to above 100 %.
UPWARD = (2e-17, 10.0)


@styled()
def gradient_accuracy_figure(
    frame: DataFrame,
    title: str,
    subtitle: str = "",
    highlight: str | None = None,
    orders: Mapping[tuple[str, str], float] | None = None,
) -> Figure:
    """Relative error of the gradient against h, a panel for each dtype; level lines for sources without h.

    Parameters
    ----------
    frame: one row a machine, dtype, source and h. Text: machine, dtype, source. Numbers: h (nan for a source that
        has none), error, own (1: the h that the source takes by itself, drawn as a ring).
    title, subtitle: the message in one sentence; the function, the points, what errors are held against.
    highlight: the machine drawn strongly (default: the first), all others pale.
    orders: (dtype, source) -> fitted order of the truncation error, written beside the name; nan says nothing.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    table = checked(
        frame, "the gradient-accuracy figure", ("machine", "dtype", "source"), ("h", "error", "own"), ("error",)
    )
    dtypes = [dtype for dtype in ACROSS if dtype in set(table["dtype"])]
    figure, panels = sheet(
        [f"{dtype} ({'7' if dtype == 'float32' else '16'} digits)" for dtype in dtypes],
        title,
        subtitle,
        [
            "2-point: (f(x + h) - f(x)) / h; 3-point: (f(x + h) - f(x - h)) / 2h; richardson: three of these, at h, "
            "h/2 and h/4, extrapolated to h = 0; cs, the complex step: Im f(x + ih) / h",
            "right of a line's lowest point truncation rules (h^p: the fitted power), left of it rounding; "
            "level lines: no step to choose (ad: automatic differentiation; analytic: derived by hand)",
            "ring: the step a source takes by itself, best in theory where f and its derivatives are of one size "
            "(ε = 2^-23 in float32, 2^-52 in float64; cs takes 1e-200, off the picture)",
            *machines_note(table, highlight),
        ],
    )
    for panel, dtype in zip(panels, dtypes):
        log_axis(panel, "x", ACROSS[dtype], "power")
        log_axis(panel, "y", UPWARD, "power")
        panel.set_xlabel("step h")
        panel.set_ylabel("error of the gradient / its largest entry")
        ends = []
        for part in parts(table[table["dtype"] == dtype], "source", highlight):
            ends += _source(panel, part, (orders or {}).get((dtype, part.name), np.nan))
        label_ends(panel, ends)
    return figure


def _source(panel: Axes, part: Part, order: float) -> list[End]:
    how = {**pen(part.name, part.pale), "marker": ""}
    own = part.rows[part.rows["own"] > 0].iloc[0]
    swept = part.rows[part.rows["own"] == 0].sort_values("h")
    if swept.empty:  # no step: the error is one number
        panel.axhline(own["error"], **{**how, "linewidth": how["linewidth"] * 0.7}, gid=part.name)
        right = panel.get_xlim()[1], own["error"]
    else:
        panel.plot(swept["h"], swept["error"], gid=part.name, **how)
        right = swept["h"].iloc[-1], swept["error"].iloc[-1]
        if not part.pale and own["h"] >= panel.get_xlim()[0]:
            _ring(panel, part.name, own["h"], own["error"], how["color"])
    text = part.machine if part.pale else part.name
    if not part.pale and np.isfinite(order):
        text += f": h^{order:.1f}"
    return [End(*right, text, how["color"], part.pale)]


def _ring(panel: Axes, source: str, h: float, error: float, colour: str) -> None:
    ring = {"marker": "o", "markersize": 8, "markerfacecolor": "white", "markeredgewidth": 1.6, "zorder": 4}
    panel.plot([h], [error], color=colour, linestyle="none", gid="own", **ring)  # type: ignore[arg-type]
    panel.annotate(
        OWN.get(source, ""),
        (h, error),
        (-7, -7),
        textcoords="offset points",
        ha="right",
        va="top",
        size=NOTE_SIZE + 2,
        color=ink(colour) if colour else GREY,
        zorder=5,
        gid="own step",
    )
