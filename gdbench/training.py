"""The public verb that trains a network: whole epochs of mini-batches in one compiled call each.

It follows the same path as ``minimize(..., method="sgd", batch_size=...)``, the same order of rows and the same
mathematics, and takes a fraction of its time: everything here is checked, then ``devices/cpu/training.py`` works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan, checked_step, checked_whole
from gdbench.devices.plan import Plan
from gdbench.errors import InputError, unknown
from gdbench.methods import find_method
from gdbench.methods.base import Method, Schedule, Step
from gdbench.problems import mlp
from gdbench.problems.base import Array, Problem
from gdbench.status import Status

if TYPE_CHECKING:
    import pandas

    from gdbench.devices.cpu.training import Training

PRODUCT_NAMES = ("auto", "blas", "tiles")
#: Hidden units that keep a thread busy between two barriers; fewer are not worth another thread.
UNITS_A_THREAD = 64


@dataclass(kw_only=True)
class TrainingResult:
    """The end of a training, and what it cost.

    Attributes
    ----------
    x: the weights (n,), in the problem's order; after divergence those before the epoch in which it happened.
    loss: (epochs,) mean loss of each epoch's batches, each before its step.
    accuracy: (epochs,) share of the test rows labelled rightly after each epoch; None without validation.
    seconds: (epochs,) inside the compiled loop, the drawing of the order included.
    seconds_compile: compiling, or loading compiled code, and measuring which product is faster if nobody knew.
    status, message: MAXITER where all epochs were done, DIVERGED, or STOPPED, by the callback or by Ctrl-C.
    epochs, steps: that were done. threads, product: that did it.
    """

    x: Array
    loss: Array
    accuracy: Array | None
    seconds: Array
    seconds_compile: float
    status: Status
    message: str
    epochs: int
    steps: int
    batch_size: int
    threads: int
    product: str

    def history_frame(self) -> pandas.DataFrame:
        """A table of the epochs: epoch (from 1), loss, accuracy, seconds."""
        import pandas as pd

        columns = {"loss": self.loss, "accuracy": self.accuracy, "seconds": self.seconds}
        table = pd.DataFrame({name: column for name, column in columns.items() if column is not None})
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        return table


def train(
    problem: Problem | str,
    x0: Any = None,
    *,
    method: str | Method = "sgd",
    step: str | float | Step | None = None,
    batch_size: int | None = None,
    epochs: int = 10,
    dtype: str = "float32",
    threads: int | None = None,
    seed: int = 0,
    product: str = "auto",
    validation: bool = True,
    callback: Callable[..., Any] | None = None,
) -> TrainingResult:
    """Train a multilayer perceptron by stochastic gradient descent.

    Every epoch passes over the rows once, in batches, in an order drawn from (seed, epoch); after each batch
    x <- x + step_size * direction.

    Parameters
    ----------
    problem: a network: what ``gdbench.PROBLEMS["mlp"](...)`` makes, or ``"mlp"``.
    x0: start (n,); None for the problem's own.
    method: ``"sgd"``, ``"momentum"``, ``"adam"``, or any other direction that works on batches; or a Method.
    step: a number, or a schedule (``"cosine"``, ``gdbench.STEPS["step-decay"](...)``, ...); None for 1e-3.
    batch_size: rows of a batch, at most those of the data; None for 32, or what the Method says.
    epochs: how often every row is seen, at least 1.
    dtype: ``"float32"`` or ``"float64"``.
    threads: that share every layer; None for as many as Numba has and the widest hidden layer keeps busy.
    seed: of the order of the rows.
    product: ``"tiles"`` (register tiles of our own), ``"blas"``, or ``"auto"``: the faster on this machine, which is
        measured once.
    validation: whether the test rows are labelled after each epoch; the clock stops meanwhile.
    callback: called as ``callback(state)`` after every epoch, with fields x, loss, accuracy, epoch; raising
        StopIteration ends the training.

    Returns
    -------
    TrainingResult. The weights depend on seed, dtype, threads and product alone. Ctrl-C ends the training after the
    epoch under way, and what was done is returned.

    Raises
    ------
    InputError: an argument is wrong; one sentence says which, and what would be right.

    References
    ----------
    Robbins and Monro (1951), Annals of Mathematical Statistics 22; Bottou (2012), Stochastic gradient descent tricks.

    Examples
    --------
    >>> result = train("mlp", step=0.1, epochs=5, threads=1, product="tiles")
    >>> result.status.name, bool(result.accuracy[-1] > 0.9)
    ('MAXITER', True)
    """
    plan = _checked(problem, x0, method, step, batch_size, dtype, seed)
    checked_whole("epochs", epochs, 1)
    if not isinstance(product, str) or product not in PRODUCT_NAMES:
        raise unknown("product", product, PRODUCT_NAMES)
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function of one argument, not {callback!r}.")
    slices = _threads(threads, plan)
    from gdbench.devices.cpu.threads import one_blas_thread

    with one_blas_thread():
        began = time.perf_counter()
        if product == "auto":
            from gdbench.devices.cpu.product_choice import faster_product

            product = faster_product(plan.x0.dtype, slices)
        from gdbench.devices.cpu.training import Training

        training = Training(plan, slices, product)
        compiled = time.perf_counter() - began
        return _drive(training, epochs, validation, callback, compiled)


def _drive(
    training: Training, epochs: int, validation: bool, callback: Callable[..., Any] | None, compiled: float
) -> TrainingResult:
    """Epoch by epoch until all are done, the losses leave the finite numbers, or somebody says stop."""
    problem, x = training.plan.problem, training.plan.x0.copy()
    judged = validation and problem.predict is not None
    losses: list[float] = []
    accuracies: list[float] = []
    seconds: list[float] = []
    status, message = Status.MAXITER, "All epochs were done."
    try:
        while len(losses) < epochs:
            began = time.perf_counter()
            batches = training.epoch()
            seconds.append(time.perf_counter() - began)
            losses.append(float(np.average(batches, weights=training.batch_rows)))
            after = training.x
            if judged:
                with np.errstate(all="ignore"):
                    accuracies.append(problem.accuracy(after))
            if not (np.isfinite(losses[-1]) and np.all(np.isfinite(after))):
                status = Status.DIVERGED
                message = f"{status.message} The weights are those before epoch {len(losses)}."
                break
            x = after
            if callback is not None:
                accuracy = accuracies[-1] if judged else None
                callback(SimpleNamespace(x=x.copy(), loss=losses[-1], accuracy=accuracy, epoch=len(losses)))
    except StopIteration:
        status, message = Status.STOPPED, Status.STOPPED.message
    except KeyboardInterrupt:
        done = len(losses)
        status, message = Status.STOPPED, f"Interrupted after {done} epochs, which are kept."
        seconds, accuracies = seconds[:done], accuracies[:done]
        if judged and len(accuracies) < done:
            accuracies.append(np.nan)
    return TrainingResult(
        x=x,
        loss=np.array(losses),
        accuracy=np.array(accuracies) if judged else None,
        seconds=np.array(seconds),
        seconds_compile=compiled,
        status=status,
        message=message,
        epochs=len(losses),
        steps=len(losses) * training.batches,
        batch_size=training.batch,
        threads=training.threads,
        product=training.product,
    )


def _checked(
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
    size = batch_size if batch_size is not None else chosen.batch_size or 32
    chosen = replace(chosen, batch_size=size)
    plan = checked_plan(problem, x0, method=chosen, history=False, dtype=dtype, seed=seed)
    given = plan.problem
    if getattr(given.value, "__module__", "") != mlp.__name__:
        raise InputError(f"{given.name} is no multilayer perceptron; train 'mlp', or use minimize for it.")
    if plan.x0.ndim != 1:
        raise InputError(f"x0 must be one start (n,), not {plan.x0.shape}.")
    if size > given.rows:
        raise InputError(f"batch_size {size} is more than the {given.rows} rows of {given.name}.")
    _check_rows(given)
    return plan


def _check_rows(problem: Problem) -> None:
    """Labels and features may have been replaced since the network was made."""
    features, labels, shape = problem.data
    if any(size < 1 for size in shape[2:]):
        raise InputError(f"every layer of {problem.name} must have at least one unit, not {shape[2:].tolist()}.")
    if features.shape[1] != shape[2]:
        raise InputError(f"{problem.name} takes {shape[2]} features in a row, not {features.shape[1]}.")
    wrong = labels[(labels < 0) | (labels >= shape[-1]) | (labels != np.floor(labels))]
    if wrong.size:
        raise InputError(f"labels of {problem.name} must be whole numbers from 0 to {shape[-1] - 1}, not {wrong[0]}.")


def _threads(asked: int | None, plan: Plan) -> int:
    if asked is not None:
        checked_whole("threads", asked, 1)
    from gdbench.devices.cpu.threads import most

    if asked is not None and asked > most():
        raise InputError(f"threads must be at most {most()} on this machine, not {asked}.")
    hidden = plan.problem.data[2][3:-1]
    return asked or max(1, min(most(), int(max(hidden, default=1)) // UNITS_A_THREAD))
