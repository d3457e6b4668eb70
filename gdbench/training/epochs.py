"""A training from its first epoch, or from a checkpoint, to its end: the loop around the device's loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.problems.base import Array, Data
from gdbench.status import Status
from gdbench.training.checkpoint import Checkpoint
from gdbench.training.progress import bar
from gdbench.training.result import TrainingResult
from gdbench.training.validation import judged

if TYPE_CHECKING:
    from gdbench.devices.plan import EpochRun

#: Columns of the history, a row an epoch.
LOSS, VALIDATION_LOSS, ACCURACY, SECONDS = range(4)


class Course:
    """What a training has come to: the last finite weights, the best ones, and a row of history an epoch.

    Parameters
    ----------
    watched: rows that are judged after each epoch, or None; choosing: whether they say which weights are the best.
    file: where it is kept, or None. If the file holds a training, that one goes on.
    """

    def __init__(self, training: EpochRun, watched: Data | None, choosing: bool, file: Checkpoint | None) -> None:
        self.training, self.watched, self.choosing, self.file = training, watched, choosing, file
        self.x = self.best_x = training.plan.x0.copy()
        self.best_epoch, self.rows = 0, []  # type: tuple[int, list[tuple[float, ...]]]
        if file is not None and file.held is not None:
            held = file.held
            training.restore(held["x"], held["memory"], int(held["epoch"]))
            self.x, self.best_x, self.best_epoch = held["x"].copy(), held["best_x"].copy(), int(held["best_epoch"])
            self.rows = [tuple(row) for row in held["history"].tolist()]
        self.written, self.fault, self.steps = len(self.rows), "", len(self.rows) * training.batches

    def epoch(self) -> bool:
        """One more; False if it left the finite numbers."""
        began = time.perf_counter()
        batches = self.training.epoch()
        seconds = time.perf_counter() - began
        loss, after = float(np.average(batches, weights=self.training.batch_rows)), self.training.x
        finite = bool(np.isfinite(loss) and np.all(np.isfinite(after)))
        row = loss, *(judged(after, self.watched) if self.watched is not None else (np.nan, np.nan)), seconds
        if not finite:
            self._go_back(batches)
        else:
            self.x, self.steps = after, self.steps + len(batches)
            least = self.rows[self.best_epoch - 1][VALIDATION_LOSS] if self.best_epoch else np.inf
            if self.choosing and row[VALIDATION_LOSS] < least:
                self.best_x, self.best_epoch = after, len(self.rows) + 1
        self.rows.append(row)
        return finite

    def _go_back(self, losses: Array) -> None:
        """After divergence: the file as it was before this epoch, the weights as of the last finite loss."""
        self.training.go_back(0)
        self.keep()
        # A weight may have left the finite numbers before the loss did. It never returns: halving finds the last step
        # after which all were finite.
        low, steps = 0, max(int(np.isfinite(losses).cumprod().sum()) - 1, 0)
        high = steps + 1
        while steps > low:
            self.training.epochs += 1
            self.training.go_back(steps)
            if np.isfinite(self.training.x).all():
                low, self.x = steps, self.training.x
            else:
                high = steps
            steps = (low + high) // 2
        self.steps += low

    def keep(self, every: int = 1) -> None:
        """Write the file, if there is one and so many epochs were done since; ``fault`` says if that was impossible."""
        done = len(self.rows)
        if self.file is None or self.fault or done - self.written < every:
            return
        arrays = {
            "x": self.x,
            "memory": self.training.memory,
            "epoch": done,
            "steps": done * self.training.batches,
            "history": np.array(self.rows),
            "best_x": self.best_x,
            "best_epoch": self.best_epoch,
            "threads": self.training.threads,
            "product": self.training.product,
        }
        try:
            self.file.write(arrays)
        except OSError as reason:
            self.fault = f"{self.file.path} could not be written after epoch {done}: {reason.strerror or reason}."
        self.written = done

    def column(self, name: int) -> Array:
        """One column of the history, (epochs,)."""
        return np.array([row[name] for row in self.rows])


def drive(
    course: Course,
    epochs: int,
    *,
    patience: int | None,
    callback: Callable[..., Any] | None,
    progress: bool,
    compiled: float,
) -> TrainingResult:
    """Epoch by epoch until all are done, none is better, the losses leave the finite numbers, or somebody says stop."""
    training, judging, rows = course.training, course.watched is not None, course.rows
    every = course.file.every if course.file is not None else 1
    status, message, ahead = Status.MAXITER, "All epochs were done.", False
    try:
        with bar(epochs, len(rows), progress) as over:
            while len(rows) < epochs:
                if patience is not None and len(rows) - course.best_epoch >= patience:
                    status, message = Status.STOPPED, f"The validation loss did not fall for {patience} epochs."
                    break
                if not course.epoch():
                    status, ahead = Status.DIVERGED, True
                    message = f"{status.message} The weights are those after step {course.steps}, in epoch {len(rows)}."
                    break
                loss, accuracy = rows[-1][LOSS], rows[-1][ACCURACY] if judging else None
                over(loss, accuracy)
                course.keep(every)
                if course.fault:
                    break
                if callback is not None:
                    callback(SimpleNamespace(x=course.x.copy(), loss=loss, accuracy=accuracy, epoch=len(rows)))
        if status is not Status.DIVERGED:
            course.keep()
    except StopIteration:
        status, message = Status.STOPPED, Status.STOPPED.message
        course.keep()
    except KeyboardInterrupt:
        status, message, ahead = Status.STOPPED, f"Interrupted after {len(rows)} epochs, which are kept.", True
    if not ahead:  # else the compiled loop has gone on from what would be written
        course.keep()
    if course.fault:
        status, message = Status.STOPPED, course.fault
    if patience is not None:
        message = f"{message.removesuffix('.')}; the weights are those of epoch {course.best_epoch}, the best."
    return TrainingResult(
        x=course.x if patience is None else course.best_x,
        loss=course.column(LOSS),
        validation_loss=course.column(VALIDATION_LOSS) if judging else None,
        accuracy=course.column(ACCURACY) if judging else None,
        seconds=course.column(SECONDS),
        seconds_compile=compiled,
        status=status,
        message=message,
        epochs=len(rows),
        steps=course.steps,
        batch_size=training.batch,
        device=training.device,
        threads=training.threads,
        product=training.product,
        mode=training.mode,
        best_epoch=course.best_epoch if course.choosing else None,
    )
