"""WHAT a loader returns: :class:`Images`, and the step from bytes to the numbers a problem takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gdbench.data.idx import Bytes
from gdbench.errors import InputError


@dataclass(frozen=True, eq=False)
class Images:
    """A labelled set of grey images, as it was published: bytes, read-only.

    Attributes
    ----------
    train_images: uint8 (N, pixels), 0 is background, 255 full ink; rows of a picture one after the other.
    train_labels: uint8 (N,), index into ``class_names``.
    test_images, test_labels: the same for the held-out rows.
    origin: one phrase, where the data was found.
    class_names: what each label means.
    """

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    origin: str
    class_names: tuple[str, ...]


def as_rows(images: Bytes, labels: Bytes, dtype: DTypeLike = np.float64) -> tuple[NDArray[Any], NDArray[Any]]:
    """Features in [0, 1] and targets, as the data of a problem: ``features = images / 255``.

    Parameters
    ----------
    images: uint8 (N, pixels) or (N, height, width).
    labels: (N,).
    dtype: float32 or float64, of both results.

    Returns
    -------
    features (N, pixels), C-contiguous, and targets (N,), new arrays of ``dtype``.

    Raises
    ------
    InputError: images that are not bytes, a number of labels that is not N, another dtype.

    >>> features, targets = as_rows(np.array([[0, 51, 255]], np.uint8), np.array([7], np.uint8), "float32")
    >>> features, targets
    (array([[0. , 0.2, 1. ]], dtype=float32), array([7.], dtype=float32))
    """
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted not in (np.float32, np.float64):
        raise InputError(f"dtype is {dtype!r}; rows are made in float32 or float64.")
    if images.dtype != np.uint8 or images.ndim < 2:
        raise InputError(f"images are {images.dtype} of shape {images.shape}; uint8 (N, pixels) is right.")
    if labels.shape != images.shape[:1]:
        raise InputError(f"labels have shape {labels.shape}; for {len(images)} images ({len(images)},) is right.")
    flat = images.reshape(len(images), int(np.prod(images.shape[1:])))
    return np.divide(flat, 255, dtype=wanted, order="C"), labels.astype(wanted)
