"""The methods for SciPy: a callable for ``scipy.optimize.minimize(fun, x0, method=...)``.

Nothing is compiled here. The rules are plain Python and so is the loop below, the twin of the compiled one in
``devices/cpu/descend.py``; so any function SciPy takes will do, and a step costs microseconds instead of nanoseconds.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_gradient, checked_step
from gdbench.arrays import checked_x0
from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.loop import judge, largest, still
from gdbench.devices.plan import limits_array
from gdbench.errors import InputError, unknown
from gdbench.gradients.base import Gradient
from gdbench.limits import LIMITS, checked_limits
from gdbench.methods import find_method
from gdbench.methods.base import Direction, LineSearch, Method, Search, Step
from gdbench.methods.second_order.base import SecondOrder
from gdbench.number import checked_whole
from gdbench.problems.base import NO_DATA, Array, Problem
from gdbench.status import (
    CONVERGED_X,
    LINESEARCH_FAILED,
    MAXFEV,
    MAXITER,
    NONFINITE,
    RUNNING,
    STOPPED,
    Status,
)
from gdbench.watching import check_callback, note_progress

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


def scipy_method(
    method: str | Direction | Method = "bfgs", *, step: str | float | Step | None = None, gradient: str = "3-point"
) -> Callable[..., OptimizeResult]:
    """A method of gdbench as SciPy wants its methods.

    Parameters
    ----------
    method: the name of a direction (``"adam"``, ``"lbfgs"``, ...), a Direction or a Method without mini-batches.
    step: as in :func:`gdbench.minimize`; None for the direction's own.
    gradient: where the slope comes from if the call of SciPy brings no ``jac``: ``"2-point"`` or ``"3-point"``.

    Returns
    -------
    A callable for the ``method`` of ``scipy.optimize.minimize``. It takes ``args``, ``jac``, ``callback`` (with one
    argument: the point, or, if it is called ``intermediate_result``, the result so far; StopIteration ends the
    descent, and what else it raises comes with a note of how far that was), ``tol`` (as gtol) and the options maxiter,
    maxfev, gtol, ftol, fatol, frtol, xtol, xatol, xrtol and fun_target, as in :func:`gdbench.minimize`, and disp, which
    prints how it ended, fun, nit and nfev; it gives back an ``OptimizeResult`` whose ``nfev`` holds the values spent in
    differences.

    Raises
    ------
    InputError: no such method, or not one for a function without data; from SciPy's call: bounds, constraints, hess,
        hessp, an unknown option, a jac of another size than x.

    Examples
    --------
    >>> from scipy.optimize import minimize, rosen, rosen_der
    >>> result = minimize(rosen, [-1.2, 1.0], jac=rosen_der, method=scipy_method("lbfgs"))
    >>> result.success, result.x.round(4).tolist()
    (True, [1.0, 1.0])
    """
    chosen = find_method(method, checked_step(step))
    if isinstance(chosen, Search) or chosen.batch_size is not None:
        raise InputError("scipy_method takes a direction and a step size, neither a search nor mini-batches.")
    if isinstance(chosen.direction, SecondOrder):
        raise InputError(f"{chosen.direction.name} wants more than slopes, which gdbench.minimize brings it; use that.")
    chosen.step.fitted(_UNKNOWN)
    if gradient not in SOURCES:
        raise unknown("gradient", gradient, SOURCES)

    def minimize(
        fun: Callable[..., float],
        x0: Any,
        args: tuple[Any, ...] = (),
        jac: Callable[..., Any] | None = None,
        bounds: object = None,
        constraints: object = (),
        callback: Callable[..., Any] | None = None,
        hess: object = None,
        hessp: object = None,
        **options: Any,
    ) -> OptimizeResult:
        if bounds is not None or (constraints is not None and constraints not in ((), [], {})):
            raise InputError("gdbench descends without bounds and constraints; leave them out.")
        if hess is not None or hessp is not None:
            raise InputError(f"{chosen.direction.name} descends by slopes alone; leave hess and hessp out.")
        disp = bool(options.get("disp", False))
        limits, maxiter, maxfev = _options(options)
        watch = _watcher(callback)
        x = checked_x0(np.atleast_1d(x0), np.dtype("float64"))
        problem = _problem(fun, jac, x, args)
        source = checked_gradient("analytic" if jac is not None else gradient, problem).fitted(problem, x)
        result = _descend(problem, source, chosen, limits, maxiter, maxfev, watch)
        if disp:
            print(f"{result.message} fun = {result.fun:.9g}, nit = {result.nit}, nfev = {result.nfev}")
        return result

    return minimize


SOURCES = ("2-point", "3-point")
_UNKNOWN = Problem(name="a function of SciPy's", value=lambda x, data: 0.0, x0=np.zeros(1))


def _options(given: dict[str, Any]) -> tuple[Array, int, int]:
    """(limits, maxiter, maxfev) from SciPy's options."""
    asked = {"maxiter": 1000, "maxfev": 2**62 - 1, **dict.fromkeys(LIMITS), "disp": False}
    asked["gtol"] = given.pop("tol", 1e-5)
    unknown = sorted(set(given) - set(asked))
    if unknown:
        raise InputError(f"unknown option {unknown[0]!r}; known are tol, {', '.join(asked)}.")
    asked |= given
    limits = limits_array(**checked_limits(asked))
    return limits, checked_whole("maxiter", asked["maxiter"], 0), checked_whole("maxfev", asked["maxfev"], 1)


