"""The door: whatever a caller may give, as a checked ``Plan``, or one sentence why not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from gdbench.arrays import check_data, checked_dtype, checked_x0
from gdbench.autodiff.tape import BRIEF, TraceError
from gdbench.curvature import with_curvature
from gdbench.devices.plan import Plan, data_as
from gdbench.errors import InputError, unknown
from gdbench.gradients import GRADIENTS
from gdbench.gradients.base import Gradient
from gdbench.limits import check_limits_fit, checked_limits
from gdbench.methods import STEPS, find_method
from gdbench.methods.base import Method, Search, Step
from gdbench.number import checked_whole, real
from gdbench.own_functions import check_indices
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Data, Family, Problem
from gdbench.problems.function import check_slope, from_function
from gdbench.seen import checked_once, keep_slope, own_problem, recorded_slope


def checked_plan(
    problem: object,
    x0: object,
    *,
    gradient: object = "auto",
    direction: object = "steepest",
    step: object = None,
    method: object = None,
    batch_size: int | None = None,
    data: Data | None = None,
    hess: Callable[..., Any] | None = None,
    gtol: float | None = None,
    ftol: float | None = None,
    fatol: float | None = None,
    frtol: float | None = None,
    xtol: float | None = None,
    xatol: float | None = None,
    xrtol: float | None = None,
    fun_target: float | None = None,
    maxfev: int | None = None,
    history: bool | str = True,
    dtype: str = "float64",
    seed: int = 0,
) -> Plan:
    """A :class:`Plan` in which every part fits the others; the arguments are those of ``minimize``."""
    kind = checked_dtype(dtype)
    objective = _problem(problem, x0, gradient, data, kind, hess)
    start = checked_x0(objective.x0 if x0 is None else x0, kind)
    if start.shape[-1] != objective.n:
        raise InputError(f"{objective.name} has {objective.n} variables, x0 has {start.shape[-1]}.")
    check_data(objective.data, objective.name)
    if not (isinstance(history, bool | np.bool_) or (isinstance(history, str) and history == "x")):
        raise InputError(f"history must be True, False or 'x' (keep the points too), not {history!r}.")
    if history == "x" and start.ndim == 2:
        raise InputError("history='x' keeps the points of one start; leave it out, or give x0 of shape (n,).")
    chosen = _method(method, direction, step, batch_size, objective)
    source, sloped = _sloped(gradient, objective, start, chosen)
    sloped = with_curvature(sloped, chosen, start)
    limits = {
        "gtol": gtol, "ftol": ftol, "fatol": fatol, "frtol": frtol, "xtol": xtol, "xatol": xatol, "xrtol": xrtol,
        "fun_target": fun_target,
    }  # fmt: skip
    check_limits_fit(chosen, objective, limits)
    return Plan(
        problem=sloped,
        x0=start,
        gradient=source,
        method=chosen,
        **checked_limits(limits),
        keep_best=True,
        maxfev=2**62 if maxfev is None else checked_whole("maxfev", maxfev, 1),
        seed=checked_whole("seed", seed, 0),
        history=bool(history),
        trajectory=history == "x",
    )


def checked_gradient(gradient: object, problem: Problem) -> Gradient:
    """The source behind a name; one that needs a derived slope is refused where there is none."""
    if callable(gradient) and not isinstance(gradient, Gradient | type):
        return GRADIENTS["analytic"]()  # the problem was built with it
    if isinstance(gradient, str) and gradient == "auto":
        gradient = "analytic" if problem.gradient is not None else "reverse-ad"
    source = GRADIENTS[gradient]() if isinstance(gradient, str) else gradient
    if not isinstance(source, Gradient):
        raise unknown("gradient", gradient, GRADIENTS)
    if source.needs_gradient and problem.gradient is None:
        raise InputError(
            f"{problem.name} brings no derived slope for gradient={source.name!r}; "
            "use 'reverse-ad' or '3-point', or give a function jac(x) as gradient."
        )
    return source


def _sloped(gradient: object, problem: Problem, x0: Array, method: Method | Search) -> tuple[Gradient, Problem]:
    """The source, fitted to the problem, and the problem with the slope that the source makes for it, if any."""
    source = checked_gradient(gradient, problem)
    auto = isinstance(gradient, str) and gradient == "auto"
    if isinstance(method, Search):  # which needs no slope at all
        if not auto:
            raise InputError(f"{method.name} needs no slope; leave gradient out.")
        return GRADIENTS["3-point"](), problem
    if auto and not source.needs_gradient:
        brief = GRADIENTS["reverse-ad"](most=BRIEF)  # type: ignore[call-arg]
        n, kind = problem.n, x0.dtype
        if (known := recorded_slope(problem, n, kind)) is not None:
            return brief, replace(problem, gradient=known)
        try:
            sloped = with_slope(problem, brief, x0, method.batch_size)
        except TraceError:
            source = GRADIENTS["3-point"]()
        else:
            assert sloped.gradient is not None
            keep_slope(problem, n, kind, sloped.gradient)
            return brief, sloped
    source = source.fitted(problem, x0)
    return source, with_slope(problem, source, x0, method.batch_size)


def recordable(problem: Problem, x: Array) -> bool:
    """Whether the value can be recorded at x, for automatic differentiation, without much ado."""
    from gdbench.autodiff.tracing import record

    try:
        record(problem.value, x, data_as(problem.data, x.dtype), BRIEF)
    except TraceError:
        return False
    return True


def with_slope(problem: Problem, source: Gradient, x0: Array, batch_size: int | None = None) -> Problem:
    """``problem``, with the slope that ``source`` makes out of its value for runs of x0's dtype, if it makes one."""
    if type(source).derive is Gradient.derive:
        return problem
    features, targets, shape = data_as(problem.data, x0.dtype)
    seen = (features[:batch_size], targets[:batch_size], shape)  # the rows that one slope will look at
    made = source.derive(replace(problem, data=seen), x0 if x0.ndim == 1 else x0[0])
    return problem if made is None else replace(problem, gradient=made)


