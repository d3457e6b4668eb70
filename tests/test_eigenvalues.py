"""The ends of the Hessian's spectrum against dense eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdbench
from gdbench import PROBLEMS, InputError, hessian_eigenvalues

NETWORK = PROBLEMS["mlp"](hidden=4, columns=6, activation="tanh")


@pytest.mark.parametrize("which", ["LA", "SA"])
@pytest.mark.parametrize("k", [1, 3])
def test_lanczos_against_dense_on_a_network(which, k):
    x = NETWORK.x0 + 0.3
    dense = np.linalg.eigvalsh(gdbench.hessian(NETWORK, x, "difference"))
    wanted = dense[:k] if which == "SA" else dense[::-1][:k]
    counts = {}
    found = hessian_eigenvalues(NETWORK, x, k, which=which, tol=1e-9, counts=counts)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9)
    assert 0 < counts["nhvp"] < 200
    np.testing.assert_array_equal(found, hessian_eigenvalues(NETWORK, x, k, which=which, tol=1e-9))


def test_known_spectrum_of_a_quadratic():
    found = hessian_eigenvalues(PROBLEMS["quadratic"](n=60, condition=50.0), k=60)
    assert found[0] / found[-1] == pytest.approx(50.0, rel=1e-9)
    top = hessian_eigenvalues(PROBLEMS["quadratic"](n=60, condition=50.0), k=2)
    np.testing.assert_allclose(top, found[:2], rtol=1e-6)


@pytest.mark.parametrize("source", ["r-operator", "reverse-ad", "difference"])
def test_sources_agree(source):
    exact = np.linalg.eigvalsh(gdbench.hessian(NETWORK, None, "difference"))[-1]
    assert hessian_eigenvalues(NETWORK, source=source)[0] == pytest.approx(exact, rel=1e-5)


def test_a_plain_function_and_a_hessian_of_zeros():
    assert hessian_eigenvalues(lambda x: 3 * x[0] ** 2 + x[1] ** 2, [1.0, 2.0]).tolist() == pytest.approx([6.0])

    def plane(x):
        total = x[0] * 0.0
        for i in range(x.size):
            total += x[i]
        return total

    assert hessian_eigenvalues(plane, np.ones(40), source="difference", tol=1e-3)[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"k": 3}, "2 variables"),
        ({"k": 0}, "k must be"),
        ({"which": "LM"}, "which"),
        ({"tol": 0.0}, "tol"),
        ({"source": "magic"}, "source"),
        ({"source": "r-operator"}, "brings no hvp"),
        ({"maxiter": 0}, "maxiter"),
        ({"x": np.ones((2, 2))}, "several points"),
        ({"x": [1e200, 1.0]}, "finite"),
    ],
)
def test_refusals(settings, words):
    with pytest.raises(InputError, match=words):
        hessian_eigenvalues("rosenbrock", **settings)


def test_too_few_restarts_are_told():
    with pytest.raises(InputError, match="restarts"):
        hessian_eigenvalues(PROBLEMS["quadratic"](n=400, condition=1e6), k=1, which="SA", maxiter=1, tol=1e-12)


@given(st.one_of(st.floats(allow_nan=True).filter(lambda t: not 0 < t < 1), st.text(), st.none()))
def test_bad_tolerances(tol):
    with pytest.raises(InputError, match="tol"):
        hessian_eigenvalues("rosenbrock", tol=tol)
