"""What does a classifier get wrong? Which class it takes for which, and the pictures it is surest about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.errors import InputError
from gdbench.report.style import LABEL_SIZE, NOTE_SIZE, VERMILLION, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 4  # pictures in a row


@styled()
def classifier_figure(
    confusion: ArrayLike,
    classes: Sequence[str],
    worst: Mapping[str, Sequence[Any]],
    pictures: NDArray[Any] | None,
    title: str,
    subtitle: str = "",
) -> Figure:
    """The confusion matrix, and beside it the images labelled wrongly with the greatest probability.

    Parameters
    ----------
    confusion: (c, c) counts, C_ij rows of class i that are labelled j.
    classes: (c,) names.
    worst: of each picture its label, predicted (class numbers) and probability, k each, in the order to be shown.
    pictures: (k, height, width) grey values, 0 is background; None where they are not at hand: the matrix stands alone.
    title, subtitle: the message in one sentence; data and training.

    Raises
    ------
    InputError: a matrix that is not (c, c), or another number of pictures than of labels.
    """
    counts = np.asarray(confusion)
    if counts.shape != (len(classes), len(classes)):
        raise InputError(f"the confusion matrix must be {len(classes)} by {len(classes)}, not {counts.shape}.")
    if pictures is not None and len(pictures) != len(worst["label"]):
        raise InputError(f"{len(pictures)} pictures were given for {len(worst['label'])} labels; give one a label.")
    notes = [
        "number: test images; colour: their share of the true class (the row); orange frame: the commonest mistake"
    ]
    if pictures is not None:
        notes.append("pictures: probability that the classifier gives the wrong label, the greatest first")
    figure, panels = sheet(["", ""], title, subtitle, notes, axes_height=4.3, left=1.0, label_room=0.1, headroom=1.2)
    _matrix(panels[0], counts, classes)
    panels[1].set_axis_off()
    if pictures is None:
        panels[1].remove()
    else:
        _gallery(panels[1], classes, worst, pictures)
    return figure


def _matrix(panel: Axes, counts: NDArray[Any], classes: Sequence[str]) -> None:
    from matplotlib.colors import PowerNorm
    from matplotlib.patches import Rectangle

    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    panel.pcolormesh(share, cmap="Blues", norm=PowerNorm(0.5, 0, 1), edgecolors="white", linewidth=1.0)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[row, column] > 0.35 else "black"
            panel.text(
                column + 0.5, row + 0.5, f"{count}", ha="center", va="center", size=NOTE_SIZE, color=colour, gid="cell"
            )
    apart = counts - np.diag(np.diag(counts))
    if apart.any():
        row, column = np.unravel_index(int(apart.argmax()), apart.shape)
        panel.add_patch(Rectangle((float(column), float(row)), 1, 1, fill=False, edgecolor=VERMILLION, linewidth=1.8))
    middles = np.arange(len(classes)) + 0.5
    how: dict[str, Any] = {"rotation": 45, "ha": "left", "va": "center", "rotation_mode": "anchor"}
    panel.set_xticks(middles, list(classes), size=LABEL_SIZE, **how)
    panel.set_yticks(middles, list(classes), size=LABEL_SIZE)
    panel.tick_params(length=0, labelbottom=False, labeltop=True)
    panel.invert_yaxis()
    panel.set_xlabel("labelled as (column)")
    panel.set_ylabel("true class (row)")
    panel.grid(False)
    panel.spines[:].set_visible(False)


def _gallery(panel: Axes, classes: Sequence[str], worst: Mapping[str, Sequence[Any]], pictures: NDArray[Any]) -> None:
    """Pictures row by row over the panel, each with what it was labelled and what it is."""
    down = max(-(-len(pictures) // ACROSS), 1)
    told = zip(worst["label"], worst["predicted"], worst["probability"], pictures)
    for number, (label, predicted, probability, picture) in enumerate(told):
        row, column = divmod(number, ACROSS)
        place = (column / ACROSS, 1 - (row + 1) / down, 0.96 / ACROSS, 0.66 / down)
        spot = panel.inset_axes(place)
        spot.imshow(picture, cmap="gray_r", interpolation="nearest")
        spot.spines[:].set_visible(False)
        spot.set_xticks([])
        spot.set_yticks([])
        said = f"{classes[predicted]}\n({_percent(probability)})\n/ {classes[label]}"
        spot.set_title(said, size=NOTE_SIZE, loc="center", pad=3, parse_math=False)
    panel.text(
        0, 1.02, "Surest mistakes: predicted (probability) / true", size=LABEL_SIZE + 1,
        transform=panel.transAxes, va="bottom",
    )  # fmt: skip


def _percent(probability: float) -> str:
    """A probability that is never rounded up to certainty.

    >>> _percent(0.5), _percent(0.99999)
    ('50 %', '> 99.9 %')
    """
    if probability > 0.999:
        return "> 99.9 %"
    return f"{100 * probability:.0f} %" if probability < 0.99 else f"{100 * probability:.1f} %"
