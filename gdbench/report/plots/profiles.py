"""Who solves most, and who solves it cheapest? Performance and data profiles of costs to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.errors import InputError
from gdbench.harness.targets import Profile, data_profile, pairwise_profile, performance_profile, share_within
from gdbench.report.labels import End, label_ends, lifted, lifts
from gdbench.report.scales import log_axis
from gdbench.report.style import look, pen, sheet, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: Ratios beyond which a performance profile says no more than who arrives at all.
WORST = 1_000.0
#: Markers a line.
MARKS = 7
#: Room beyond the first and the last step, as a factor.
AIR = 1.15
HAIR = "lines are drawn a hair above one another, so that those of equal height can be told apart"


@styled()
def profiles_figure(costs: DataFrame, n: Sequence[int], title: str, subtitle: str = "") -> Figure:
    """Share of the runs solved, within a multiple of the cheapest (left) and within so many slopes' worth (right).

    Parameters
    ----------
    costs: one row a problem (and start), one column a method: evaluations to the target, infinite for a miss. With
        two columns the left panel is the pairwise profile, which no third method can bend.
    n: variables of each row's problem.
    title, subtitle: the message in one sentence; problems, starts, target, budget.

    Raises
    ------
    InputError: no rows, a cost that is not positive, or no method that ever arrives.
    """
    table = costs.to_numpy(dtype=float)
    profiles = performance_profile(table), data_profile(table, n)
    if not profiles[0].at.size:
        raise InputError("the profiles have nothing to show: no method meets the target on any problem.")
    notes = [
        "a miss counts as infinite cost, and stays in every share; left edge of the left panel: how often a method is "
        "the cheapest; labels: share solved by the right edge",
        HAIR,
    ]
    if costs.shape[1] > 2:
        notes[1] += "; left, only the upper edge reads safely: the order below it depends on who leads"
        notes.append(_two_by_two(costs))
    headings = ["Performance profile: near the cheapest", "Data profile: within a budget"]
    figure, (left, right) = sheet(headings, title, subtitle, notes, axes_height=4.4)
    highest = min(WORST, AIR * float(profiles[0].at[-1]))
    log_axis(left, "x", (1.0, max(highest, 2.0)))
    first, last = float(profiles[1].at[0]), float(profiles[1].at[-1])
    log_axis(right, "x", (first / AIR, max(AIR * last, 2 * first)))
    left.set(xlabel="cost / cost of the cheapest method there", ylabel="runs solved within it (%)")
    right.set(xlabel="evaluations / (n + 1)", ylabel="runs solved within it (%)")
    for panel, profile in zip((left, right), profiles):
        draw_steps(panel, profile, [str(name) for name in costs.columns])
    return figure


def _two_by_two(costs: DataFrame) -> str:
    """The method that is cheapest most often against each of the next four, alone: which no third can bend."""
    table = costs.to_numpy(dtype=float)
    first, *others = np.argsort(-share_within(performance_profile(table), 1.0), kind="stable")[:5]
    told = []
    for other in others:
        own, theirs = share_within(pairwise_profile(table, int(first), int(other)), 1.0)
        told.append(f"{own:.0%} and {theirs:.0%} ({costs.columns[other]})")
    return f"two by two, share of runs on which {costs.columns[first]} and the other is the cheaper: {', '.join(told)}"


def draw_steps(panel: Axes, profile: Profile, names: Sequence[str]) -> None:
    """Every method's step function in percent, as far as the panel goes, with its name and last height beside it."""
    panel.set_ylim(-4, 104)
    lines = zip(names, lifts(len(names)))
    label_ends(panel, [_line(panel, profile, i, name, points) for i, (name, points) in enumerate(lines)])


def _line(panel: Axes, profile: Profile, column: int, name: str, points: float) -> End:
    """One method's steps, as far as the panel goes, moved up by so many ``points``."""
    low, high = panel.get_xlim()
    x = np.concatenate([[low], profile.at[(profile.at > low) & (profile.at < high)], [high]])
    y = np.array([100 * share_within(profile, at)[column] for at in x])
    rises = np.concatenate([[True], np.diff(y[:-1]) > 0, [True]])  # a step between two equal heights shows nothing
    x, y = x[rises], y[rises]
    marks = np.unique(np.searchsorted(x, np.geomspace(low, high, MARKS))[1:-1]).tolist()
    how = {**pen(name), "linewidth": 1.4, "markersize": 4}
    above = lifted(panel, points)
    panel.plot(x, y, drawstyle="steps-post", markevery=marks, **how, gid="profile", label=name, transform=above)
    end = panel.transData.inverted().transform(above.transform((high, y[-1])))
    return End(high, float(end[1]), f"{name} {y[-1]:.0f}%", look(name).colour)
