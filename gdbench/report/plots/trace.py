"""What does a function compute? Its operations from left to right, a box each, with an edge from every operand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gdbench.autodiff.graph import Node
from gdbench.errors import InputError
from gdbench.report.style import BLUE, GREEN, GREY, NOTE_SIZE, ORANGE, TEXT_SIZE, TITLE_SIZE, VERMILLION, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Fill of the boxes, and what each kind is called in the legend.
KINDS = {
    "x": ("#CFE5F3", BLUE, "variable"),
    "data": ("#CDEBE1", GREEN, "data"),
    "constant": ("#EFEFEF", GREY, "constant"),
    "earlier": ("#FBE9C6", ORANGE, "computed before"),
    "operation": ("#FFFFFF", "#333333", "operation"),
    "guard": ("#F7DCCB", VERMILLION, "comparison, kept as a guard"),
    "result": ("#333333", "#333333", "the value"),
}
#: Inches between columns and between boxes of one column.
ACROSS, DOWN = 0.88, 0.44


@styled()
def trace_figure(nodes: Sequence[Node], title: str, note: str = "", result: str = "") -> Figure:
    """The graph of ``nodes``, operands before what reads them; the box of key ``result`` stands out.

    Parameters
    ----------
    nodes: see :func:`gdbench.autodiff.graph.graph_of`.
    title, note: what is shown, and what is left out.
    result: the key of the node that is the value.

    Raises
    ------
    InputError: there is nothing to draw.
    """
    from matplotlib.figure import Figure

    if not nodes:
        raise InputError("there is no operation to draw.")
    column = _columns(nodes)
    height_of = _heights(nodes, column)
    columns, tallest = max(column.values()) + 1, max(height_of.values()) - min(height_of.values()) + 1
    width, height = max(6.4, ACROSS * columns + 0.8), DOWN * tallest + 1.45
    figure = Figure(figsize=(width, height), dpi=100)
    words: dict[str, Any] = {"va": "top", "parse_math": False}
    figure.text(0.2 / width, 1 - 0.14 / height, title, size=TITLE_SIZE, weight="bold", gid="title", **words)
    figure.text(0.2 / width, 1 - 0.44 / height, note, size=TEXT_SIZE, color=GREY, gid="subtitle", **words)
    panel = figure.add_axes((0.0, 0.4 / height, 1.0, (height - 1.05) / height))
    panel.set_axis_off()
    middle = (max(height_of.values()) + min(height_of.values())) / 2
    left = (width - ACROSS * (columns - 1)) / 2
    panel.set(xlim=(0, width), ylim=(-(height - 1.05) / 2, (height - 1.05) / 2))
    places = {key: (left + ACROSS * column[key], DOWN * (height_of[key] - middle)) for key in column}
    _draw(panel, nodes, places, result)
    _legend(figure, [node.kind for node in nodes] + ["result"] * bool(result))
    return figure


def _columns(nodes: Sequence[Node]) -> dict[str, int]:
    """How far right: an operation beyond all its operands, a leaf just left of its first reader."""
    column: dict[str, int] = {}
    for node in nodes:
        column[node.key] = 1 + max((column[key] for key in node.operands), default=-1)
    readers: dict[str, list[int]] = {}
    for node in nodes:
        for key in node.operands:
            readers.setdefault(key, []).append(column[node.key])
    for node in nodes:
        if not node.operands and node.key in readers:
            column[node.key] = min(readers[node.key]) - 1
    return column


def _heights(nodes: Sequence[Node], column: dict[str, int], rounds: int = 12) -> dict[str, float]:
    """How far up: columns are ordered again and again by the mean height of neighbours, so that few edges cross."""
    near: dict[str, list[str]] = {node.key: list(node.operands) for node in nodes}
    for node in nodes:
        for key in node.operands:
            near[key].append(node.key)
    columns: dict[int, list[str]] = {}
    for node in nodes:
        columns.setdefault(column[node.key], []).append(node.key)
    height = {key: -float(i) for keys in columns.values() for i, key in enumerate(keys)}
    for turn in range(rounds):
        for place in sorted(columns, reverse=turn % 2 == 0):
            keys = columns[place]
            wanted = {k: sum(height[n] for n in near[k]) / len(near[k]) if near[k] else height[k] for k in keys}
            keys.sort(key=lambda k: -wanted[k])
            _apart(keys, wanted, height)
    return height


def _apart(keys: list[str], wanted: dict[str, float], height: dict[str, float]) -> None:
    """Heights as wanted, at least 1 apart, the group's mean kept."""
    last = float("inf")
    for key in keys:
        last = height[key] = min(wanted[key], last - 1.0)
    shift = sum(wanted[key] - height[key] for key in keys) / len(keys)
    for key in keys:
        height[key] += shift


def _draw(panel: Axes, nodes: Sequence[Node], places: dict[str, tuple[float, float]], result: str) -> None:
    for node in nodes:
        fill, edge, _ = KINDS["result" if node.key == result else node.kind]
        label = f"{node.key}: {node.label}" if node.operands else node.label
        for number, key in enumerate(node.operands):
            second = key in node.operands[:number]
            bend = 0.0 if node.operands.count(key) == 1 else -0.2 if second else 0.2
            arrow = {"arrowstyle": "-|>", "color": "#8A8A8A", "linewidth": 0.8, "mutation_scale": 7, "shrinkA": 0}
            arrow |= {"shrinkB": _edge_of_box(label, places[key], places[node.key])}
            arrow |= {"connectionstyle": f"arc3,rad={bend}"}
            panel.annotate("", places[node.key], places[key], arrowprops=arrow, zorder=1, gid="edge")
        box = {"boxstyle": "round,pad=0.28", "facecolor": fill, "edgecolor": edge, "linewidth": 0.9}
        where: dict[str, Any] = {"ha": "center", "va": "center", "parse_math": False, "zorder": 3, "gid": node.kind}
        ink = "white" if node.key == result else "black"
        panel.text(*places[node.key], label, size=NOTE_SIZE, color=ink, bbox=box, **where)


def _edge_of_box(label: str, start: tuple[float, float], end: tuple[float, float]) -> float:
    """How far from its middle an arrow from ``start`` meets the box at ``end``, in points."""
    across, up = abs(end[0] - start[0]), abs(end[1] - start[1])
    half_width, half_height = (2.2 * len(label) + 3.0) / 72, 8.0 / 72  # by the size of the letters
    share = min(half_width / across if across else 1.0, half_height / up if up else 1.0)
    return 72 * share * math.hypot(across, up) + 1.0


def _legend(figure: Figure, kinds: list[str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=fill, edgecolor=edge, label=told) for kind, (fill, edge, told) in KINDS.items() if kind in kinds
    ]
    where: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.008, 0.0), "ncols": len(handles)}
    figure.legend(handles=handles, frameon=False, fontsize=NOTE_SIZE, handlelength=1.2, columnspacing=1.4, **where)
