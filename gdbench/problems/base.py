"""WHAT is minimised: the :class:`Problem` every other room takes, and the :class:`Family` that makes it.

A problem is plain Python: ``value(x, data)`` is undecorated, and the same source is run by CPython
in tests, compiled for the CPU and for CUDA by ``gdbench.devices``, and differentiated by
``gdbench.gradients``. It may call helpers (plain functions too), ``math``, and NumPy as far as
Numba compiles it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdbench.errors import InputError

Array = NDArray[Any]
Data = tuple[Array, Array, Array]

#: What a problem without data hands to its functions: no features, no targets, no shape.
NO_DATA: Data = (np.empty((0, 0)), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """One objective f: R^n -> R, with all that is known about it.

    Attributes
    ----------
    name: unique among problems, its parameters included (``"rosenbrock-10"``).
    value: ``value(x, data) -> float``, or ``value(x)``; x has shape (n,) and must not be changed.
    x0: the standard start, shape (n,), finite; made float64 unless it is float32.
    gradient: ``gradient(x, data, out) -> float`` writes the slope into ``out`` (n,), overwriting
        all of it, and returns the value, which comes free with the slope; or ``gradient(x) -> array (n,)`` beside
        ``value(x)``. None: not known.
    hessian: ``hessian(x, data, out) -> None`` writes all of the symmetric ``out`` (n, n); or
        ``hessian(x) -> array (n, n)``.
    residuals: ``residuals(x, data, out) -> None`` writes r (m,), where the value is sum_i r_i^2, with no factor 1/2.
    jacobian: ``jacobian(x, data, out) -> None`` writes all of ``out`` (m, n), row i the slope of r_i.
    differences: ``differences(x, data, h, out, kinks) -> value`` writes the central difference of step h in every
        variable into ``out`` (n,), by the structure of the value rather than by 2n values of it, and adds to
        ``kinks[0]`` (int64) how many kinks the steps crossed.
    m: number of residuals; 0 where there are none.
    hvp: ``hvp(x, data, v, out) -> None`` writes the Hessian's product with v (n,) into ``out`` (n,).
    gauss_newton: the same of the Gauss-Newton matrix, which is positive semidefinite.
    kronecker: ``kronecker(x, data, keep, seed, draw, factors) -> None`` moves the averages in ``factors``, two square
        matrices a layer, towards the Kronecker factors of the Fisher matrix on these rows (``mlp_kronecker.py``); the
        layers are the matrices among ``blocks``, each with its bias behind it.
    data: ``(features (rows, columns), targets (rows,), shape int64)``, C-contiguous; ``shape`` holds
        whatever sizes the functions need. Where there are rows, the value is a mean over rows,
        so that any subset of rows is an estimate of it (a mini-batch).
    x_star, f_star: a known minimiser and its value.
    lower, upper: the box that random search draws from (and that a picture shows), the same in every variable.
    smooth, convex: what theory says; None where it depends.
    blocks: name -> (offset, shape) of each parameter block of a flat x.
    test: held-out data of the same layout.
    predict: ``predict(x, data) -> labels (rows,)`` for classifiers.
    scores: ``scores(x, data) -> (rows, classes)`` of those whose softmax is the probability of each class.
    formula, source: the mathematics in one line, and where it was published.

    Raises
    ------
    InputError: a function of the wrong number of arguments, a start that is no vector of finite numbers, an empty box.

    Examples
    --------
    >>> def bowl(x):
    ...     return x[0] ** 2 + 3 * x[1] ** 2
    >>> problem = Problem(name="bowl", value=bowl, x0=[1, 2])
    >>> problem.n, float(problem.value(problem.x0, problem.data))
    (2, 13.0)
    """

    name: str
    value: Callable[..., float]
    x0: Array
    gradient: Callable[..., float] | None = None
    hessian: Callable[..., None] | None = None
    residuals: Callable[..., None] | None = None
    jacobian: Callable[..., None] | None = None
    differences: Callable[..., float] | None = None
    m: int = 0
    hvp: Callable[..., None] | None = None
    gauss_newton: Callable[..., None] | None = None
    kronecker: Callable[..., None] | None = None
    data: Data = NO_DATA
    x_star: Array | None = None
    f_star: float | None = None
    lower: float = -10.0
    upper: float = 10.0
    smooth: bool = True
    convex: bool | None = None
    blocks: Mapping[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    test: Data | None = None
    predict: Callable[..., Array] | None = None
    scores: Callable[..., Array] | None = None
    formula: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what no verb could use, and make the shorter forms of functions and points the full ones."""
        from gdbench.problems.checks import fitted  # which needs this file

        for field_name, made in fitted(self).items():
            object.__setattr__(self, field_name, made)

    @property
    def n(self) -> int:
        """Number of variables."""
        return int(self.x0.size)

    @property
    def rows(self) -> int:
        """Number of data rows the value is a mean over; 0 for a problem without data."""
        return len(self.data[1])

    def accuracy(self, x: Array, data: Data | None = None) -> float:
        """Share of rows of ``data`` (default: the test rows) that ``predict`` labels rightly."""
        rows = data or self.test or self.data
        if self.predict is None:
            raise InputError(f"{self.name} predicts no labels, so it has no accuracy.")
        return float(np.mean(self.predict(x, rows) == rows[1]))

    def with_data(self, features: Array, targets: Array, test: Data | None = None) -> Problem:
        """The same problem on other rows (its ``shape`` sizes unchanged)."""
        return replace(self, data=(features, targets, self.data[2]), test=test)


@dataclass(frozen=True)
class Family:
    """A name on the shelf: called with its parameters, it makes a :class:`Problem`."""

    name: str
    make: Callable[..., Problem]
    summary: str

    def __call__(self, **parameters: object) -> Problem:
        """Make the problem; an unknown parameter is named, with the known ones."""
        try:
            inspect.signature(self.make).bind(**parameters)
        except TypeError as reason:
            known = ", ".join(inspect.signature(self.make).parameters) or "none"
            raise InputError(f"{self.name}: {reason}; its parameters are {known}.") from None
        return self.make(**parameters)


def family(name: str) -> Callable[[Callable[..., Problem]], Family]:
    """Put a problem-making function on the shelf under ``name``; its docstring's first line is the summary."""

    def wrap(make: Callable[..., Problem]) -> Family:
        return Family(name, make, (make.__doc__ or "").strip().splitlines()[0])

    return wrap
