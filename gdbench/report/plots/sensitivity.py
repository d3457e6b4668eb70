"""How much does a method's setting matter? Share of problems solved at every value that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import look, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: Settings that are shares of one, on one panel; the others have axes of powers.
SHARES = ("c2", "shrink")
HEADINGS = {
    "step_size": "Fixed step size",
    "shares": "Line search: c2, or shrink",
    "scale": "First radius, or scale of moves",
}
LABELS = {"step_size": "step size", "shares": "c2 (strong Wolfe) or shrink (damped)", "scale": "radius or scale"}


@styled()
def sensitivity_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Share of problems solved against the value of the setting, one panel for each kind of setting.

    Parameters
    ----------
    frame: one row a method and value. Text: method, setting ("step_size", "c2", "shrink", or another). Numbers: value,
        default, success_share in 0..1.
    title, subtitle: the message in one sentence; problems, budget, target.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = checked(
        frame, "the sensitivity figure", ("method", "setting"), ("value", "default", "success_share"),
        ("success_share",), keys=("value",),
    )  # fmt: skip
    table["kind"] = [
        "shares" if name in SHARES else "step_size" if name == "step_size" else "scale" for name in table["setting"]
    ]
    kinds = [kind for kind in HEADINGS if kind in set(table["kind"])]
    note = "every method tries as many values with the same budget; open circle: the value it has by itself"
    figure, panels = sheet([HEADINGS[kind] for kind in kinds], title, subtitle, [note])
    for panel, kind in zip(panels, kinds):
        rows = table[table["kind"] == kind]
        panel.set_ylim(-3, 103)
        panel.set(xlabel=LABELS[kind], ylabel="problems solved (%)")
        if kind == "shares":
            panel.set_xlim(rows["value"].min() - 0.02, rows["value"].max() + 0.02)
        else:
            log_axis(panel, "x", log_limits(rows["value"], air=1.3), "power")
        label_ends(panel, [_line(panel, lines, str(name)) for name, lines in rows.groupby("method", sort=True)])
    return figure


def _line(panel: Axes, rows: DataFrame, name: str) -> End:
    rows = rows.sort_values("value")
    x, y = rows["value"].to_numpy(), 100 * rows["success_share"].to_numpy()
    how = {**pen(name), "linewidth": 1.4, "markersize": 3.5}
    panel.plot(x, y, markevery=3, **how, gid="curve")
    own = np.isclose(x, rows["default"].iloc[0])
    ring: dict[str, Any] = {"marker": "o", "markersize": 8, "markerfacecolor": "none", "linestyle": "none", "zorder": 4}
    panel.plot(x[own], y[own], color=look(name).colour, **ring, gid="default")
    return End(float(x[-1]), float(y[-1]), name, look(name).colour)
