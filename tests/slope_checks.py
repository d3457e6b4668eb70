"""Derived functions run by CPython, and slopes that cannot share a mistake with them."""

import mpmath
import numpy as np

from gdbench.autodiff.derived import Derived
from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.problems.function import from_function


def derived(function, x, data=None):
    """Value and slope of a function at x, recorded there; or at ``at``, recorded at x."""
    problem = from_function(function, np.asarray(x, float), data=data)
    return Derived(problem.value, problem.x0, problem.data), problem


def slope(function, x, at=None, data=None, other=None):
    """(value, slope) at ``at``, as recorded at ``x``; on the rows ``other`` as recorded on ``data``."""
    made, problem = derived(function, x, data)
    gradient = made.gradient(Elsewhere(problem.value))
    point = np.asarray(x if at is None else at, float)
    out = np.full(point.size, np.nan)
    value = gradient(point, problem.data if other is None else other, out)
    return float(value), out


def complex_step(function, x, *arguments):
    """Im f(x + ih) / h: as good as the function."""
    x = np.asarray(x, float)
    found = np.empty(x.size)
    for i in range(x.size):
        moved = x.astype(complex)
        moved[i] += 1e-200j
        found[i] = complex(function(moved, *arguments)).imag / 1e-200
    return found


def exact(function, x, digits=50):
    """Slope by central differences of mpmath numbers, good to some 30 digits; the function takes a list."""
    with mpmath.workdps(digits):
        h = mpmath.mpf(10) ** (-digits // 3)
        point = [mpmath.mpf(float(v)) for v in x]
        found = []
        for i in range(len(point)):
            up, down = list(point), list(point)
            up[i], down[i] = point[i] + h, point[i] - h
            found.append(float((function(up) - function(down)) / (2 * h)))
    return np.array(found)


def assert_close(found, wanted, share=4e-15):
    """Equal but for a few roundings, as large as the largest entry has them."""
    wanted = np.asarray(wanted, float)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=share * max(1.0, float(np.max(np.abs(wanted)))))
