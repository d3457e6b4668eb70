"""The public verb that asks whether a slope is right: held against central differences, coordinate by coordinate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.counts import NAMES, NFEV_FD
from gdbench.derivatives import check_value, enter, plan_at
from gdbench.errors import InputError
from gdbench.gradients.base import Gradient
from gdbench.gradients.differences import checked_step, step_for
from gdbench.number import checked_whole
from gdbench.problems.base import Array, Problem

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan

GOOD, SUSPICIOUS, WRONG = 1e-7, 1e-4, 1e-2
EVERY = 64  # variables up to which all are checked


@dataclass(frozen=True)
class GradientCheck:
    """What :func:`check_gradient` found; true where the slope is good.

    Attributes
    ----------
    verdict: "good", "acceptable (kinks?)", "suspicious" or "wrong".
    relative: the largest |a - n| / max(|a|, |n|), less what differences cannot tell.
    absolute: the largest |a - n|.
    coordinate: where the relative error is largest; None where that is along the random direction.
    block: the parameter block of that coordinate, "" where the problem names none.
    analytic, numeric: a and n there.
    kinks: coordinates along which f bends sharply within h.
    checked, n: coordinates checked, and all of them.
    name: of the function.
    """

    verdict: str
    relative: float
    absolute: float
    coordinate: int | None
    block: str
    analytic: float
    numeric: float
    kinks: tuple[int, ...]
    checked: int
    n: int
    name: str

    def __bool__(self) -> bool:
        return self.verdict == "good"

    def __str__(self) -> str:
        place = "along a random direction" if self.coordinate is None else f"at x[{self.coordinate}]"
        lines = [
            f"{self.name}: the slope is {self.verdict}; {self.checked} of {self.n} coordinates checked.",
            f"  largest relative error {self.relative:.1e} {place}{f' (block {self.block})' if self.block else ''}: "
            f"slope {self.analytic:.10g}, differences {self.numeric:.10g}",
            f"  largest absolute error {self.absolute:.1e}",
        ]
        if self.kinks:
            few = ", ".join(f"x[{i}]" for i in self.kinks[:5]) + (", ..." if len(self.kinks) > 5 else "")
            lines.append(f"  a kink was crossed within h along {few}: any slope between its two sides passes")
        return "\n".join(lines)


def check_gradient(
    problem: Problem | str | Callable[..., float],
    x: Any = None,
    gradient: str | Gradient | Callable[..., Any] | None = None,
    *,
    h: float | None = None,
    samples: int = 8,
    seed: int = 0,
    counts: dict[str, int] | None = None,
) -> GradientCheck:
    """Hold a slope a against central differences n, by |a - n| / max(|a|, |n|); 0 where both are 0.

    n extrapolates the differences at h and h/2. What they cannot tell is not held against the slope: rounding,
    8 eps |f| / h, and their own disagreement. Where f has a kink within h (the gap between one-sided differences does
    not shrink with h) the kink is named and h divided by 32, twice at most; at a kink that is still there, every slope
    between the two sides passes.

    Verdict by the largest relative error: above 1e-2 wrong, above 1e-4 suspicious, above 1e-7 acceptable (kinks?),
    else good.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point, (n,), finite; None for the problem's own start.
    gradient: the slope to be checked: ``jac(x) -> (n,)``, ``jac(x, data, out) -> value``, or the name of a source; None
        for the problem's own.
    h: absolute step; None for eps^(1/3) max(1, |x_i|).
    samples: of more than 64 variables, so many of every parameter block are checked (that of the steepest slope
        among them), and one random direction.
    seed: of the samples and the direction.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.

    Raises
    ------
    InputError: x is not one finite point of n numbers, f or the slope is not finite there, or there is no slope.

    References
    ----------
    Stanford CS231n, Neural networks 3, gradient checks; Nocedal and Wright (2006), section 8.1.

    Examples
    --------
    >>> def bowl(x):
    ...     return x[0] ** 2 + 3 * x[1] ** 2
    >>> def slope(x):
    ...     return [2 * x[0], 5 * x[1]]
    >>> print(check_gradient(bowl, [1.0, 1.0], slope))
    bowl: the slope is wrong; 2 of 2 coordinates checked.
      largest relative error 1.7e-01 at x[1]: slope 5, differences 6
      largest absolute error 1.0e+00
    """
    from gdbench.devices.cpu.descend import Slope

    checked_step(h, "check_gradient")
    samples, seed = checked_whole("samples", samples, 1), checked_whole("seed", seed, 0)
    plan = plan_at(problem, x, "analytic" if gradient is None else gradient)
    _check_shape(gradient, plan.x0)
    check_value(plan)
    slope, a = Slope(plan), np.empty_like(plan.x0)
    slope(plan.x0, a)
    if not np.all(np.isfinite(a)):
        i = int(np.argmin(np.isfinite(a)))
        raise InputError(f"{plan.problem.name}: the slope's entry {i} is {a[i]} at x; every entry must be finite.")
    rng = np.random.default_rng(seed)
    chosen = _coordinates(plan, a, samples, rng)
    rows = [_along(slope.value, plan.x0, _unit(i, a.size), float(a[i]), _step(plan.x0[i], h)) for i in chosen]
    if len(chosen) < a.size:
        v = rng.standard_normal(a.size)
        v /= np.linalg.norm(v)
        rows.append(_along(slope.value, plan.x0, v, float(a @ v), _step(float(np.abs(plan.x0).max()), h)))
    slope.counts[NFEV_FD] += sum(row.values for row in rows)
    enter(dict(zip(NAMES, slope.counts)), counts)
    worst = max(range(len(rows)), key=lambda k: rows[k].relative)
    at = chosen[worst] if worst < len(chosen) else None
    return GradientCheck(
        verdict=_verdict(rows[worst].relative),
        relative=rows[worst].relative,
        absolute=max(row.absolute for row in rows),
        coordinate=at,
        block="" if at is None else _block_of(plan.problem, at),
        analytic=rows[worst].analytic,
        numeric=rows[worst].numeric,
        kinks=tuple(i for i, row in zip(chosen, rows) if row.kink),
        checked=len(chosen),
        n=a.size,
        name=plan.problem.name,
    )


@dataclass(frozen=True)
class _Row:
    """A slope and its differences along one direction; ``values`` were asked for."""

    relative: float
    absolute: float
    analytic: float
    numeric: float
    kink: bool
    values: int = 5


def _along(value: Callable[[Array], float], x: Array, v: Array, a: float, h: float) -> _Row:
    """The row at h, or at a shorter step that leaves the kink outside."""
    row = crossed = _row(value, x, v, a, h)
    for shorter in (h / 32, h / 1024) if crossed.kink else ():
        row = _row(value, x, v, a, shorter)
        row = replace(row, values=row.values + crossed.values)
        crossed = replace(crossed, values=row.values)
        if not row.kink:
            break
    return replace(row, kink=crossed.kink)


def _row(value: Callable[[Array], float], x: Array, v: Array, a: float, h: float) -> _Row:
    here, steps = value(x), (h, h / 2)
    with np.errstate(over="ignore"):  # told below
        ahead, behind = [value(x + s * v) for s in steps], [value(x - s * v) for s in steps]
    if not all(math.isfinite(f) for f in (*ahead, *behind)):
        raise InputError(f"the function is not finite within {h:g} of x; give a smaller h, or a point further inside.")
    forward = [(f - here) / s for f, s in zip(ahead, steps)]
    backward = [(here - f) / s for f, s in zip(behind, steps)]
    wide, narrow = ((f - b) / (2 * s) for f, b, s in zip(ahead, behind, steps))
    n = (4 * narrow - wide) / 3
    rounding = 4 * float(np.finfo(x.dtype).eps) * max(map(abs, (here, *ahead, *behind))) / (h / 2)
    # The gap between the sides is h f'' where f is smooth: it halves with h, and at a kink it does not.
    gaps = [f - b for f, b in zip(forward, backward)]
    steepest = max(map(abs, (*forward, *backward)))
    kink = abs(gaps[0] - 2 * gaps[1]) > 4 * rounding + GOOD * steepest
    if kink:
        low, high = min(*forward, *backward), max(*forward, *backward)
        miss = max(low - a, a - high, 0.0)
    else:
        miss = max(abs(a - n) - abs(wide - narrow), 0.0)
    scale = max(abs(a), abs(n))
    relative = 0.0 if miss <= rounding else miss / scale
    return _Row(relative, abs(a - n), a, n, kink)


def _verdict(relative: float) -> str:
    if relative > WRONG:
        return "wrong"
    if relative > SUSPICIOUS:
        return "suspicious"
    return "acceptable (kinks?)" if relative > GOOD else "good"


def _coordinates(plan: Plan, a: Array, samples: int, rng: np.random.Generator) -> list[int]:
    """All of a few variables; of many, some of each block, the steepest among them."""
    if a.size <= EVERY:
        return list(range(a.size))
    blocks = plan.problem.blocks or {"x": (0, (a.size,))}
    chosen: set[int] = set()
    for start, shape in blocks.values():
        size = math.prod(shape)
        chosen.add(start + int(np.argmax(np.abs(a[start : start + size]))))
        chosen.update(start + int(i) for i in rng.choice(size, min(samples - 1, size), replace=False))
    return sorted(chosen)


def _block_of(problem: Problem, i: int) -> str:
    return next((name for name, (o, shape) in problem.blocks.items() if o <= i < o + math.prod(shape)), "")


def _unit(i: int, n: int) -> Array:
    e = np.zeros(n)
    e[i] = 1.0
    return e


def _step(x_i: float, h: float | None) -> float:
    return step_for(x_i, h or 0.0, float(np.finfo(np.float64).eps) ** (1 / 3))


def _check_shape(gradient: object, x: Array) -> None:
    """A slope of one's own must have one entry a variable: compiled code would read a longer one without a word."""
    plain: Any = getattr(gradient, "py_func", gradient)
    code = getattr(plain, "__code__", None)
    if isinstance(gradient, Gradient | type) or code is None or code.co_argcount != 1:
        return
    try:
        shape = np.shape(plain(x.copy()))
    except Exception:  # what it raises is the compiler's to say
        return
    if shape != x.shape:
        raise InputError(f"{plain.__name__} must return an array of shape {x.shape}, not {shape}.")