def own_function(fun: Callable[..., float], x0: object) -> Problem:
    """A caller's bare function as a problem that starts at x0, asked once there."""
    return _problem(fun, x0, "auto", None, np.dtype("float64"))


def _problem(
    problem: object,
    x0: object,
    gradient: object,
    data: Data | None,
    kind: np.dtype,
    hess: Callable[..., Any] | None = None,
) -> Problem:
    jac: Callable[..., Any] | None = (
        gradient if callable(gradient) and not isinstance(gradient, Gradient | type) else None
    )
    if isinstance(problem, str):
        problem = _standard(PROBLEMS[problem])
    if isinstance(problem, Problem):
        if data is not None:
            problem = replace(problem, data=data, x_star=None, f_star=None)  # known for its own rows alone
        if jac is not None:
            problem = replace(problem, gradient=from_function(lambda x, data: 0.0, problem.x0, jac=jac).gradient)
        return problem if hess is None else replace(problem, hessian=hess)
    if not callable(problem):
        raise InputError(f"a Problem, the name of one, or a function f(x) was expected, not {problem!r}.")
    if x0 is None:
        raise InputError(f"{getattr(problem, '__name__', 'the function')} has no start of its own; give x0.")
    start = checked_x0(x0, np.dtype("float64"))
    first = start if start.ndim == 1 else start[0]
    if data is None:
        made = own_problem(problem, first, jac, hess)
        if jac is not None:
            checked_once(check_slope, getattr(jac, "py_func", jac), first.astype(kind), made.name)
    else:
        made = from_function(problem, first, jac=jac, hess=hess, data=data)
        check_data(made.data, made.name)
    # A record without branches holds the same indices at every point.
    if jac is not None or recorded_slope(made, made.n, start.dtype) is None:
        check_indices(made)
    return made


@lru_cache(maxsize=32)
def _standard(family: Family) -> Problem:
    """A family's problem with its own settings. It is handed to no caller, who could change its arrays."""
    return family()


def _method(
    method: object, direction: object, size: object, batch_size: int | None, problem: Problem
) -> Method | Search:
    if method is not None and direction != "steepest":
        raise InputError("give either method or direction: a method's name says its direction.")
    asked = checked_step(size)
    # By its name alone, a radius of trust is the direction's own.
    named = size if isinstance(size, str) and asked is not None and asked.trusting else asked
    chosen = find_method(direction if method is None else method, named, batch_size)
    if isinstance(chosen, Search):
        return chosen
    if chosen.batch_size is not None and problem.rows == 0:
        raise InputError(f"{problem.name} has no data rows to draw mini-batches from; leave batch_size out.")
    given = chosen.batch_size if batch_size is not None or isinstance(method, Method) else None  # not a name's own
    if given is not None and given > problem.rows:
        raise InputError(f"batch_size {given} is more than the {problem.rows} rows of {problem.name}.")
    step = chosen.step.fitted(problem)
    return chosen if step is chosen.step else replace(chosen, step=step)


def checked_step(step: object) -> Step | None:
    """A number as a fixed step size, a name, or a Step; None for the direction's own."""
    if step is None or isinstance(step, Step):
        return step
    if isinstance(step, str):
        return STEPS[step]()
    if not math.isnan(real(step)):
        return STEPS["fixed"](real(step))  # type: ignore[call-arg]
    raise InputError(f"step must be a number, one of {', '.join(STEPS)}, or a Step; not {step!r}.")
