"""For people who wait: what is going on before the first epoch, then a bar with loss and accuracy of the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def waiting(words: str, shown: bool) -> Iterator[None]:
    """The words on stderr while this lasts, if that is a terminal; where ``shown``."""
    if not shown:
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(words):
        yield


@contextmanager
def bar(epochs: int, done: int, shown: bool) -> Iterator[Callable[[float, float | None], None]]:
    """A function of (loss, accuracy or None) that says an epoch is over; on stderr, where ``shown``."""
    if not shown:
        yield lambda loss, accuracy: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as display:
        task = display.add_task("", total=epochs, completed=done)

        def over(loss: float, accuracy: float | None) -> None:
            judged = "" if accuracy is None else f", accuracy {accuracy:.1%}"
            display.update(task, advance=1, description=f"loss {loss:.4g}{judged}")

        yield over
