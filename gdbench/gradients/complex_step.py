"""The complex step: one complex value a variable, and no subtraction, so no rounding to fear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.gradients.base import Gradient
from gdbench.gradients.continuation import continued
from gdbench.gradients.differences import checked_step
from gdbench.gradients.guard import refuse_unless_analytic
from gdbench.problems.base import Array, Data, Problem

H = 1e-200


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Ask the slope that :meth:`ComplexStep.derive` made, and book its n complex values."""
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += x.size
    return gradient(x, data, out)


@dataclass(frozen=True)
class ComplexStep(Gradient):
    """g_i = Im f(x + i h e_i) / h: n complex values a gradient, good to the last digits of f itself.

    f(x + i h e_i) = f(x) + i h g_i - O(h^2): the imaginary part is the slope with no difference taken, so h may be so
    small, 1e-200, that h^2 is nothing. f must be analytic: comparisons of ``.real`` may choose a branch (a ReLU),
    but abs, max, floor or a conjugate of what depends on x are refused.

    A float32 run computes in complex128 and rounds the slope at the end: complex64 ends at 1e-45, which would
    want another h, and its slopes would carry float32's noise, which it costs little to be rid of.

    Parameters
    ----------
    h: the step; from 1e-100 down its square vanishes beside 1 for any f of ordinary size.

    Raises
    ------
    InputError: h is not a positive finite number; f is not analytic, or there is no source of it to read.

    Source: Squire and Trapp (1998), Using complex variables to estimate derivatives of real functions, SIAM Review 40;
    Martins, Sturdza and Alonso (2003), The complex-step derivative approximation, ACM TOMS 29.

    >>> ComplexStep().price(10)
    10
    """

    name = "cs"
    rule = staticmethod(rule)
    h: float = H

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)

    def derive(self, problem: Problem, x: Array) -> Callable[..., float]:
        """The slope of ``problem.value``, a plain ``gradient(x, data, out) -> value``."""
        refuse_unless_analytic(problem.value, x, problem.data)
        return by_complex_steps(getattr(problem.value, "py_func", problem.value), float(self.h))

    def price(self, n: int) -> int:
        """``n``: one complex value a variable."""
        return n


def by_complex_steps(value: FunctionType | Callable[..., Any], h: float) -> Callable[..., float]:
    """A plain ``gradient(x, data, out) -> value`` that takes n complex steps."""
    lifted = continued(value)

    def gradient(x: Array, data: Data, out: Array) -> Any:
        """Write the slope into ``out`` and return the value, computed in real numbers."""
        features, targets, shape = data
        rows = features.astype(np.complex128), targets, shape  # a product of matrices wants one dtype
        z = np.empty(x.size, np.complex128)
        for i in range(x.size):
            z[i] = x[i]
        for i in range(x.size):
            z[i] = complex(x[i], h)
            out[i] = lifted(z, rows).imag / h
            z[i] = x[i]
        f = value(x, data)
        if f != f:  # a logarithm of a negative number is no number here, whatever it is among complex ones
            for i in range(x.size):
                out[i] = f
        return f

    gradient.made_from = value  # type: ignore[attr-defined]
    return gradient


def along(value: Callable[..., Any], h: float = H) -> Callable[..., None]:
    """A plain ``product(x, data, v, out)`` that writes Im value(x + i h v) / h into ``out[0]``."""
    lifted = continued(value)

    def product(x: Array, data: Data, v: Array, out: Array) -> None:
        """Take one complex step along v."""
        features, targets, shape = data
        z = np.empty(x.size, np.complex128)
        for i in range(x.size):
            z[i] = complex(x[i], h * v[i])
        out[0] = lifted(z, (features.astype(np.complex128), targets, shape)).imag / h

    product.made_from = value  # type: ignore[attr-defined]
    return product
