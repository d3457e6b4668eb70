"""K-FAC: on mini-batches, a natural gradient by blocks, one a layer, each the Kronecker product of two small matrices.

For a layer with inputs a and slopes g at its sums, ``problems/mlp_kronecker.py`` averages A = E[a a.T] and
G = E[g g.T]; the Fisher matrix is taken to be A (x) G, whose inverse is that of A and that of G. A network of
784-128-10 has one of 101,770 rows; its factors have 785, 128, 129 and 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gdbench.errors import InputError
from gdbench.methods.base import Method, Schedule
from gdbench.methods.second_order.base import SecondOrder
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Array, Problem


@dataclass(frozen=True)
class Kfac(SecondOrder):
    """d = -(F + damping I)^-1 g with F = A (x) G for each layer by itself; only networks have it, on mini-batches.

    With V the slope of a layer's weights, (inputs + 1, units), D = -(A + pi r I)^-1 V (G + r/pi I)^-1, where
    r = sqrt(damping) and pi^2 = (tr A / dim A) / (tr G / dim G). G is of labels drawn from the network's own softmax
    (the true Fisher matrix, not the empirical one). The averages of A and G keep min(1 - 1/t, decay) of themselves at
    the t-th estimate. d is shortened so that step_size^2 |g.d| <= 2 clip: by its own measure a step moves the network's
    answers by a Kullback-Leibler divergence of at most ``clip``. Then v' = momentum v + d, x' = x + step_size v'.

    The inverses are made in float64, by Cholesky. ``Result.nhev`` counts the estimates of the factors.

    Parameters
    ----------
    damping: > 0; of a penalty's curvature, 2 l2, F knows nothing: it may be added here.
    decay: in [0, 1); what the averages keep.
    momentum: in [0, 1).
    clip: > 0, in nats.
    factors_every: steps between two estimates of the factors, at least 1.
    inverses_every: steps between two inversions, at least 1.

    Raises
    ------
    InputError: a setting out of range; from minimize, a problem without layers, no batch_size, or a step that is no
        number and no schedule.

    Source: Martens and Grosse (2015), Optimizing Neural Networks with Kronecker-factored Approximate Curvature, ICML,
    sections 3, 4.2, 5 and 6.3 (without the rescaling of 6.4); the clip: Wu et al. (2017), Scalable trust-region
    method for deep reinforcement learning, NIPS, section 3.2.

    >>> import gdbench
    >>> result = gdbench.minimize(gdbench.PROBLEMS["mlp"](hidden=8), method="kfac", batch_size=50, maxiter=100)
    >>> bool(result.fun < 0.1)  # it was 1.1
    True
    """

    name = "kfac"
    needs = "kronecker"
    on_batches = True
    default_step = Fixed(0.3)
    damping: float = 1e-2
    decay: float = 0.95
    momentum: float = 0.9
    clip: float = 1e-3
    factors_every: int = 1
    inverses_every: int = 10

    def __post_init__(self) -> None:
        self._positive("damping")
        self._between("decay", 0, 1)
        self._between("momentum", 0, 1)
        self._positive("clip")
        self._whole("factors_every", 1)
        self._whole("inverses_every", 1)

    def kept(self, estimates: int) -> float:
        """The share of the averages that is kept at an estimate, counted from 0.

        >>> [round(Kfac().kept(t), 2) for t in (0, 1, 2, 1000)]
        [0.0, 0.5, 0.67, 0.95]
        """
        return min(estimates / (estimates + 1), self.decay)


def check_layers(problem: Problem, method: Method) -> None:
    """Refuse what K-FAC cannot do: a problem without layers, all rows at once, steps that compare values."""
    if problem.kronecker is None:
        raise InputError(
            f"{problem.name} has no layers, of which kfac makes its curvature; use 'newton-cg', or an 'mlp' problem."
        )
    if method.batch_size is None:
        raise InputError(f"kfac goes by mini-batches; give batch_size, {problem.rows} for all rows of {problem.name}.")
    if not isinstance(method.step, Schedule):
        raise InputError(f"kfac takes a number or a schedule for step, not {method.step.name!r}.")


def factors_of(flat: Array, layers: Sequence[tuple[int, int]]) -> list[tuple[Array, Array]]:
    """The pairs (A (inputs + 1, inputs + 1), G (units, units)) that lie one behind the other in ``flat``; no copy.

    >>> [(A.shape, G.shape) for A, G in factors_of(np.zeros(factors_size([(2, 3), (3, 1)])), [(2, 3), (3, 1)])]
    [((3, 3), (3, 3)), ((4, 4), (1, 1))]
    """
    found, start = [], 0
    for inputs, units in layers:
        between, end = start + (inputs + 1) ** 2, start + (inputs + 1) ** 2 + units**2
        found.append((flat[start:between].reshape(inputs + 1, -1), flat[between:end].reshape(units, units)))
        start = end
    return found


def factors_size(layers: Sequence[tuple[int, int]]) -> int:
    """How many numbers the factors of all layers are."""
    return sum((inputs + 1) ** 2 + units**2 for inputs, units in layers)


def damped_inverses(A: Array, G: Array, damping: float) -> tuple[Array, Array] | None:
    """(A + pi r I)^-1 and (G + r/pi I)^-1, r^2 = damping, in their dtype; None where a factor is no finite matrix.

    >>> inverses = damped_inverses(np.array([[4.0]]), np.array([[1.0]]), damping=1.0)
    >>> [round(inverse.item(), 6) for inverse in inverses]
    [0.166667, 0.666667]
    """
    sizes = [float(np.trace(factor, dtype=np.float64)) / len(factor) for factor in (A, G)]
    # A slope of exactly 0 in every unit (all of them idle) leaves nothing to balance.
    balance = math.sqrt(sizes[0] / sizes[1]) if all(0.0 < size < math.inf for size in sizes) else 1.0
    inverses = [_inverse(A, balance * math.sqrt(damping)), _inverse(G, math.sqrt(damping) / balance)]
    return None if inverses[0] is None or inverses[1] is None else (inverses[0], inverses[1])


def _inverse(factor: Array, shift: float) -> Array | None:
    """(factor + shift I)^-1 by Cholesky, computed in float64."""
    from scipy.linalg.lapack import dpotrf, dpotri

    damped = factor.astype(np.float64)
    damped[np.diag_indices_from(damped)] += shift
    if not np.isfinite(damped).all():
        return None
    # LAPACK reads columns first: of a symmetric matrix the transposed view is the same one, without a copy.
    triangle, failed = dpotrf(damped.T, lower=1, overwrite_a=1)
    if failed:
        return None
    inverse, failed = dpotri(triangle, lower=1, overwrite_c=1)
    if failed:
        return None
    whole: Array = np.tril(inverse) + np.tril(inverse, -1).T
    return np.ascontiguousarray(whole, factor.dtype)


def natural_direction(g: Array, inverses: Sequence[tuple[Array, Array]], out: Array) -> None:
    """Write -A^-1 V G^-1 of every layer into ``out``, flat like the slope g."""
    start = 0
    for A, G in inverses:
        end = start + len(A) * len(G)
        layer = g[start:end].reshape(len(A), len(G))
        np.matmul(A @ layer, -G, out=out[start:end].reshape(len(A), len(G)))
        start = end
