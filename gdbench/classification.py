"""The second-derivative test: minimum, maximum, saddle, or more than it can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gdbench.derivatives import plan_at
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.number import real
from gdbench.problems.base import Array, Problem

KINDS = ("minimum", "maximum", "saddle", "inconclusive", "not critical")

#: An eigenvalue counts as zero within C * n * eps * |H|: room for the rounding of H and of its eigenvalues.
C = 10.0
#: ... and within so many times what H changes by over the step that Newton would still take. Near a degenerate point
#: that step is a fixed share of the distance, 1/2 for x^3 and 1/3 for x^4; 2 would just do, for x^3.
AHEAD = 4.0
#: Longest step to look ahead, relative to max(1, |x|): where H is nearly singular Newton's step means nothing.
FARTHEST = 1e-3
#: A slope counts as zero within this times max(1, |H|): about the distance to where it vanishes.
SLOPE = 1e-5


@dataclass(frozen=True)
class Classification:
    """What the second derivatives say of a point.

    Attributes
    ----------
    kind: ``"minimum"``, ``"maximum"``, ``"saddle"``, ``"inconclusive"`` or ``"not critical"``.
    index: number of eigenvalues below -threshold: directions in which the function falls away.
    eigenvalues: of the Hessian, (n,), ascending.
    threshold: within it an eigenvalue counts as zero.
    slope: largest |df/dx_i|.
    """

    kind: str
    index: int
    eigenvalues: Array = field(compare=False)
    threshold: float
    slope: float

    def __str__(self) -> str:
        """One line.

        >>> print(Classification("saddle", 1, np.array([-2.0, 3.0]), 1e-14, 0.0))
        saddle of index 1: eigenvalues -2, 3 (zero within 1e-14), largest slope 0
        """
        what = f"saddle of index {self.index}" if self.kind == "saddle" else self.kind
        told = ", ".join(f"{value:.6g}" for value in self.eigenvalues[:6]) + ", ..." * (len(self.eigenvalues) > 6)
        return f"{what}: eigenvalues {told} (zero within {self.threshold:.2g}), largest slope {self.slope:.2g}"


def classify(
    problem: Problem | str | Callable[..., float], x: Any, *, tolerance: float | None = None
) -> Classification:
    """The second-derivative test at a point.

    All eigenvalues of the Hessian H above t make a minimum, all below -t a maximum, some on either side beyond t a
    saddle; anything else is inconclusive: the test cannot tell. The threshold t adds what H may be wrong by:

        t = c n eps |H| + 4 |H(x + d) - H(x)|        with c = 10, the spectral norm, and d the Newton step,

    the second term because a point found is never the critical point itself: near x = 0 the curvature 12 x^2 of x^4
    is positive and yet tells nothing. Where H comes from differences, eps becomes eps^(2/3) (eps^(4/9) where the slope
    does too), and what H changes by when their step is doubled is added, a measure of their truncation; where
    the slope does, d grows by what its own error, eps^(2/3), moves its zero.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point, (n,).
    tolerance: the slope counts as zero within tolerance * max(1, |H|); 1e-5 by default. Beyond, the point is
        ``"not critical"``.

    Raises
    ------
    InputError: x is not one finite point of n numbers, or slope or Hessian are not finite there.

    Examples
    --------
    >>> print(classify("himmelblau", [3.0, 2.0]).kind, classify("monkey-saddle", [0.0, 0.0]).kind)
    minimum inconclusive
    >>> def hill(x):
    ...     return 1 - x[0] ** 2 - 2 * x[1] ** 2
    >>> classify(hill, [0.0, 0.0]).kind
    'maximum'
    """
    if tolerance is not None and not real(tolerance) >= 0:
        raise InputError(f"tolerance must be a number of at least 0, not {tolerance!r}.")
    return judged(plan_at(problem, x), SLOPE if tolerance is None else real(tolerance))


def judged(plan: Plan, tolerance: float) -> Classification:
    """:func:`classify` at the plan's start."""
    from gdbench.devices.cpu.descend import Slope
    from gdbench.devices.cpu.hessian import Curvature

    x, n = plan.x0, plan.x0.size
    known = plan.problem.hessian is not None
    g, H, there = np.empty(n), np.empty((n, n)), np.empty((n, n))
    curvature = Curvature(plan, known)
    f = Slope(plan)(x, g)
    curvature(x, H)
    if not (np.all(np.isfinite(g)) and np.all(np.isfinite(H))):
        raise InputError(f"{plan.problem.name} has no finite slope and Hessian at this point; give another.")
    slope, size = float(np.max(np.abs(g))), float(np.linalg.norm(H, 2))

    eps = float(np.finfo(float).eps)
    if known:
        threshold = C * n * eps * size
    else:
        # The rounding of a second difference of values is that of f over h h', which counts where H itself is small.
        precise = plan.problem.gradient is not None
        threshold = C * n * (eps ** (2 / 3) * size if precise else eps ** (4 / 9) * max(size, abs(f)))
        curvature(x, there, wider=2.0)
        threshold += _change(H, there)
    eigenvalues, axes = np.linalg.eigh(H)
    # A slope of central differences is off by about eps^(2/3), which moves its zero along the flattest axis.
    flattest = int(np.argmin(np.abs(eigenvalues)))
    noise = 0.0 if plan.problem.gradient is not None else eps ** (2 / 3) * max(1.0, size, abs(f))
    reach = noise / max(abs(float(eigenvalues[flattest])), eps)
    ahead = np.linalg.lstsq(H, -g, rcond=None)[0] + reach * axes[:, flattest]
    ahead *= min(1.0, FARTHEST * max(1.0, float(np.linalg.norm(x))) / max(float(np.linalg.norm(ahead)), eps))
    curvature(x + ahead, there)
    threshold += AHEAD * _change(H, there)

    index, upward = int(np.sum(eigenvalues < -threshold)), int(np.sum(eigenvalues > threshold))
    if slope > tolerance * max(1.0, size):
        kind = "not critical"
    elif upward == n:
        kind = "minimum"
    elif index == n:
        kind = "maximum"
    else:
        kind = "saddle" if index and upward else "inconclusive"
    return Classification(kind, index, eigenvalues, threshold, slope)


def _change(H: Array, there: Array) -> float:
    """|there - H|; inf where ``there`` is not finite, which leaves everything open."""
    return float(np.linalg.norm(there - H, 2)) if np.all(np.isfinite(there)) else np.inf
