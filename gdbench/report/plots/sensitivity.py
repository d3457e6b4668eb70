"""How much does a method's setting matter? Share of problems solved at every value that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends, lifted, lifts
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
    "shares": "Line search: its c2 or its shrink",
    "scale": "First radius, or scale of the moves",
}
LABELS = {
    "step_size": "step size",
    "shares": "c2 or shrink, as the label says",
    "scale": "radius or scale, as the label says",
}
NAMES = {"initial": "radius"}  # a setting whose own name says too little


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
    notes = [
        "every method tries as many values with the same budget; open circle: the value it has where none is given; "
        "lines are drawn a hair above one another, so that those of equal height can be told apart"
    ]
    if "shares" in kinds:
        notes.append(
            "c2: a strong Wolfe search ends where the slope along the line is at most c2 times that at its start; "
            "shrink: what a damped step is multiplied by until the value falls enough"
        )
    figure, panels = sheet([HEADINGS[kind] for kind in kinds], title, subtitle, notes)
    for panel, kind in zip(panels, kinds):
        rows = table[table["kind"] == kind]
        panel.set_ylim(-5, 105)
        panel.set(xlabel=LABELS[kind], ylabel="problems solved (%)")
        if kind == "shares":
            panel.set_xlim(rows["value"].min() - 0.02, rows["value"].max() + 0.02)
        else:
            log_axis(panel, "x", log_limits(rows["value"], air=1.3), "power")
        lines = [(str(name), own) for name, own in rows.groupby("method", sort=True)]
        points = lifts(len(lines))
        label_ends(panel, [_line(panel, own, name, i, points[i]) for i, (name, own) in enumerate(lines)])
    return figure


def _line(panel: Axes, rows: DataFrame, name: str, number: int, points: float) -> End:
    """One method's curve, moved up by so many ``points``; markers stand elsewhere than those of its neighbours."""
    rows = rows.sort_values("value")
    x, y = rows["value"].to_numpy(), 100 * rows["success_share"].to_numpy()
    how = {**pen(name), "linewidth": 1.4, "markersize": 3.5}
    above = lifted(panel, points)
    panel.plot(x, y, markevery=(number % 3, 3), **how, gid="curve", transform=above)
    own = np.isclose(x, rows["default"].iloc[0])
    ring: dict[str, Any] = {"marker": "o", "markersize": 8, "markerfacecolor": "none", "linestyle": "none", "zorder": 4}
    panel.plot(x[own], y[own], color=look(name).colour, **ring, gid="default", transform=above)
    end = panel.transData.inverted().transform(above.transform((x[-1], y[-1])))
    setting = str(rows["setting"].iloc[0])
    text = name if setting == "step_size" else f"{name}: {NAMES.get(setting, setting)}"
    return End(float(x[-1]), float(end[1]), text, look(name).colour)
