"""The door of ``train``: a network, its rows, a direction for batches, or one sentence why not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gdbench.arguments import checked_plan, checked_step
from gdbench.devices.place import Place
from gdbench.devices.plan import Plan
from gdbench.errors import InputError, unknown
from gdbench.methods import find_method
from gdbench.methods.base import Method, Schedule
from gdbench.number import checked_whole, real
from gdbench.problems import mlp
from gdbench.problems.base import Data, Problem

#: What multiplies, by kind of device; "auto" is for the device to choose.
PRODUCTS = {"cpu": ("auto", "blas", "tiles"), "cuda": ("auto", "tensor-cores")}
#: Rows of a batch where nobody says.
DEFAULT_BATCH = 32
#: Hidden units that keep a thread busy between two barriers; fewer are not worth another thread.
UNITS_A_THREAD = 64


def network_plan(
    problem: object, x0: object, method: object, step: object, batch_size: int | None, dtype: str, seed: int
) -> Plan:
    """A plan that the loop can follow: a network, its rows, a direction for batches and a schedule."""
    size_rule = checked_step(step)
    if size_rule is not None and not isinstance(size_rule, Schedule):
        raise InputError(f"training takes a fixed step size or a schedule, not {size_rule.name!r}; see minimize.")
    chosen = find_method(method, size_rule)
    if not isinstance(chosen, Method) or not chosen.direction.on_batches:
        name = chosen.direction.name if isinstance(chosen, Method) else chosen.name
        raise InputError(f"{name} does not work on batches; train by 'sgd', 'momentum', 'adam', ..., or use minimize.")
    if not isinstance(chosen.step, Schedule):
        raise InputError(f"training takes a fixed step size or a schedule, not {chosen.step.name!r}; see minimize.")
    size = given_batch(method, batch_size)
    chosen = replace(chosen, batch_size=1 if size is None else size)  # one row fits all; for another, see with_rows
    plan = checked_plan(problem, x0, method=chosen, history=False, dtype=dtype, seed=seed)
    given = plan.problem
    if getattr(given.value, "__module__", "") != mlp.__name__:
        raise InputError(f"{given.name} is no multilayer perceptron; train 'mlp', or use minimize for it.")
    if plan.x0.ndim != 1:
        raise InputError(f"x0 must be one start (n,), not {plan.x0.shape}.")
    return plan


def given_batch(method: object, batch_size: int | None) -> int | None:
    """The rows of a batch that the caller asked for, himself or by a Method; None where he left them open."""
    return batch_size if batch_size is not None or not isinstance(method, Method) else method.batch_size


def with_rows(plan: Plan, problem: Problem, size: int | None) -> Plan:
    """The plan on the rows that train, in batches of ``size`` rows; of 32, or of all if they are fewer, for None."""
    assert isinstance(plan.method, Method)
    batch = min(DEFAULT_BATCH, problem.rows) if size is None else size
    return replace(plan, problem=problem, method=replace(plan.method, batch_size=batch))


def checked_extras(plan: Plan, dropout: object, clip_norm: object, clip_value: object) -> dict[str, float]:
    """What ``devices/cpu/training.py`` takes beside the plan; inf where nothing is clipped."""
    if not 0 <= real(dropout) < 1:
        raise InputError(f"dropout must be a number in [0, 1), not {dropout!r}.")
    if real(dropout) > 0 and not plan.problem.data[2][3:-1].size:
        raise InputError(f"{plan.problem.name} has no hidden units to drop; leave dropout out.")
    clips = {"clip_norm": clip_norm, "clip_value": clip_value}
    for name, most in clips.items():
        if most is not None and not 0 < real(most) < math.inf:
            raise InputError(f"{name} must be a positive finite number, or None, not {most!r}.")
    if clip_norm is not None and clip_value is not None:
        raise InputError("give clip_norm or clip_value, not both.")
    return {"dropout": real(dropout)} | {name: math.inf if m is None else real(m) for name, m in clips.items()}


def check_device(
    where: Place, dtype: np.dtype, threads: object, product: object, mode: object, extras: dict[str, float]
) -> None:
    """What belongs to the other kind of device; what a GPU cannot train besides, ``devices/cuda/trainable.py`` says."""
    there = PRODUCTS[where.kind]
    names = (*PRODUCTS["cpu"], *PRODUCTS["cuda"][1:])
    if not isinstance(product, str) or product not in names:
        raise unknown("product", product, names)
    if product not in there:
        raise InputError(
            f"device={where.kind!r} has no product {product!r}: leave product out, or take one of {', '.join(there)}."
        )
    if where.kind == "cpu":
        if mode is not None:
            raise InputError("mode says how a GPU is launched: leave it out, or use device='cuda'.")
        return
    if product == "tensor-cores" and dtype != np.float32:
        raise InputError(f"product 'tensor-cores' rounds to TF32: leave it out, or use dtype='float32', not {dtype}.")
    if threads is not None:
        raise InputError("threads are cores of the CPU: leave threads out, or use device='cpu'.")
    if extras["dropout"] > 0:
        raise InputError("device='cuda' drops no hidden units: leave dropout out, or use device='cpu'.")
    for name in ("clip_norm", "clip_value"):
        if extras[name] < math.inf:
            raise InputError(f"device='cuda' clips no slopes: leave {name} out, or use device='cpu'.")


def check_rows(plan: Plan, watched: Data | None) -> None:
    """Labels and features may have been replaced since the network was made, and rows held out of them."""
    problem, method, shape = plan.problem, plan.method, plan.problem.data[2]
    assert isinstance(method, Method)
    if (size := method.batch_size or 0) > problem.rows:
        raise InputError(f"batch_size {size} is more than the {problem.rows} rows of {problem.name} that train.")
    if any(size < 1 for size in shape[2:]):
        raise InputError(f"every layer of {problem.name} must have at least one unit, not {shape[2:].tolist()}.")
    for features, labels, _ in (problem.data, watched or problem.data):
        if features.shape[1] != shape[2]:
            raise InputError(f"{problem.name} takes {shape[2]} features in a row, not {features.shape[1]}.")
        wrong = labels[~((labels >= 0) & (labels < shape[-1]) & (labels == np.floor(labels)))]
        if wrong.size:
            last = shape[-1] - 1
            raise InputError(f"labels of {problem.name} must be whole numbers from 0 to {last}, not {wrong[0]}.")


def threads_for(asked: int | None, plan: Plan, known: int | None = None) -> int:
    """As many as were asked for; of those there are, as many as were ``known`` to do, or as the widest layer needs."""
    if asked is not None:
        checked_whole("threads", asked, 1)
    from gdbench.devices.cpu.threads import most

    if asked is not None and asked > most():
        raise InputError(f"threads must be at most {most()} on this machine, not {asked}.")
    hidden = plan.problem.data[2][3:-1]
    return asked or min(most(), known or max(1, int(max(hidden, default=1)) // UNITS_A_THREAD))
