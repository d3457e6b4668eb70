"""The part of Fashion-MNIST inside the package: its first 5,000 training and first 1,000 test images.

The first rows of each file, in their order, so that anyone with the full set gets the same with a
slice. ``fashion_mnist_subset.LICENSE.txt`` tells where it came from, and has its SHA256.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from gdbench.data.idx import Bytes
from gdbench.data.images import Images
from gdbench.errors import InputError

TRAIN_ROWS, TEST_ROWS = 5_000, 1_000

SUBSET_PATH = Path(__file__).with_name("fashion_mnist_subset.npz")

_SHAPES = {
    "train_images": (TRAIN_ROWS, 784),
    "train_labels": (TRAIN_ROWS,),
    "test_images": (TEST_ROWS, 784),
    "test_labels": (TEST_ROWS,),
}


def read_subset(path: Path = SUBSET_PATH) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    """The four arrays of the subset (training images and labels, test images and labels), read-only.

    Raises
    ------
    InputError: the file is missing, torn, or not the one this version was built with.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = tuple(stored[name] for name in _SHAPES)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        arrays = ()
    if [(a.dtype, a.shape) for a in arrays] != [(np.uint8, shape) for shape in _SHAPES.values()]:
        raise InputError(f"{path} is missing or torn; reinstall gdbench.")
    for array in arrays:
        array.flags.writeable = False
    train_images, train_labels, test_images, test_labels = arrays
    return train_images, train_labels, test_images, test_labels


def write_subset(full: Images, path: Path = SUBSET_PATH) -> None:
    """Cut the subset from the full data set: how the file in the package was made."""
    np.savez_compressed(
        path,
        train_images=full.train_images[:TRAIN_ROWS],
        train_labels=full.train_labels[:TRAIN_ROWS],
        test_images=full.test_images[:TEST_ROWS],
        test_labels=full.test_labels[:TEST_ROWS],
    )
