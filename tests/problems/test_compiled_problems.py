"""Numba compiles the plain functions with explicit types, and the answers are CPython's."""

from __future__ import annotations

import numpy as np
import pytest
from compiling import compiled
from numpy.testing import assert_allclose

from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.least_squares import least_squares
from gdbench.problems.mlp import mlp
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock
from gdbench.problems.softmax import softmax
from gdbench.problems.svm import svm

SIZES = {"rows": 6, "columns": 4, "classes": 3, "l2": 0.1}
ALL = ("value", "gradient", "hessian")
CASES = [
    (rosenbrock(n=5), "float64", ALL),
    (rosenbrock(n=5), "float32", ALL),
    (himmelblau(), "float64", ALL),
    (quadratic(n=3), "float64", ALL),
    (least_squares(rows=8, columns=3), "float64", ALL),
    (softmax(**SIZES), "float64", ALL),
    (svm(**SIZES), "float64", ALL),
    (mlp(hidden=(5, 4), activation="tanh", **SIZES), "float64", ("gradient",)),
    (mlp(hidden=(5, 4), activation="tanh", **SIZES), "complex128", ("value",)),
    (mlp(hidden=(5,), **SIZES), "float32", ("gradient",)),
]


@pytest.mark.parametrize(("problem", "precision", "names"), CASES, ids=[f"{case[0].name}-{case[1]}" for case in CASES])
def test_compiled_agrees_with_cpython(problem, precision, names):
    tolerance = 1e-5 if precision == "float32" else 1e-12
    features, targets, shape = problem.data
    data = (features.astype(precision), targets.astype(precision), shape)
    x = (problem.x0 + np.random.default_rng(0).uniform(-0.5, 0.5, problem.n)).astype(precision)
    for name in names:
        function = getattr(problem, name)
        if function is None:
            continue
        out_dims = ALL.index(name)
        outs = [np.full((problem.n,) * out_dims, np.nan, precision) for _ in range(2 if out_dims else 0)]
        fast = compiled(function, precision, out_dims=out_dims)(x, data, *outs[:1])
        slow = function(x, data, *outs[1:])
        if name == "hessian":
            assert fast is slow is None
        else:
            assert_allclose(fast, slow, rtol=tolerance)
        if outs:
            assert_allclose(*outs, rtol=tolerance, atol=tolerance)