def _problem(fun: Callable[..., Any], jac: Callable[..., Any] | None, x0: Array, args: tuple[Any, ...]) -> Problem:
    """SciPy's function as a Problem; it is given copies, for it may keep or change what it is given."""

    def value(x: Array, data: object) -> float:
        found = np.asarray(fun(x.copy(), *args))
        if found.size != 1:
            raise InputError(f"fun has shape {found.shape} at x of {x.size} variables; let fun(x) return a number.")
        return float(found.item())

    def gradient(x: Array, data: object, out: Array) -> float:
        f = value(x, data)
        slope = np.asarray(jac(x.copy(), *args), dtype=np.float64)  # type: ignore[misc]
        if slope.size != out.size:
            raise InputError(f"jac has shape {slope.shape} at x of {x.size} variables; let jac(x) return {out.shape}.")
        out[:] = slope.reshape(out.shape)
        return f

    return Problem(name="fun", value=value, x0=x0, gradient=None if jac is None else gradient)


def _watcher(callback: Callable[..., Any] | None) -> Callable[[OptimizeResult], Any]:
    """The callback as SciPy's own methods call it: with the result so far if it asks for that by name, or the point."""
    if callback is None:
        return lambda result: None
    named: set[str] = set()
    with suppress(TypeError, ValueError):  # no function, or one without readable arguments
        named = set(inspect.signature(callback).parameters)
    if named == {"intermediate_result"}:
        return lambda result: callback(intermediate_result=result)
    check_callback(callback)
    return lambda result: callback(result.x)


def _descend(
    problem: Problem,
    source: Gradient,
    method: Method,
    limits: Array,
    maxiter: int,
    maxfev: int,
    watch: Callable[[OptimizeResult], Any],
) -> OptimizeResult:
    """The loop; see ``devices/cpu/descend.py``, whose every line has its twin here."""
    from scipy.optimize import OptimizeResult

    x = problem.x0.copy()
    n, counts, hyper = x.size, np.zeros(N_COUNTS, np.int64), np.array(source.hyper(x.dtype))
    direction, step = method.direction.rule, method.step.rule
    h_direction, h_step = np.array(method.direction.hyper), np.array(method.step.hyper)
    state, hessian, g, d = np.zeros((method.direction.rows(n), n)), np.zeros((0, 0)), np.zeros(n), np.zeros(n)
    work, g_new, memory = np.zeros(n), np.zeros(n), np.zeros(4)

    def slope(at: Array, data: Any, out: Array) -> float:
        return source.rule(problem.value, problem.gradient, at, data, hyper, counts, out)

    searching = isinstance(method.step, LineSearch)
    ask, room = (slope, (work, g_new, memory)) if searching else (problem.value, work)

    def size_along(restarted: bool) -> float:
        direction(x, g, hessian, state, h_direction, 0 if restarted else k - since, d)
        return float(step(ask, x, f, g, d, NO_DATA, h_step, k, counts, room) or 0.0)

    def result(code: int) -> OptimizeResult:
        status = Status(code)
        return OptimizeResult(
            x=x.copy(), fun=f, jac=g.copy(), success=status.success, status=int(status), message=status.message, nit=k,
            nfev=int(counts[NFEV] + counts[NFEV_FD]), njev=int(counts[NJEV]), x_best=x_best.copy(), fun_best=f_best,
        )  # fmt: skip

    with np.errstate(all="ignore"):  # a descent that diverges says so by its status
        f = slope(x, NO_DATA, g)
        k, since, x_best, f_best = 0, 0, x.copy(), f
        status = judge(f, np.inf, largest(g), limits) if np.isfinite(f) and np.all(np.isfinite(g)) else NONFINITE
        while status == RUNNING and k < maxiter:
            if counts[NFEV] + counts[NFEV_FD] >= maxfev:
                return result(MAXFEV)
            size = size_along(False)
            if not size > 0 and k > since and state.size > 0:
                state[:], since = 0, k
                size = size_along(True)
            if not size > 0:
                return result(LINESEARCH_FAILED)
            before = f
            if searching:
                x[:], g[:], f = work, g_new, float(memory[0])
            else:
                x += size * d
                f = slope(x, NO_DATA, g)
            k += 1
            if f < f_best:
                x_best, f_best = x.copy(), f
            status = judge(f, before, largest(g), limits)
            if status == RUNNING and limits[3] >= 0 and still(x, d, size, limits):
                status = CONVERGED_X
            try:
                watch(result(status if status != RUNNING else MAXITER))
            except StopIteration:
                return result(STOPPED)
            except BaseException as error:
                note_progress(error, k, f_best, x_best)
                raise
    return result(MAXITER if status == RUNNING else status)
