"""One-off slopes and Hessians: analytic against differences, and both against high precision."""

import mpmath
import numpy as np
import pytest

from gdbench.derivatives import gradient, hessian
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS

#: Problems with a derived Hessian, whatever their number of variables.
WITH_HESSIAN = ["himmelblau", "rosenbrock", "monkey-saddle", "cubic", "quartic", "booth"]


def wave(x):
    return np.sin(x[0]) * np.exp(x[1]) + x[0] * x[1] ** 2


def precise_wave(x, y):
    return mpmath.sin(x) * mpmath.exp(y) + x * y**2


@pytest.mark.parametrize("name", WITH_HESSIAN)
def test_hessian_by_differences_is_the_derived_one(name):
    x = PROBLEMS[name]().x0 + 0.3
    analytic, differences = hessian(name, x, "analytic"), hessian(name, x, "difference")
    np.testing.assert_allclose(differences, analytic, atol=1e-9 * np.abs(analytic).max())
    np.testing.assert_array_equal(differences, differences.T)
    np.testing.assert_array_equal(hessian(name, x), analytic)


def test_a_plain_function_against_forty_digits():
    x = [0.7, -0.4]
    with mpmath.workdps(40):
        slope = [float(mpmath.diff(precise_wave, x, order)) for order in ((1, 0), (0, 1))]
        curvature = [[float(mpmath.diff(precise_wave, x, order)) for order in row]
                     for row in (((2, 0), (1, 1)), ((1, 1), (0, 2)))]  # fmt: skip
    np.testing.assert_allclose(gradient(wave, x), slope, rtol=1e-9)
    np.testing.assert_allclose(hessian(wave, x), curvature, rtol=3e-6, atol=3e-7)


def test_a_slope_of_ones_own():
    def steep(x):
        return np.array([2.0 * x[0], 6.0 * x[1]])

    def bowl(x):
        return x[0] ** 2 + 3 * x[1] ** 2

    np.testing.assert_array_equal(gradient(bowl, [1.0, 2.0], steep), [2.0, 12.0])
    np.testing.assert_array_equal(gradient("himmelblau", [0.0, 0.0], "analytic"), [-14.0, -22.0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: hessian("himmelblau", [1.0]), "has 2 variables"),
        (lambda: hessian("himmelblau", [1.0, np.nan]), "finite"),
        (lambda: hessian("himmelblau", [[1.0, 2.0], [3.0, 4.0]]), "give one, of shape"),
        (lambda: gradient("himmelblau", "here"), "array of real numbers"),
        (lambda: hessian(wave, [1.0, 1.0], "analytic"), "use source='reverse-ad', or 'difference'"),
        (lambda: hessian("himmelblau", [1.0, 1.0], "guess"), "analytic"),
        (lambda: gradient(wave, [1.0, 1.0], "analytic"), "no derived slope"),
        (lambda: gradient(wave, None), "give x0"),
    ],
)
def test_bad_input_is_one_sentence(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        wrong()
    assert "\n" not in str(caught.value)
