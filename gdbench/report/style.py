"""How every figure looks: one look per name, one sheet with its title, one way to save.

A method or gradient source has the same colour, marker and dash in every figure, whatever else is
drawn and in whatever order. Nothing here touches pyplot or leaves matplotlib's settings changed.
"""

from __future__ import annotations

import re
import textwrap
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gdbench.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe, Ito (2008), "Color universal design"; without the yellow, which white paper swallows
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
GREY, GRID = "#666666", "#E4E4E4"

SOLID, DASHED, DOTTED, MIXED = "solid", (0, (5, 2)), (0, (1.2, 1.6)), (0, (5, 1.6, 1.2, 1.6))
DASHES = (SOLID, DASHED, MIXED, DOTTED)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STRANGE_MARKERS = ("*", "<", ">", "p", "h")  # of names that LOOKS lacks: none of them looks like a known one
DPI = 150
TEXT_SIZE, LABEL_SIZE, NOTE_SIZE, TITLE_SIZE = 9.0, 8.5, 7.5, 13.0


class Look(NamedTuple):
    """Colour, marker and dash of one name."""

    colour: str
    marker: str
    dash: Any


#: No two share colour and marker.
LOOKS = {
    "2-point": Look(ORANGE, "^", DASHED),
    "3-point": Look(VERMILLION, "s", MIXED),
    "richardson": Look(BLACK, "D", SOLID),
    "cs": Look(PURPLE, "D", DASHED),
    "forward-ad": Look(SKY, "v", MIXED),
    "reverse-ad": Look(GREEN, "P", SOLID),
    "analytic": Look(BLUE, "o", SOLID),
    "coloured": Look(BLACK, "v", DASHED),
    "structured": Look(BLACK, "s", DOTTED),
    "noise-aware": Look(VERMILLION, "o", DASHED),
    "spsa": Look(GREY, "D", DOTTED),
    "steepest": Look(SKY, "o", SOLID),
    "sgd": Look(SKY, "P", SOLID),
    "momentum": Look(GREEN, "^", DASHED),
    "sign": Look(ORANGE, "v", MIXED),
    "adam": Look(BLUE, "s", SOLID),
    "nesterov": Look(VERMILLION, "v", DASHED),
    "adagrad": Look(GREEN, "D", DOTTED),
    "rmsprop": Look(PURPLE, "P", DASHED),
    "adamw": Look(BLUE, "X", DOTTED),
    "amsgrad": Look(SKY, "^", DASHED),
    "nadam": Look(BLUE, "v", DASHED),
    "lion": Look(ORANGE, "P", DOTTED),
    "cg-fr": Look(ORANGE, "o", SOLID),
    "cg-pr": Look(ORANGE, "s", DASHED),
    "cg-hz": Look(VERMILLION, "^", MIXED),
    "bfgs": Look(GREEN, "s", SOLID),
    "lbfgs": Look(GREEN, "o", MIXED),
    "newton": Look(BLACK, "o", SOLID),
    "newton-cg": Look(BLACK, "^", DASHED),
    "kfac": Look(PURPLE, "X", SOLID),
    "trust-ncg": Look(VERMILLION, "D", SOLID),
    "newton-saddle-free": Look(PURPLE, "^", SOLID),
    "gauss-newton": Look(PURPLE, "o", DOTTED),
    "levenberg-marquardt": Look(SKY, "D", MIXED),
    "normal-equations": Look(BLUE, "D", SOLID),
    "cholesky": Look(VERMILLION, "X", SOLID),
    "qr": Look(BLACK, "P", DASHED),
    "svd": Look(PURPLE, "s", DASHED),
    "random-search": Look(BLACK, "X", DOTTED),
    "random-local-search": Look(PURPLE, "v", MIXED),
    "random-local-search-adaptive": Look(BLUE, "P", MIXED),
}


