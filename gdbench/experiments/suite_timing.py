"""Seconds of one descent of a suite, taken in the same blocks as the yardstick of its problem.

A case is measured and stored alone, so that a suite goes on where it was stopped. Seconds of two cases are therefore
minutes apart, and the machine may have changed in between. So every case is timed, block by block and in random order,
beside one descent that is the same for all cases of its problem and start: the first of the suite that fits. Both
series are kept. What slowed the machine slowed both, and leaves their ratio alone. The yardstick's own case has a
second series of itself, which shows how far equal descents lie apart here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gdbench.harness.timing import interleaved
from gdbench.starting import start as begun
from gdbench.status import RUNNING

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan, Run


@dataclass(frozen=True, eq=False)
class Descent:
    """A descent whose end is known: the plan, where it runs, and how many steps it takes."""

    label: str
    plan: Plan
    device: str
    steps: int

    def ready(self, calls: int) -> list[Run]:
        """So many of them, set up and not begun."""
        return [begun(self.plan, self.device) for _ in range(calls)]

    def run(self, runs: list[Run]) -> None:
        """From the start to the end, nobody looking on the way."""
        for run in runs:
            if run.begin() == RUNNING and self.steps:
                run.advance(self.steps)


def timed(descent: Descent, yardstick: Descent | None, least: int, cap: float) -> dict[str, Any]:
    """What a record keeps of a descent's time, by the names that ``comparing/fields.py`` reads.

    Parameters
    ----------
    yardstick: timed in the same blocks; None where there is none.
    least: samples of each, at the least.
    cap: seconds for all samples beyond those; a descent that takes more than a tenth of it is timed once.

    Returns
    -------
    seconds: samples, seconds a descent, in order; a sample is the mean of ``sample_calls`` descents, as many as make it
    long enough for the clock. timing_ended: why there are no more of them ("narrow", "cap" or "once"). drift: whether
    they moved. yardstick_seconds: its label -> its samples of the same blocks.
    """
    descents = {"descent": descent} | ({} if yardstick is None else {"yardstick": yardstick})
    timings = interleaved(
        {name: each.run for name, each in descents.items()},
        ready={name: each.ready for name, each in descents.items()},
        cap=cap,
        least=least,
        most=max(MOST, least),
    )
    own = timings["descent"]
    told: dict[str, Any] = {
        "seconds": own.seconds,
        "sample_calls": own.calls,
        "timing_ended": own.ended,
        "drift": own.drift,
    }
    if yardstick is not None:
        told["yardstick_seconds"] = {yardstick.label: timings["yardstick"].seconds}
    return told


#: Blocks at the most, unless a suite asks for more.
MOST = 200


def yardstick_of(told: Mapping[str, Any]) -> tuple[str, list[float]]:
    """Label and samples of the yardstick in what a record keeps; ("", []) where there is none.

    >>> yardstick_of({"lbfgs, own": [0.1, 0.2]})
    ('lbfgs, own', [0.1, 0.2])
    """
    return next(iter(told.items()), ("", []))
