"""Cases of an experiment on either device: refused where there is no GPU, and on one each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pkgutil import resolve_name
from typing import Any

from gdbench.devices.place import place
from gdbench.experiments.base import Outcome
from gdbench.harness import aside
from gdbench.harness.case import Case

#: Kinds of device, for ``Experiment.devices``, of experiments whose ``measure`` is ``on_its_device``.
BOTH = ("cpu", "cuda")


def refusal(case: Case) -> str:
    """What the door to CUDA says where a GPU is asked for and there is none; "" if there is, or none is asked for."""
    if place(case.parameters["device"]).kind == "cpu":
        return ""
    from gdbench.devices.cuda import door

    found = door.state()
    return "" if found.usable and not found.simulated else found.reason


def on_its_device(measure: Callable[[Case], Outcome]) -> Callable[[Case], Outcome]:
    """``measure`` for cases on the CPU; a case on a GPU goes into a process of its own, where that GPU is "cuda".

    A kernel that faults then costs its own case: the record says so, and the next begins with a fresh context.
    """

    @wraps(measure)
    def measured(case: Case) -> Outcome:
        where = place(case.parameters["device"])
        if where.kind == "cpu":
            return measure(case)
        if shut := refusal(case):
            return Outcome({}, skipped=shut)
        there = {**case.parameters, "device": where.kind}
        name = f"{measure.__module__}:{measure.__name__}"
        found: Outcome = aside.call(f"{__name__}:measured_here", name, case.experiment, there, device=where.number)
        return found

    return measured


def measured_here(name: str, experiment: str, parameters: dict[str, Any]) -> Outcome:
    """What the ``measure`` of that name gives in this process, with as many threads as the case says."""
    from gdbench.devices.cpu.threads import limited

    with limited(int(parameters.get("threads", 1))):
        found: Outcome = resolve_name(name).__wrapped__(Case(experiment, parameters))
    return found