def look(name: str) -> Look:
    """The look of ``name``: from ``LOOKS``, or drawn from the name itself, so that it never depends on the others.

    A method keeps its look whatever follows its name after a comma or a bracket: the slope it is given, a dtype, its
    settings. A source has its own look where the name is the source's, with or without the word slope.

    >>> look("adam, 3-point slope") == look("adam(0.1)") == look("adam"), look("analytic slope") == look("analytic")
    (True, True)
    """
    known = LOOKS.get(name) or LOOKS.get(_head_and_rest(name)[0])
    if known:
        return known
    number = zlib.crc32(name.encode())  # hash() differs from process to process
    kinds = len(STRANGE_MARKERS)
    return Look(COLOURS[number % 7], STRANGE_MARKERS[number // 7 % kinds], DASHES[number // 7 // kinds % 4])


def pen(name: str, pale: bool = False) -> dict[str, Any]:
    """Keyword arguments for ``Axes.plot`` that draw ``name``, thin and pale for a machine that stands back.

    Lines of one method, "steepest, 3-point slope" and "steepest, analytic slope", differ in their dash: it is the
    source's, where one follows the comma.
    """
    colour, marker, dash = look(name)
    head, rest = _head_and_rest(name)
    if head in LOOKS and rest in LOOKS:
        dash = LOOKS[rest].dash
    strength = {"linewidth": 0.8, "alpha": 0.4, "markersize": 2.5} if pale else {"linewidth": 1.7, "markersize": 5}
    return {"color": colour, "marker": marker, "linestyle": dash, "zorder": 2.5 if pale else 3, **strength}


def _head_and_rest(name: str) -> tuple[str, str]:
    """What stands before the first comma or bracket, and what after it, neither with the word slope."""
    head, *rest = re.split(r"[,(]", name, maxsplit=1)
    return head.strip().removesuffix(" slope"), "".join(rest).strip().removesuffix(" slope")


def ink(colour: str) -> str:
    """``colour`` a third darker, so that words in it can be read on white."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(colour)
    return to_hex((0.67 * red, 0.67 * green, 0.67 * blue))


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's own defaults, ours on top, until the block (or the decorated function) ends."""
    import matplotlib.style

    ours = {
        "font.size": TEXT_SIZE,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "text.hinting": "none",  # the shapes of the SVG, and faster
        "svg.fonttype": "path",  # the same picture where the font is missing
        "svg.hashsalt": "gdbench",
    }
    with matplotlib.style.context(["default", ours]):
        yield


def sheet(
    headings: Sequence[str],
    title: str,
    subtitle: str = "",
    notes: Sequence[str] = (),
    axes_height: float = 3.3,
    left: float = 0.86,
    label_room: float = 1.25,
    headroom: float = 0.42,
) -> tuple[Figure, list[Axes]]:
    """A figure with a row of panels, room for labels to the right of each, and its words in place.

    Parameters
    ----------
    headings: what each panel shows, one a panel.
    title: the one message of the figure, a sentence; long ones are wrapped.
    subtitle: machine, number of runs, budget.
    notes: remarks under the panels, one a line.
    axes_height: of every panel, in inches, as are the room left of it, right of it (``label_room``) and above it.
    """
    from matplotlib.figure import Figure

    panels = len(headings)
    width = 11.0 if panels < 3 else 12.6
    above = textwrap.wrap(title, int(width * 8.7)) or [""]
    below = textwrap.wrap(subtitle, int(width * 12.5))
    under = [line for note in notes for line in textwrap.wrap(note, int(width * 18))]
    top = 0.16 + 0.25 * len(above) + 0.19 * len(below) + headroom
    height = top + axes_height + 0.62 + 0.16 * len(under) + 0.22
    figure = Figure(figsize=(width, height), dpi=100)

    def write(words: str, down: float, size: float, **how: Any) -> None:
        figure.text(0.2 / width, 1 - down / height, words, size=size, va="top", parse_math=False, **how)

    write("\n".join(above), 0.14, TITLE_SIZE, weight="bold", gid="title")
    write("\n".join(below), 0.16 + 0.25 * len(above), TEXT_SIZE + 0.5, color=GREY, gid="subtitle")
    write("\n".join(under), top + axes_height + 0.62, NOTE_SIZE, color=GREY, gid="notes")

    slot = (width - 0.05) / panels
    axes = []
    for position, heading in enumerate(headings):
        corner = (position * slot + left, height - top - axes_height)
        size = (slot - left - label_room, axes_height)
        panel = figure.add_axes((corner[0] / width, corner[1] / height, size[0] / width, size[1] / height))
        headed(panel, heading)
        axes.append(panel)
    return figure, axes


def headed(panel: Axes, heading: str) -> None:
    """Give a panel its heading, its grid and its ticks, as ``sheet`` gives its own."""
    panel.set_title(heading, loc="left", fontsize=TEXT_SIZE + 0.5)
    panel.grid(True)
    panel.tick_params(labelsize=TEXT_SIZE - 1, color=GREY)


#: As small as zlib's own level 6 on these figures, in two thirds of the time.
QUICKLY = {"compress_level": 3}


def save(figure: Figure, directory: str | Path, stem: str = "figure", records_hash: str = "") -> tuple[Path, Path]:
    """Write ``<stem>.svg`` and ``<stem>.png`` (150 dpi) and return their paths; the same figure gives the same bytes.

    ``records_hash`` names the records the figure was made of, in small grey print at its foot.
    The folder is made where it is missing; ``InputError`` if it cannot be written.
    """
    folder = Path(directory)
    for text in [text for text in figure.texts if text.get_gid() == "records"]:
        text.remove()  # saved before, with another hash
    vector, pixels = folder / f"{stem}.svg", folder / f"{stem}.png"
    with styled():
        if records_hash:
            foot: dict[str, Any] = {"size": 6, "color": "#999999", "ha": "right", "va": "bottom", "parse_math": False}
            figure.text(0.99, 0.012, f"records {records_hash}", gid="records", **foot)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": "gdbench"})
            figure.savefig(pixels, format="png", dpi=DPI, metadata={"Software": "gdbench"}, pil_kwargs=QUICKLY)
        except OSError as reason:
            raise InputError(
                f"cannot write the figure to {folder}: {reason.strerror or reason}; give a folder that may be written."
            ) from None
    return vector, pixels
