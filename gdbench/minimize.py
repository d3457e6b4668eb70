"""The public verb: join a problem, a gradient, a method and a device, and descend.

Everything is checked here, before anything is compiled; the device then runs the plan in blocks of
iterations, and between two blocks this file watches the clock and calls back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_step
from gdbench.arrays import check_kind, checked_dtype
from gdbench.counts import NAMES
from gdbench.devices.log import FEW
from gdbench.devices.place import in_use, place
from gdbench.devices.plan import HISTORY
from gdbench.errors import InputError
from gdbench.gradients.base import Gradient
from gdbench.limits import GTOL, check_limits
from gdbench.many_starts import many
from gdbench.methods.averaging import PolyakRuppert
from gdbench.methods.base import Direction, Method, Search, Step
from gdbench.problems.base import Array, Data, Problem
from gdbench.repeated import plan_again
from gdbench.result import Result
from gdbench.starting import start
from gdbench.status import MAXITER, MAXTIME, RUNNING, STOPPED, Status
from gdbench.watching import check_callback, note_progress

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan, Run

#: Between two looks at the clock a descent may run about this long.
SECONDS_A_BLOCK = 0.02
#: A step asks for about so many slopes, or takes as long, at most.
SLOPES_A_STEP = 20
#: What asking for a slope takes, however cheap the slope is.
SECONDS_A_CALL = 3e-5
_ENDS = {int(status): (status, status.success, status.message) for status in Status}


def minimize(
    problem: Problem | str | Callable[..., float],
    x0: Any = None,
    *,
    gradient: str | Gradient | Callable[..., Any] = "auto",
    direction: str | Direction = "steepest",
    step: str | float | Step | None = None,
    method: str | Method | Search | PolyakRuppert | None = None,
    batch_size: int | None = None,
    data: Data | None = None,
    hess: Callable[..., Any] | None = None,
    maxiter: int = 1000,
    maxfev: int | None = None,
    maxtime: float | None = None,
    gtol: float | None = GTOL,
    ftol: float | None = None,
    fatol: float | None = None,
    frtol: float | None = None,
    xtol: float | None = None,
    xatol: float | None = None,
    xrtol: float | None = None,
    fun_target: float | None = None,
    history: bool | str = True,
    dtype: str = "float64",
    device: str = "cpu",
    seed: int = 0,
    callback: Callable[..., Any] | None = None,
    bounds: None = None,
) -> Result:
    """Minimise a function by descending from x0.

    At every step x <- x + step_size * direction, where the direction is made of the slope and the slope
    comes from ``gradient``; or, with a search for a method, without any slope.

    Parameters
    ----------
    problem: a Problem, the name of one (``"rosenbrock"``), or a plain Python function ``f(x) -> float`` (or
        ``f(x, data)``), which is compiled.
    x0: start (n,), or (S, n) for S descents at once; None for the problem's own. Whole numbers, lists and the
        problem's own start are converted to ``dtype``; an array of another floating dtype is refused.
    gradient: ``"reverse-ad"``, ``"3-point"``, ``"analytic"``, ... (``gdbench list gradients``), a Gradient, or a
        function ``jac(x) -> (n,)``;
        ``"auto"`` takes the analytic slope where there is one, else ``"reverse-ad"`` where the function can be
        recorded, else ``"3-point"``.
    direction: ``"steepest"``, ``"momentum"``, ``"adam"``, ``"cg-pr"``, ``"bfgs"``, ``"lbfgs"``, any other name in
        ``gdbench.DIRECTIONS``, or a Direction.
    step: a number for a fixed step size, a name in ``gdbench.STEPS`` (``"armijo"``, ``"strong-wolfe"``, ``"cosine"``,
        ...), or a Step; None for ``"strong-wolfe"`` with conjugate gradients, BFGS and L-BFGS, ``"damped"`` or
        ``"trust-radius"`` with second-order directions, and 1e-3 otherwise.
    method: in place of direction: one of its names, one in ``gdbench.SECOND_ORDER`` (``"newton"``, ``"newton-cg"``,
        ``"trust-ncg"``, ``"gauss-newton"``, ``"levenberg-marquardt"``, ...; ``"kfac"`` on a network's mini-batches),
        ``"sgd"`` (mini-batches of 32 rows), ``"random-search"``, ``"random-local-search"``,
        ``"random-local-search-adaptive"``, or a Method, a Search, or a PolyakRuppert of one of them.
    batch_size: rows a step looks at, for problems with data; None for all.
    data: (features, targets, shape) for a bare ``f(x, data)``, features and targets of one floating dtype, which are
        converted to ``dtype``.
    hess: the Hessian for a second-order method, ``hess(x) -> (n, n)``, or ``hess(x, data, out)`` writing into ``out``.
    maxiter, maxfev, maxtime: limits on iterations, on evaluations of the value (finite differences
        included) and on seconds inside the descent.
    gtol: stop when the largest |slope| is at most this; fun_target: when the value is at most this.
    fatol, frtol: absolute and relative: stop when the value changes, from f' to f, by at most
        max(fatol, frtol * max(|f|, |f'|)); ftol: both at once, so ftol * max(|f|, |f'|, 1).
    xatol, xrtol: absolute and relative: stop when no variable moves by more than max(xatol, xrtol * |x_i|); xtol: both
        at once, so xtol * max(|x_i|, 1). Whatever is given twice counts as the looser. A relative tolerance alone means
        the same at every scale, and is seldom met on the way to a value, or variable, of 0.
        None switches a test off. Mini-batches, which never see the whole value, end by the limits alone, and a search
        by the limits and fun_target; a test that such a descent never makes is refused.
    history: record every iteration; ``"x"`` keeps the points too. S starts keep neither, and refuse ``"x"``.
    dtype: ``"float64"`` or ``"float32"``.
    device: ``"cpu"``, or ``"cuda"`` for many starts (a thread each; of a search, start s draws with seed + s) and for
        ``"random-search"`` (a thread a proposal); ``"cuda:1"``: of several devices, the second.
    seed: of mini-batches and searches; the same draws on every device.
    callback: called as ``callback(state)`` after every iteration, with fields x, fun, nit; raising
        StopIteration ends the descent. What else it raises reaches the caller with a note (``__notes__``) of the
        iteration, the best value so far and, up to 10 variables, the best point.
    bounds: must be None: x may go anywhere.

    Returns
    -------
    Result. A diverging descent is a status in it, not an exception.

    Raises
    ------
    InputError: an argument is wrong; one sentence says which, and what would be right.
    CompileError: the function cannot be compiled; the sentence names the line and the reason.

    Examples
    --------
    >>> import gdbench
    >>> def valley(x):
    ...     return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> result = gdbench.minimize(valley, [-1.2, 1.0], method="adam", step=0.05, maxiter=5000)
    >>> result.success, result.x.round(3).tolist()
    (True, [1.0, 1.0])
    >>> gdbench.minimize(valley, [-1.2, 1.0], gradient="3-point", maxiter=10).nfev_fd  # 4 values a slope, 11 slopes
    44
    """
    if bounds is not None:
        raise InputError("gdbench descends without bounds; leave them out, or substitute variables that keep them.")
    check_limits(maxiter, maxtime)
    check_callback(callback)
    check_kind(x0, checked_dtype(dtype))
    if averaged := isinstance(method, PolyakRuppert):
        method = method.over(int(maxiter), checked_step(step), batch_size)
        step = batch_size = None
    plan = plan_again(
        problem, x0, gradient=gradient, direction=direction, step=step, method=method, batch_size=batch_size,
        data=data, hess=hess, gtol=gtol, ftol=ftol, fatol=fatol, frtol=frtol, xtol=xtol, xatol=xatol, xrtol=xrtol,
        fun_target=fun_target, maxfev=maxfev, history=history, dtype=dtype, seed=seed,
    )  # fmt: skip
    where = place(device)
    if plan.x0.ndim == 2:
        if averaged:
            raise InputError("PolyakRuppert averages one descent; give x0 of shape (n,).")
        if callback is not None or maxtime is not None:
            raise InputError("callback and maxtime work on one start; leave them out, or give x0 of shape (n,).")
        return many(plan, maxiter, where)
    began = time.perf_counter()
    with in_use(where):
        run = start(plan, device)
        clock = SimpleNamespace(seconds=0.0, compile=time.perf_counter() - began)
        status, seconds_at = _drive(run, maxiter, maxtime, callback, clock)
    return _result(plan, run, status, clock, seconds_at)


def _drive(
    run: Run, maxiter: int, maxtime: float | None, callback: Callable[..., Any] | None, clock: SimpleNamespace
) -> tuple[int, list[tuple[int, float]]]:
    """Advance block by block; returns the status and (iterations, seconds) after each block."""

    def timed(work: Callable[..., int], *arguments: int) -> tuple[int, float]:
        began = time.perf_counter()
        status = work(*arguments)
        took = time.perf_counter() - began
        clock.seconds += took
        return status, took

    status, took = timed(run.begin)
    seconds_at = [(0, clock.seconds)]
    block = 1
    if callback is None and maxtime is None:  # the slope at the start tells about how dear a step is
        block = max(1, min(FEW, int(SECONDS_A_BLOCK / max(took - SECONDS_A_CALL, 1e-9) / SLOPES_A_STEP)))
    while status == RUNNING and run.k < maxiter:
        if maxtime is not None and clock.seconds >= maxtime:
            return MAXTIME, seconds_at
        status, took = timed(run.advance, min(block, maxiter - run.k))
        seconds_at.append((run.k, clock.seconds))
        if callback is not None:
            try:
                callback(SimpleNamespace(x=run.x.copy(), fun=run.fun, nit=run.k))
            except StopIteration:
                return STOPPED, seconds_at
            except BaseException as error:  # an interruption too, for what was measured is as much worth then
                note_progress(error, run.k, run.fun_best, run.x_best)
                raise
        elif took < SECONDS_A_BLOCK:
            block *= 2
    return (MAXITER if status == RUNNING else status), seconds_at


def _result(plan: Plan, run: Run, code: int, clock: SimpleNamespace, seconds_at: list[tuple[int, float]]) -> Result:
    status, success, message = _ENDS[code]
    mean = run.average
    x, jac, fun, x_best, fun_best = run.x if mean is None else mean, run.jac, run.fun, run.x_best, run.fun_best
    batches = isinstance(plan.method, Method) and plan.method.batch_size is not None
    if batches or mean is not None:
        from gdbench.devices.cpu.descend import Slope

        slope = Slope(plan)  # uncounted, the clock has stopped
        if batches:
            fun = fun_best = slope.value(x)  # over all rows
            x_best = x
        else:
            jac = np.zeros_like(x)
            fun = slope(x, jac)
    history = None
    if plan.history:
        rows = run.history()
        history = {name: rows[:, i] for i, name in enumerate(HISTORY)}
        history["seconds"] = _seconds(len(rows), seconds_at)
    return Result(
        x=x,
        fun=fun,
        jac=jac,
        success=success,
        status=status,
        message=message,
        nit=run.k,
        **dict(zip(NAMES, run.counts.tolist())),
        x_best=x_best,
        fun_best=fun_best,
        x_last=None if mean is None else run.x,
        hess=getattr(run, "hess", None),
        indefinite=getattr(run, "indefinite", None),
        history=history,
        trajectory=run.trajectory() if plan.trajectory else None,
        seconds=clock.seconds,
        seconds_compile=clock.compile,
    )


def _seconds(rows: int, seconds_at: list[tuple[int, float]]) -> Array:
    """The seconds at every row: blocks are timed, not iterations, so in between they are read off the straight line."""
    at = np.arange(rows)
    if len(seconds_at) == 2:  # one block: what np.interp would say, sooner
        (_, begun), (k, ended) = seconds_at
        return begun + at * ((ended - begun) / max(k, 1))
    iterations, seconds = zip(*seconds_at)
    between: Array = np.interp(at, iterations, seconds)
    return between
