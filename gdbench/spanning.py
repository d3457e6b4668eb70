"""The directions that span a landscape: drawn, given, scaled to a network's own weights, and checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.philox import uniform_pair
from gdbench.problems.base import Array, Problem


def filter_normalized(directions: Array, center: Array, problem: Problem) -> Array:
    """Directions (k, n) with each unit's weights scaled to their length at the centre, and 0 for the biases.

    d_ij <- d_ij |w_ij| / |d_ij| for unit j of matrix i; Li et al. (2018), eq. 1. Their published code, too, leaves
    the biases out.

    Raises
    ------
    InputError: the problem has no weight matrices, or all weights at the centre are zero.
    """
    if not any(len(shape) == 2 for _, shape in problem.blocks.values()):
        raise InputError(f"{problem.name} has no weight matrices; normalize='filter' is for classifiers and networks.")
    scaled = np.zeros_like(directions)
    for start, shape in problem.blocks.values():
        if len(shape) != 2:
            continue
        part = slice(start, start + shape[0] * shape[1])
        lengths = np.linalg.norm(center[part].reshape(shape), axis=0)
        for given, out in zip(directions, scaled):
            drawn = given[part].reshape(shape)
            own = np.linalg.norm(drawn, axis=0)
            out[part] = (drawn * np.divide(lengths, own, out=np.zeros_like(own), where=own > 0)).ravel()
    if not scaled.any(axis=1).all():
        raise InputError("normalize='filter' scales directions by the weights at the centre, which are all 0 there.")
    return scaled


def normals(n: int, seed: int, stream: int = 0) -> Array:
    """An array (n,) of standard normal draws, the numbers of ``philox.normal_pair``, all at once.

    >>> normals(3, seed=7).shape
    (3,)
    """
    u, v = uniform_pair(seed, stream, np.arange((n + 1) // 2, dtype=np.uint64))  # type: ignore[arg-type]
    radius, angle = np.sqrt(-2.0 * np.log(1.0 - np.asarray(u))), 2.0 * np.pi * np.asarray(v)
    pairs: Array = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return pairs.ravel()[:n]


def random_directions(count: int, n: int, seed: int, orthonormal: bool) -> Array:
    """One or two Gaussian directions (count, n) of a seed; made perpendicular and of length 1 if ``orthonormal``."""
    if count not in (1, 2):
        raise InputError(f"directions must be 1 or 2, or one or two vectors, not {count}.")
    if count > n:
        raise InputError("a function of one variable has one direction; give directions=1.")
    drawn = np.stack([normals(n, seed, stream) for stream in range(count)])
    if orthonormal:
        for k in range(count):
            for before in drawn[:k]:
                drawn[k] -= (drawn[k] @ before) * before
            drawn[k] /= np.linalg.norm(drawn[k])
    return drawn


def given_directions(directions: Any, n: int) -> Array:
    """A caller's one or two vectors as (1 or 2, n), or an :class:`InputError`."""
    sequence = isinstance(directions, list | tuple | np.ndarray) and np.ndim(directions) > 0
    vectors = list(directions) if sequence else []
    if len(vectors) not in (1, 2) or isinstance(vectors[0], str) or np.ndim(vectors[0]) == 0:
        raise InputError(f"directions must be 1, 2, or a sequence of one or two vectors of {n} numbers.")
    return np.stack([vector_of(f"direction {k}", vector, n) for k, vector in enumerate(vectors, start=1)])


def vector_of(name: str, given: Any, n: int) -> Array:
    """A caller's vector of ``n`` finite numbers, a fresh float64 array, or an :class:`InputError`."""
    vector = reals(given)
    if vector is None or vector.shape != (n,):
        raise InputError(f"{name} must be {n} real numbers, one a variable.")
    if not np.isfinite(vector).all():
        raise InputError(f"{name} must be finite; entry {np.flatnonzero(~np.isfinite(vector))[0]} is not.")
    return vector


def check_apart(directions: Array) -> None:
    """Refuse a direction of length 0, and two that span no plane."""
    largest = np.abs(directions).max(axis=1)
    if not (largest > 0).all():
        raise InputError(f"direction {np.argmin(largest) + 1} is zero; give one of positive length.")
    if len(directions) == 2:
        scaled = directions / largest[:, None]  # whose squares neither vanish nor overflow
        first, second = scaled / np.linalg.norm(scaled, axis=1)[:, None]
        if min(np.linalg.norm(first - second), np.linalg.norm(first + second)) < 1e-6:
            raise InputError("the two directions are parallel; give two that span a plane.")


def steps_of(name: str, given: Any, kind: np.dtype) -> Array:
    """A caller's steps (k,) in the grid's dtype, finite and increasing there, or an :class:`InputError`."""
    steps = reals(given)
    if steps is None or steps.ndim != 1 or steps.size < 2:
        raise InputError(f"{name} must be a vector of at least 2 steps.")
    if not np.isfinite(steps).all() or not (steps[1:] > steps[:-1]).all():
        raise InputError(f"{name} must be finite and increase from step to step.")
    fitted = as_kind(name, steps, kind)
    if not (fitted[1:] > fitted[:-1]).all():
        raise InputError(f"steps of {name} become equal in {kind}; take fewer, or use dtype='float64'.")
    return fitted


def as_kind(name: str, numbers: Array, kind: np.dtype) -> Array:
    """Finite numbers in another dtype, or an :class:`InputError` where they overflow there."""
    with np.errstate(over="ignore", under="ignore"):
        fitted = numbers.astype(kind)
    if not np.isfinite(fitted).all():
        raise InputError(f"{name} is too large for {kind}; use dtype='float64'.")
    return fitted


def reals(given: Any) -> Array | None:
    """``given`` as an array of float64; None where it holds anything but real numbers."""
    try:
        array = np.asarray(given)
    except ValueError:  # rows of unequal length
        return None
    return array.astype(np.float64) if array.dtype.kind in "fiu" else None
