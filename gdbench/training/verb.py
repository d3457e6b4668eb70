"""The public verb that trains a network: whole epochs of mini-batches in one compiled call each.

Without dropout and clipping it follows the same path as ``minimize(..., method="sgd", batch_size=...)``, the same order
of rows and the same mathematics, and takes a fraction of its time: everything here is checked, then
``epochs.py`` asks ``devices/cpu/training.py``, or on a GPU its twin in ``devices/cuda``, for one epoch after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gdbench.devices.place import place
from gdbench.errors import InputError
from gdbench.methods.base import Method, Step
from gdbench.number import checked_whole
from gdbench.problems.base import Problem
from gdbench.training.checkpoint import Checkpoint, described
from gdbench.training.checks import (
    check_device,
    check_rows,
    checked_extras,
    given_batch,
    network_plan,
    threads_for,
    with_rows,
)
from gdbench.training.epochs import Course, drive
from gdbench.training.progress import waiting
from gdbench.training.result import TrainingResult
from gdbench.training.starting import at, on_cpu, on_cuda
from gdbench.training.validation import held_out


def train(
    problem: Problem | str,
    x0: Any = None,
    *,
    method: str | Method = "sgd",
    step: str | float | Step | None = None,
    batch_size: int | None = None,
    epochs: int = 10,
    dtype: str = "float32",
    device: str = "cpu",
    threads: int | None = None,
    seed: int = 0,
    product: str = "auto",
    mode: str | None = None,
    dropout: float = 0.0,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    validation: bool | tuple[Any, Any] = True,
    validation_split: float = 0.0,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 1,
    callback: Callable[..., Any] | None = None,
    progress: bool = False,
) -> TrainingResult:
    """Train a multilayer perceptron by stochastic gradient descent.

    Every epoch passes over the rows once, in batches, in an order drawn from (seed, epoch); after each batch
    x <- x + step_size * direction.

    Parameters
    ----------
    problem: a network: what ``gdbench.PROBLEMS["mlp"](...)`` makes, or ``"mlp"``. Its ``l2`` is part of the loss.
    x0: start (n,); None for the problem's own.
    method: ``"sgd"``, ``"momentum"``, ``"adam"``, or any other direction that works on batches; or a Method.
        Decoupled weight decay: ``"adamw"``, or ``gdbench.DIRECTIONS["adamw"](decay=...)`` in a Method; it decays biases
        too.
    step: a number, or a schedule (``"cosine"``, ``gdbench.STEPS["step-decay"](...)``, ...), which counts steps, not
        epochs; None for 1e-3.
    batch_size: rows of a batch, at most those that train; None for what the Method says, else 32, or all if fewer.
    epochs: how often every row is seen, those of a checkpoint included, at least 1.
    dtype: ``"float32"`` or ``"float64"``.
    device: ``"cpu"``, or ``"cuda"`` for a GPU, which trains relu, tanh and sigmoid networks without l2, dropout and
        clipping, on the same batches in the same order; ``"cuda:1"``: of several devices, the second.
    threads: that share every layer; None for as many as Numba has and the widest hidden layer keeps busy. Of the CPU
        alone.
    seed: of the order of the rows, of dropout and of the validation split; each draws from streams of its own.
    product: ``"tiles"`` (register tiles of our own), ``"blas"``, or ``"auto"``: the faster on this machine, which is
        measured once for batches and layers of about these sizes. On a GPU ``"auto"``, tiles in float32 or float64, or
        ``"tensor-cores"``, which round the factors of float32 products to TF32: three digits instead of seven.
    mode: how a GPU does an epoch: ``"graph"``, kernels captured once and started by a single call, ``"kernels"``, one
        after the other, or ``"persistent"``, one kernel that never leaves; None for a graph, and for kernels where an
        epoch has more than 4,096 batches and in Numba's simulator.
    dropout: share of the hidden units, in [0, 1), that sit out a step, drawn for each row; the others count
        1 / (1 - dropout) times as much. All are there when rows are watched.
    clip_norm: largest Euclidean norm of a batch's slope, l2 included; a longer one is shortened to it. None for any.
    clip_value: largest size of each of the slope's entries; at most one of the two may be given.
    validation: the rows watched after each epoch, while the clock stops: True for the problem's test rows (without any,
        all rows), False for none, or (features (rows, columns), labels (rows,)).
    validation_split: share of the rows, in (0, 1), that is drawn by the seed, watched, and does not train.
    patience: end after so many epochs without a smaller validation loss, at least 1, and give the best epoch's weights;
        it wants a validation split or rows given for it. None for all epochs.
    checkpoint: a file that is written after every ``checkpoint_every`` epochs, and at the end. If there is one already,
        its training goes on, to the same bits with the same threads, product, mode and kind of processor; threads and
        product, left open here, are those of the file. Another network, method, seed, device, ... is refused: for
        another device's bits, start anew from the weights.
    callback: called as ``callback(state)`` after every epoch, with fields x, loss, accuracy, epoch; raising
        StopIteration ends the training.
    progress: say on stderr that code is being compiled (half a minute, the first time on a machine), then show a bar.

    Returns
    -------
    TrainingResult. The weights depend on the arguments, threads and product included, alone. Ctrl-C ends the training
    after the epoch under way (on a GPU within it, and it does not count), and what was done is returned.

    Raises
    ------
    InputError: an argument is wrong, or there is no such device; one sentence says which, and what would be right.

    References
    ----------
    Robbins and Monro (1951), Annals of Mathematical Statistics 22; Bottou (2012), Stochastic gradient descent tricks.
    Srivastava et al. (2014), JMLR 15, dropout; Pascanu, Mikolov, Bengio (2013), ICML, algorithm 1, clipping;
    Prechelt (1998), Early stopping - but when?

    Examples
    --------
    >>> result = train("mlp", step=0.1, epochs=5, threads=1, product="tiles")
    >>> result.status.name, bool(result.accuracy[-1] > 0.9)
    ('MAXITER', True)

    With what keeps a network from learning its rows by heart:

    >>> plain = {"step": 0.1, "threads": 1, "product": "tiles"}
    >>> result = train("mlp", epochs=60, dropout=0.2, clip_norm=1.0, validation_split=0.2, patience=3, **plain)
    >>> bool(result.validation_loss.argmin() + 1 == result.best_epoch)
    True

    Half now, half later, from a file:

    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = os.path.join(folder, "mlp.npz")
    ...     half = train("mlp", epochs=2, checkpoint=file, **plain)
    ...     rest = train("mlp", epochs=4, checkpoint=file, **plain)
    >>> bool((rest.x == train("mlp", epochs=4, **plain).x).all())
    True
    """
    plan = network_plan(problem, x0, method, step, batch_size, dtype, seed)
    checked_whole("epochs", epochs, 1)
    extras, where = checked_extras(plan, dropout, clip_norm, clip_value), place(device)
    check_device(where, plan.x0.dtype, threads, product, mode, extras)
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function of one argument, not {callback!r}.")
    training_problem, watched, choosing = held_out(plan.problem, validation, validation_split, plan.seed)
    plan = with_rows(plan, training_problem, given_batch(method, batch_size))
    check_rows(plan, watched)
    if patience is not None:
        checked_whole("patience", patience, 1)
        if not choosing:
            raise InputError(
                "patience needs rows to choose by: give validation_split or validation=(features, labels)."
            )
    if not isinstance(progress, bool):
        raise InputError(f"progress must be True or False, not {progress!r}.")
    checked_whole("checkpoint_every", checkpoint_every, 1)
    on_gpu = where.kind == "cuda"
    slices, file = 0 if on_gpu else threads_for(threads, plan), None
    if checkpoint is not None:
        if not isinstance(checkpoint, str | Path) or not str(checkpoint):
            raise InputError(f"checkpoint must be the name of a file, not {checkpoint!r}.")
        file = Checkpoint(Path(checkpoint), described(plan, watched, extras, where.kind), checkpoint_every)
        if file.held is not None:
            slices = 0 if on_gpu else threads_for(threads, plan, int(file.held["threads"]))
            product = str(file.held["product"]) if product == "auto" else product
    with at(where):
        began = time.perf_counter()
        with waiting("compiling (about half a minute, the first time on this machine)", progress):
            training = on_cuda(plan, product, mode, device) if on_gpu else on_cpu(plan, slices, product, extras)
        course = Course(training, watched, choosing, file)
        compiled = time.perf_counter() - began
        return drive(course, epochs, patience=patience, callback=callback, progress=progress, compiled=compiled)
