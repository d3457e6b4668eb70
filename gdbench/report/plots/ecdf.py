"""How much is solved by how many evaluations? Every problem, target, start and seed at once, a line a contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.errors import InputError
from gdbench.harness.targets import ecdf
from gdbench.report.plots.profiles import draw_steps
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import sheet, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


@styled()
def ecdf_figure(costs: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Share of (problem, target, seed) triples solved within so many evaluations.

    Parameters
    ----------
    costs: one row a triple, one column a contender: evaluations, infinite for a miss.
    title, subtitle: the message in one sentence; problems, targets, budget.

    Raises
    ------
    InputError: no rows, a cost that is not positive, or no contender that ever arrives.
    """
    profile = ecdf(costs.to_numpy(dtype=float))
    if not profile.at.size:
        raise InputError("the distribution has nothing to show: no contender meets a target.")
    note = "a miss counts as infinite cost, and stays in every share; labels: share solved in the end"
    heading = "Solved by evaluation: every problem, target, start and seed"
    figure, (panel,) = sheet([heading], title, subtitle, [note], axes_height=4.4, label_room=1.6)
    log_axis(panel, "x", log_limits(profile.at, air=1.02))
    panel.set(xlabel="evaluations (count)", ylabel="triples solved (%)")
    draw_steps(panel, profile, [str(name) for name in costs.columns])
    return figure
