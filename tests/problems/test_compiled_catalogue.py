"""Numba compiles every problem of the catalogue as the CPU's loops do, and the answers are CPython's."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_allclose

from gdbench.devices.cpu.compile import OPTIONS, data, inlined, matrix, vector
from gdbench.devices.source import rebound
from gdbench.problems import PROBLEMS

DATA_FITTED = ("least-squares", "mlp", "softmax", "svm")  # compiled in test_compiled_problems.py
NAMES = [name for name in PROBLEMS if name not in DATA_FITTED]
#: One of each kind in single precision: a table, an angle, a chain, sizes that travel in the data.
SINGLE = ("bard", "broyden-tridiagonal", "helical-valley", "linear-full-rank")


# The names below are bound when a problem is compiled: all of its functions at once, which is quicker than one by one.
def smooth(x, data, slope, bends):  # pragma: no cover
    f = gradient(x, data, slope)  # noqa: F821
    hessian(x, data, bends)  # noqa: F821
    return f - value(x, data)  # noqa: F821


def squares(x, data, slope, bends, r, rows):  # pragma: no cover
    residuals(x, data, r)  # noqa: F821
    jacobian(x, data, rows)  # noqa: F821
    f = gradient(x, data, slope)  # noqa: F821
    hessian(x, data, bends)  # noqa: F821
    return f - value(x, data)  # noqa: F821


def outputs(problem, dtype):
    sizes = [(problem.n,), (problem.n, problem.n), (problem.m,), (problem.m, problem.n)]
    return [np.full(size, np.nan, dtype) for size in (sizes if problem.m else sizes[:2])]


def agrees(problem, dtype, tolerance):
    template = squares if problem.m else smooth
    functions = ("value", "gradient", "hessian", "residuals", "jacobian")
    plain = {name: getattr(problem, name) for name in functions if getattr(problem, name) is not None}
    fast = rebound(template, {name: inlined(function) for name, function in plain.items()})
    x = (problem.x0 + np.random.default_rng(0).uniform(0.05, 0.15, problem.n)).astype(dtype)
    rows = (problem.data[0].astype(dtype), problem.data[1].astype(dtype), problem.data[2])
    mine, numbas = outputs(problem, dtype), outputs(problem, dtype)
    kinds = [vector(dtype) if out.ndim == 1 else matrix(dtype) for out in numbas]
    compiled = njit((vector(dtype), data(dtype), *kinds), **OPTIONS)(fast)
    difference = compiled(x, rows, *numbas)
    rebound(template, plain)(x, rows, *mine)
    assert compiled.overloads[compiled.signatures[0]].signature.return_type.name == dtype.name
    assert abs(difference) <= tolerance * abs(problem.value(x, rows))
    for ours, theirs in zip(mine, numbas):
        assert_allclose(theirs, ours, rtol=tolerance, atol=tolerance * np.abs(ours).max())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_double_precision(name):
    agrees(PROBLEMS[name](), np.dtype("float64"), 1e-12)


@pytest.mark.parametrize("name", SINGLE)
def test_single_precision(name):
    agrees(PROBLEMS[name](), np.dtype("float32"), 1e-4)
