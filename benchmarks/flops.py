"""Floating-point operations of test functions by formula: what a contender has to do, however it does it.

Those of networks are in ``network_flops.py``, bytes in ``moved.py``, and ``slope_work.py`` says which source does what.
Additions, multiplications, divisions and roots count one each, and so does a negation. A complex addition is 2 of them,
a complex multiplication 6; where one of the factors is real, 2.
"""

from __future__ import annotations

#: Operations a variable that each direction makes of a given slope.
DIRECTIONS = {"steepest": 1, "sign": 0, "momentum": 2, "adam": 13}
#: And those of a whole step x - a d, where the negation goes into the subtraction.
STEPS = {"steepest": 2, "adam": 14}

# Rosenbrock's chain of n variables, 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2 added up over n - 1 links.


def rosenbrock_value(n: int) -> int:
    """8 a link: four multiplications, two subtractions, two additions."""
    return 8 * (n - 1)


def rosenbrock_gradient(n: int) -> int:
    """The value's, and 6 a link for the two entries of the slope."""
    return 14 * (n - 1)


def rosenbrock_slope(n: int) -> int:
    """The slope alone: the value's last 5 a link are left out."""
    return 9 * (n - 1)


def rosenbrock_hessian(n: int) -> int:
    """7 a link: three entries of a band, the one on the diagonal added to; the last entry of a link is a constant."""
    return 7 * (n - 1)


def rosenbrock_complex_value(n: int) -> int:
    """Three complex multiplications a link, one by the real 100, and four complex additions."""
    return (3 * 6 + 2 + 4 * 2) * (n - 1)


def rosenbrock_tangents(n: int) -> int:
    """In one direction, beside the value: 3 a product (a db + da b), 1 a product by 100, 1 an addition."""
    return (3 * 3 + 1 + 4) * (n - 1)


def rosenbrock_adjoints(n: int) -> int:
    """The way back, beside the value: 4 a product, each factor's adjoint growing by a product.

    2 a product by 100, 2 an addition, 1 one with a constant.
    """
    return (3 * 4 + 2 + 3 * 2 + 1) * (n - 1)


def rosenbrock_residuals(n: int) -> int:
    """10 (x[i+1] - x[i]^2) and 1 - x[i] of each link."""
    return 4 * (n - 1)


# Himmelblau's function of two variables, (x^2 + y - 11)^2 + (x + y^2 - 7)^2.


def himmelblau_slope() -> int:
    """3 for each of the two terms, then 4 for each entry."""
    return 2 * 3 + 2 * 4


def himmelblau_gradient() -> int:
    """The slope's, and two squares added up: the value."""
    return himmelblau_slope() + 3


# What a source makes of a function of n variables whose value, complex value, ... takes so many operations.


def forward_differences(n: int, value: int) -> int:
    """n + 1 values; a variable is moved, the step it really made found, the values subtracted and divided by it."""
    return (n + 1) * value + 4 * n


def central_differences(n: int, value: int) -> int:
    """2 n + 1 values; a variable is moved twice, the realised 2 h found, the values subtracted and divided by it."""
    return (2 * n + 1) * value + 5 * n


def complex_steps(n: int, value: int, complex_value: int) -> int:
    """n complex values, the imaginary part of each divided by h; and the value."""
    return n * (complex_value + 1) + value


def forward_mode(n: int, value: int, tangents: int, width: int) -> int:
    """Dual numbers with ``width`` directions each: the value in every pass, the tangents of every variable."""
    return -(-n // width) * value + n * tangents


def reverse_mode(value: int, adjoints: int) -> int:
    """Once forward, once back, whatever n."""
    return value + adjoints


def coloured_differences(n: int, residuals: int, m: int, seen: int, groups: int) -> int:
    """Central differences of m residuals, of which ``seen`` entries of the Jacobian are not 0, by groups of variables.

    All residuals twice a group, and once more, where their squares are added up; an entry multiplies a difference of
    two by the residual and is added to the slope; a variable takes 5, as in :func:`central_differences`.
    """
    return (2 * groups + 1) * residuals + 2 * m + 3 * seen + 5 * n


# Many values, and many steps.


def plane(points: int, n: int, value: int) -> int:
    """Values at center + a d + b e: 4 a variable to get there."""
    return points * (value + 4 * n)


def descent(steps: int, slopes: int, gradient: int, direction: str, n: int) -> int:
    """So many steps, and so many slopes: one more than steps where the last point is looked at too."""
    return steps * STEPS[direction] * n + slopes * gradient
