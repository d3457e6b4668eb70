"""Fashion-MNIST: 70,000 grey pictures of clothes, 28 x 28, ten classes, 60,000 to train and 10,000 to test.

A subset lies inside the package, so that everything runs without a network; the full set is found
where other tools keep it (:mod:`gdbench.data.places`) or fetched once (:mod:`gdbench.data.fetch`).

Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
learning algorithms", arXiv:1708.07747 (2017), table 2 for the classes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gdbench.data.fetch import fetch
from gdbench.data.images import Images
from gdbench.data.places import IdxFile, IdxSet, NotFoundError, find, places, status_of
from gdbench.data.subset import SUBSET_PATH, TEST_ROWS, TRAIN_ROWS, read_subset
from gdbench.errors import InputError, unknown

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

#: The publisher's address of the four files.
BASE_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

FASHION_MNIST = IdxSet(
    name="fashion-mnist",
    torchvision_name="FashionMNIST",
    files=(
        IdxFile(
            "train-images-idx3-ubyte",
            shape=(60_000, 28, 28),
            below=256,
            sha256="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            shape=(60_000,),
            below=10,
            sha256="a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        IdxFile(
            "t10k-images-idx3-ubyte",
            shape=(10_000, 28, 28),
            below=256,
            sha256="346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            shape=(10_000,),
            below=10,
            sha256="67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)


def load_fashion_mnist(which: Literal["subset", "full", "auto"] = "subset") -> Images:
    """Load Fashion-MNIST as bytes.

    Parameters
    ----------
    which: ``"subset"`` is the first 5,000 training and 1,000 test images, inside the package;
        ``"full"`` all 60,000 and 10,000, from the first place that has them; ``"auto"`` the full set
        where it is found, and the subset otherwise. ``Images.origin`` says which it was.

    Raises
    ------
    InputError: an unknown ``which``; no full set where one is asked for; or ``$GDBENCH_DATA`` is set
        and names no folder, or one whose files are torn or not all there (``"full"``, ``"auto"``).

    >>> images = load_fashion_mnist()
    >>> images.train_images.shape, images.test_images.shape
    ((5000, 784), (1000, 784))
    >>> images.class_names[images.train_labels[0]]
    'Ankle boot'
    """
    if which not in ("subset", "full", "auto"):
        raise unknown("part of Fashion-MNIST", which, ["subset", "full", "auto"])
    if which == "subset":
        return _load_subset()
    try:
        return _load_full()
    except NotFoundError:
        if which == "full":
            raise
        return _load_subset()


def _load_subset() -> Images:
    origin = f"the first {TRAIN_ROWS} and {TEST_ROWS} images, inside gdbench"
    return Images(*read_subset(), origin=origin, class_names=CLASS_NAMES)


def _load_full() -> Images:
    place, (train_images, train_labels, test_images, test_labels) = find(FASHION_MNIST)
    return Images(
        train_images=train_images.reshape(len(train_images), -1),
        train_labels=train_labels,
        test_images=test_images.reshape(len(test_images), -1),
        test_labels=test_labels,
        origin=f"the full set, in {place.name} ({place.folder})",
        class_names=CLASS_NAMES,
    )


def fetch_fashion_mnist(base_url: str = BASE_URL, directory: Path | str | None = None, progress: bool = False) -> Path:
    """Download the full Fashion-MNIST (30 MB), each file checked against its SHA256, and return its folder.

    Parameters
    ----------
    base_url: http(s) address of the folder the four ``.gz`` files lie in; default: the publisher's.
    directory: where to put them; None is gdbench's cache, where ``load_fashion_mnist`` finds them.
    progress: show one bar per file, on stderr.

    Raises
    ------
    InputError: the server is gone or serves something else, or the folder cannot be written.
    """
    return fetch(FASHION_MNIST, base_url, directory, progress)


def data_status() -> list[dict[str, str | int]]:
    """Where Fashion-MNIST may lie and what lies there: every file is read, so "complete" means usable.

    Returns
    -------
    One row a place, in the order they are asked, the subset inside the package last: ``place``,
    ``path``, ``state`` (``"complete"``, ``"absent"`` or ``"corrupt: "`` and the reason) and ``size`` in bytes.

    >>> data_status()[-1]["place"], data_status()[-1]["state"]
    ('inside gdbench (subset)', 'complete')
    """
    rows = [status_of(place, FASHION_MNIST) for place in places(FASHION_MNIST)]
    try:
        read_subset()
        state = "complete"
    except InputError as fault:
        state = f"corrupt: {fault}"
    size = SUBSET_PATH.stat().st_size if SUBSET_PATH.exists() else 0
    return [*rows, {"place": "inside gdbench (subset)", "path": str(SUBSET_PATH), "state": state, "size": size}]
