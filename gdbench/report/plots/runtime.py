"""How much is solved by when? All problems, targets and starts at once, by evaluations; one target, by seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.errors import InputError
from gdbench.harness.targets import ecdf
from gdbench.report.plots.profiles import AIR, HAIR, draw_steps
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import DASHED, GREY, sheet, styled
from gdbench.report.tables.formats import seconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


@styled()
def runtime_figure(costs: DataFrame, took: DataFrame, floor: float, title: str, subtitle: str = "") -> Figure:
    """Share of (problem, target, start) triples solved by evaluations (left), of problems by seconds (right).

    Parameters
    ----------
    costs: one row a triple, one column a method: evaluations, infinite for a miss.
    took: one row a problem, the same columns: seconds to one target, infinite for a miss.
    floor: seconds that calling a descent of no steps takes; below twice that the clock sees little else.
    title, subtitle: the message in one sentence; problems, targets, budget.

    Raises
    ------
    InputError: a table is empty or holds what is not positive, or no method ever arrives.
    """
    profiles = ecdf(costs.to_numpy(dtype=float)), ecdf(took.to_numpy(dtype=float))
    if not all(profile.at.size for profile in profiles):
        raise InputError("the runtime figure has nothing to show: no method meets a target.")
    headings = ["By evaluation: every problem, target and start", "By second: every problem, one target and start"]
    notes = [
        f"a miss counts as infinite cost, and stays in every share; labels: share solved in the end; {HAIR}",
        f"dashed grey line, right: calling alone, a descent of no steps, takes {seconds(floor, 2)}; "
        "times below twice that tell little of the method",
    ]
    figure, panels = sheet(headings, title, subtitle, notes, axes_height=4.4)
    for panel, profile, table in zip(panels, profiles, (costs, took)):
        by_second = table is took
        shown = np.append(profile.at, floor) if by_second else profile.at
        log_axis(panel, "x", log_limits(shown, air=AIR), "seconds" if by_second else "count")
        panel.set(xlabel="time in the algorithm" if by_second else "evaluations", ylabel="solved (%)")
        draw_steps(panel, profile, [str(name) for name in table.columns])
    panels[1].axvline(floor, color=GREY, linewidth=0.9, linestyle=DASHED, zorder=2, gid="floor")
    return figure
