"""What the classifiers of the experiment ``training`` get wrong: what is kept of it, and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.data import load_fashion_mnist
from gdbench.data.fashion_mnist import CLASS_NAMES
from gdbench.data.subset import TRAIN_ROWS
from gdbench.errors import InputError
from gdbench.mistakes import confusion, misclassified
from gdbench.problems import Problem
from gdbench.problems.base import Array

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Images kept of each descent, those it is surest about.
WORST = 12
#: What a record and the last row of its table hold: the matrix, and of each image its place, labels and probability.
COLUMNS = ("confusion", "worst_row", "worst_label", "worst_predicted", "worst_probability")


def mistakes(problem: Problem, x: Array) -> dict[str, Any]:
    """What a record keeps of the mistakes made with the weights x; nothing where x left the finite numbers."""
    if not np.isfinite(x).all():
        return {}
    worst = misclassified(problem, x, WORST)
    listed = [worst[column].tolist() for column in ("row", "label", "predicted", "probability")]
    return dict(zip(COLUMNS, [confusion(problem, x).to_numpy().tolist(), *listed]))


def told_at_the_end(record: pandas.Series, points: int) -> dict[str, list[Any]]:
    """Columns of ``points`` rows with a record's mistakes in the last one; none for a record without them."""
    if not isinstance(record.get("confusion"), list):
        return {}
    return {name: [None] * (points - 1) + [record[name]] for name in COLUMNS}


def mistakes_picture(tidy: pandas.DataFrame) -> Figure | None:
    """Of the method that ends best, its first seed; None where no mistakes are recorded."""
    from gdbench.report.plots.classifier import classifier_figure

    if "confusion" not in tidy or not (told := tidy[tidy["confusion"].notna()]).size:
        return None
    best = told.groupby("method")["test_accuracy"].median().idxmax()
    end = told[told["method"] == best].sort_values("seed").iloc[0]
    counts = np.array(end["confusion"])
    apart = counts - np.diag(np.diag(counts))
    true, predicted = np.unravel_index(int(apart.argmax()), apart.shape)
    title = (
        f"{best} labels {np.trace(counts) / counts.sum():.1%} of {counts.sum():,} test images rightly; most often it "
        f"takes {CLASS_NAMES[true]} for {CLASS_NAMES[predicted]} ({apart[true, predicted]:,} of "
        f"{counts[true].sum():,})"
    )
    subtitle = (
        f"Fashion-MNIST, trained on {int(end['rows']):,} images for {end['epoch']:.0f} epochs, "
        f"step size {end['step_size']:g}, seed {end['seed']}; the best of the descents at their usual steps"
    )
    worst = {name.removeprefix("worst_"): end[name] for name in COLUMNS[1:]}
    return classifier_figure(counts, CLASS_NAMES, worst, _pictures(int(end["rows"]), worst), title, subtitle)


def _pictures(rows: int, worst: dict[str, Any]) -> Array | None:
    """The test images recorded, (k, 28, 28); None where the set they are of is not on this machine."""
    try:
        found = load_fashion_mnist("subset" if rows == TRAIN_ROWS else "full")
    except InputError:
        return None
    places = np.array(worst["row"], np.int64)
    # Other labels at these places: another set, whose pictures would not be the ones that were mistaken.
    if not places.size or places.max() >= len(found.test_labels):
        return None
    if found.test_labels[places].tolist() != worst["label"]:
        return None
    return found.test_images[places].reshape(-1, 28, 28)
