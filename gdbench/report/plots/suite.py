"""Which method reaches the target, and at what cost? A block of rows a problem, a row a contender, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import GREY, LABEL_SIZE, NOTE_SIZE, ink, look, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from pandas import DataFrame

NUMBERS = ("runs", "successes", "evaluations", "evaluations_low", "evaluations_high")
#: Contenders shown of each problem, the best ones: as many as keep the names apart.
MOST = 60
#: Runs from which on quartiles are other than the least and the most.
FEWEST_FOR_QUARTILES = 4
#: Inches a row, and of room for the names at the left.
ROW, NAMES = 0.19, 2.9


@styled()
def suite_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Evaluations until the target (median, spread as a bar), a row a contender; those that miss it at the right.

    Parameters
    ----------
    frame: one row a problem and contender, of one machine and target. Text: problem, contender, method. Numbers: runs,
        successes, evaluations (inf where fewer than half the runs succeed), evaluations_low, evaluations_high.
    title, subtitle: the message in one sentence; target and number of runs.

    Raises
    ------
    InputError: a column is missing.
    """
    if frame.empty:
        figure, (panel,) = sheet(["No combination of the suite could be run; its table says why"], title, subtitle)
        panel.set_axis_off()
        return figure
    table = checked(frame, "the suite figure", ("problem", "contender", "method"), NUMBERS, ("runs",))
    each = max(MOST // table["problem"].nunique(), 2)
    blocks = []
    for _, rows in table.groupby("problem", sort=False):
        ranked = rows.assign(missed=-rows["successes"] / rows["runs"]).sort_values(
            ["missed", "evaluations", "contender"], kind="stable"
        )
        blocks.append(ranked.head(each))
    notes = [
        "evaluations of the value, those of finite differences included; a slope by hand or by automatic "
        "differentiation brings its value along and counts as one; a mini-batch as its share of the rows; Hessians and "
        "Jacobians are not in it, the table has them",
        f"{_marks(table['runs'].to_numpy())}beside it the runs that reach the target; open, at the right edge: fewer "
        "than half of them do",
    ]
    if sum(map(len, blocks)) < len(table):
        notes.append(f"the best {each} of each problem are shown; the table has all {len(table)} rows")
    figure, (panel,) = sheet(
        ["Evaluations until the target is reached; most runs to it first, then the cheapest"], title, subtitle, notes
    )
    _stretch(figure, panel, ROW * (sum(map(len, blocks)) + 1.6 * len(blocks)))
    finite = np.concatenate([rows[list(NUMBERS[2:])].to_numpy().ravel() for rows in blocks])
    low, high = log_limits(finite[np.isfinite(finite)])
    edge = high * (high / low) ** 0.12  # room for the words beside the last dot
    log_axis(panel, "x", (low, edge * (high / low) ** 0.12))
    panel.set_xlabel("evaluations (count)")
    if any(np.isinf(rows["evaluations"]).any() for rows in blocks):
        _missed(panel, edge / (high / low) ** 0.03)
    _blocks(panel, blocks, edge)
    return figure


def _marks(runs: NDArray[np.float64]) -> str:
    """What dot and bar are: quartiles need four runs, the least and the most need two."""
    if runs.max() == 1:
        return "dot: the run; "
    if runs.max() < FEWEST_FOR_QUARTILES:
        return "dot: median over the runs; bar: from the least to the most; "
    few = (
        f", of fewer than {FEWEST_FOR_QUARTILES} runs the least and the most"
        if runs.min() < FEWEST_FOR_QUARTILES
        else ""
    )
    return f"dot: median over the runs; bar: quartiles{few}; "


def _missed(panel: Axes, x: float) -> None:
    """The line behind which those stand that miss the target, and what it is."""
    panel.axvline(x, color=GREY, linewidth=0.8, linestyle=(0, (6, 3)), gid="missed")
    panel.annotate(
        "missed in most runs", (x, 1), (0, 3), xycoords=panel.get_xaxis_transform(), textcoords="offset points",
        ha="center", va="bottom", size=NOTE_SIZE, color=GREY, annotation_clip=False, gid="edge",
    )  # fmt: skip


def _stretch(figure: Figure, panel: Axes, height: float) -> None:
    """Give the panel room for its rows, and for names at its left, leaving all words around it where they are."""
    width, before = figure.get_size_inches()
    box = panel.get_position()
    grown = max(height, 1.0) - box.height * before
    after = before + grown
    for text in figure.texts:  # those above hang from the top, those below stand at the foot
        x, y = text.get_position()
        inches = before * (1 - y) if y > box.y1 else before * (1 - y) + grown
        text.set_position((x, 1 - inches / after))
    figure.set_size_inches(width, after)
    left = NAMES / width
    panel.set_position((left, box.y0 * before / after, 1 - left - 0.25 / width, (box.height * before + grown) / after))


def _blocks(panel: Axes, blocks: list[DataFrame], edge: float) -> None:
    y = 0.0
    for rows in blocks:
        y += 1.0
        _name(panel, y, rows["problem"].iloc[0], GREY, weight="bold")
        for _, row in rows.iterrows():
            y += 1.0
            colour, marker, _ = look(row["method"].partition("(")[0])
            solved = bool(np.isfinite(row["evaluations"]))
            at = row["evaluations"] if solved else edge
            low, high = (min(row[end], edge) for end in ("evaluations_low", "evaluations_high"))
            panel.plot([low, high], [y, y], color=colour, linewidth=1, alpha=0.7, gid="spread")
            panel.plot(
                [at], [y], color=colour, marker=marker, markersize=6, linestyle="none",
                markerfacecolor=colour if solved else "white", gid="solved" if solved else "missed", zorder=3,
            )  # fmt: skip
            _name(panel, y, row["contender"], ink(colour))
            share = f"{row['successes']:.0f} of {row['runs']:.0f} runs"
            panel.annotate(
                share, (max(at, high), y), (7, 0), textcoords="offset points", size=NOTE_SIZE, color=GREY, va="center",
                gid="share",
            )  # fmt: skip
        y += 0.6
    panel.set_ylim(y + 0.2, 0.2)
    panel.set_yticks([])
    panel.grid(False, axis="y")


def _name(panel: Axes, y: float, words: str, colour: str, weight: str = "normal") -> None:
    panel.annotate(
        words, (0, y), (-8, 0), xycoords=panel.get_yaxis_transform(), textcoords="offset points", ha="right",
        va="center", size=LABEL_SIZE, color=colour, weight=weight, annotation_clip=False, parse_math=False, gid="label",
    )  # fmt: skip
