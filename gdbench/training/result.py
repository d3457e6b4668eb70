"""What a training leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdbench.problems.base import Array
from gdbench.status import Status

if TYPE_CHECKING:
    import pandas


@dataclass(kw_only=True)
class TrainingResult:
    """The end of a training, and what it cost.

    Attributes
    ----------
    x: the weights (n,), in the problem's order; with patience those of ``best_epoch``, after divergence the last whose
        loss was finite, else the last.
    loss: (epochs,) mean loss of each epoch's batches, each before its step, with dropout if there is any; after
        divergence the last may not be finite.
    validation_loss, accuracy: (epochs,) mean cross-entropy, without penalty and dropout, and share labelled rightly, of
        the rows that are watched (see ``train``), after each epoch; None without validation.
    seconds: (epochs,) inside the compiled loop, the drawing of the order included; on a GPU until the losses are back,
        and in the first epoch what its driver does once.
    seconds_compile: compiling, or loading compiled code, and measuring which product is faster if nobody knew; on a GPU
        sending weights and rows there too.
    status, message: MAXITER where all epochs were done, DIVERGED, or STOPPED: by patience, the callback or Ctrl-C.
    epochs, steps: that were done, those before a checkpoint included; after divergence the steps that led to x.
    device, threads, product: that did it. On a GPU threads are 0, and product is "auto", tiles in the dtype of x, or
        "tensor-cores", in TF32.
    mode: how the GPU was launched, see ``train``; None on the CPU.
    best_epoch: of the smallest validation loss, from 1 (0: the start); None where no rows were held out to choose by.
    """

    x: Array
    loss: Array
    validation_loss: Array | None
    accuracy: Array | None
    seconds: Array
    seconds_compile: float
    status: Status
    message: str
    epochs: int
    steps: int
    batch_size: int
    device: str
    threads: int
    product: str
    mode: str | None
    best_epoch: int | None

    def history_frame(self) -> pandas.DataFrame:
        """A table of the epochs: epoch (from 1), loss, validation_loss, accuracy, seconds."""
        import pandas as pd

        names = ("loss", "validation_loss", "accuracy", "seconds")
        columns = {name: getattr(self, name) for name in names}
        table = pd.DataFrame({name: column for name, column in columns.items() if column is not None})
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        return table
