"""One question a file: what an experiment is, and the verdicts it gives.

An experiment lists its cases, measures one at a time, and turns the stored records into a table, a figure and
verdicts on claims. Only ``measure`` ever runs anything; the rest is a function of the records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gdbench.harness.case import Case
from gdbench.harness.record import Status
from gdbench.harness.statistics import share as share

if TYPE_CHECKING:
    from pathlib import Path

    import pandas
    from matplotlib.figure import Figure

SIZES = ("smoke", "default", "full")


@dataclass(frozen=True)
class Settings:
    """What the command line may ask of any experiment.

    Attributes
    ----------
    size: "smoke" (seconds), "default" (the reference), "full" (as long as it takes).
    seeds: number of seeds; None for the experiment's own number at that size.
    device: "cpu", "cuda", or one of several, "cuda:1".
    threads: cores a measurement may use.
    """

    size: str = "default"
    seeds: int | None = None
    device: str = "cpu"
    threads: int = 1


class Ruling(StrEnum):
    """What the records say of a claim: a closed set."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    DOES_NOT_HOLD = "does not hold"
    NOT_MEASURED = "not measured here"


@dataclass(frozen=True)
class Verdict:
    """A ruling on one claim, and the measured numbers it rests on, in a sentence."""

    claim: str
    ruling: Ruling
    evidence: str


@dataclass(frozen=True)
class Outcome:
    """What measuring a case gave: ``measured`` goes into the record; ``diverged`` is an outcome, not a fault.

    ``skipped`` says why nothing could be measured here, "" if it was.
    """

    measured: dict[str, Any]
    diverged: bool = False
    skipped: str = ""


@dataclass(frozen=True)
class Experiment:
    """One question, and how it is asked and answered.

    Attributes
    ----------
    name: also the folder of its results.
    question: one sentence with a question mark.
    claims: ids of the claims it decides.
    cases: the cases of given settings.
    measure: runs one case.
    table: records (``harness.record.to_frame``) of one size, of one machine or several -> tidy table.
    figure: the table -> its picture; ``highlight`` names the machine drawn in full.
    verdicts: the table of one machine -> verdicts.
    summary: the table of one machine -> what is printed of it; None for all of it.
    more: stem of a file -> a further picture of the table, drawn beside ``figure``, each its own message; None where
        the records hold nothing to draw in it, as those of an earlier version may.
    shown: how a record must have ended to be in the table.
    refusal: why a case of ``cases`` cannot be measured, known before any is; "" if it can.
    devices: kinds of device that its cases can be run on; the first is its own choice.
    beside: the records of one folder and that folder -> the same records with what else lies there joined to them.
    """

    name: str
    question: str
    claims: tuple[str, ...]
    cases: Callable[[Settings], list[Case]]
    measure: Callable[[Case], Outcome]
    table: Callable[[pandas.DataFrame], pandas.DataFrame]
    figure: Callable[[pandas.DataFrame, str], Figure]
    verdicts: Callable[[pandas.DataFrame], list[Verdict]]
    summary: Callable[[pandas.DataFrame], pandas.DataFrame] | None = None
    more: Mapping[str, Callable[[pandas.DataFrame, str], Figure | None]] = field(default_factory=dict)
    shown: tuple[Status, ...] = (Status.OK, Status.DIVERGED)
    refusal: Callable[[Case], str] = lambda case: ""
    devices: tuple[str, ...] = ("cpu",)
    beside: Callable[[pandas.DataFrame, Path], pandas.DataFrame] = lambda frame, folder: frame
