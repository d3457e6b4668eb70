"""The cases of a suite: every combination of its lists once, why some cannot be, and the measurement of one.

A case is one whole descent. It is followed on its way, then timed beside the yardstick of its problem and start.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.errors import InputError
from gdbench.experiments.base import Outcome, Settings
from gdbench.experiments.suite_descent import followed
from gdbench.experiments.suite_file import Entry, Suite
from gdbench.experiments.suite_parts import code_of, gradient_of, is_random, method_of, problem_of, start_of, step_of
from gdbench.experiments.suite_timing import Descent, timed
from gdbench.harness.case import Case
from gdbench.methods.base import Method, Search
from gdbench.starting import start as begun
from gdbench.status import DIVERGED, NONFINITE, Status

#: Each case of a suite is one descent, and most descents are worth a GPU by the thousand alone.
ONE_START = (
    'on {device} a suite runs "random-search", and mini-batches of a network, as by {{name = "adam", batch_size = 32}}'
    "; for many starts of this at once: gdbench.minimize with x0 of shape (S, n)."
)
#: What stands for a part that a descent has not.
NONE = "none"


class Cases:
    """The cases of one suite; what each needs, and why some cannot be."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._arguments: dict[str, dict[str, Any]] = {}
        self._refusals: dict[str, str] = {}
        self._first: dict[str, Case] = {}  # of each problem and start, the first case that fits: its yardstick
        self._yardsticks: dict[str, Descent | None] = {}
        self.keys = self._refusals.keys()  # of all cases listed, whenever asked

    def list(self, settings: Settings) -> list[Case]:
        """Every combination once; those that do not fit are known as such from here on."""
        suite = self.suite
        seeds = suite.seeds if settings.seeds is None else range(settings.seeds)
        suite.checked_number(seeds)
        for entry in suite.gradients:  # a name nobody knows is a mistake, not a combination that does not fit
            gradient_of(entry, 0)
        for entry in suite.methods:
            method_of(entry, None)
        for size in suite.steps:
            step_of(size)
        problems = {entry.label: problem_of(entry, suite.folder) for entry in suite.problems}
        codes = {entry.label: code_of(problems[entry.label]) for entry in suite.problems if ":" in entry.name}
        fits: dict[str, str] = {}
        found: dict[str, Case] = {}
        # Starts and seeds outside: contenders of one problem are measured next to each other, block by block.
        for start, seed, entry, asked in product(suite.starts, seeds, suite.problems, _rest(suite)):
            gradient, method, step, device, dtype, maxiter, maxfev, gtol = asked
            problem = problems[entry.label]
            refusal, chosen, source = "", None, None
            try:
                chosen, source = method_of(method, step_of(step)), gradient_of(gradient, seed)
            except InputError as reason:
                refusal = str(reason)
            searching = isinstance(chosen, Search)
            drawn = start == "random" or is_random(chosen) or (is_random(source) and not searching)
            case = Case(
                suite.name,
                {
                    "problem": entry.label,
                    "n": problem.n,
                    "gradient": NONE if searching else gradient.label,
                    "method": method.label,
                    "step": NONE if searching else step.label if isinstance(step, Entry) else f"{step:g}",
                    "device": device,
                    "dtype": dtype,
                    "start": start,
                    "seed": seed if drawn else seeds[0],
                    "maxiter": maxiter,
                    "maxfev": maxfev,
                    "gtol": gtol,
                    "maxtime": suite.maxtime,
                    "target": min(suite.targets),
                    "repeats": suite.repeats,
                    "timing": suite.timing,
                    "threads": settings.threads,
                    "size": "suite",
                    **({"code": codes[entry.label]} if entry.label in codes else {}),
                },
            )
            if case.key in found:
                continue
            found[case.key] = case
            arguments = {
                "problem": problem,
                "x0": start_of(start, problem, seed),
                "gradient": "auto" if source is None or searching else source,
                "method": chosen,
                "maxfev": maxfev,
                "gtol": gtol if isinstance(chosen, Method) and chosen.batch_size is None else None,
                "dtype": dtype,
                "seed": seed,
                "history": False,
            }
            alike = Case(suite.name, {**case.parameters, "seed": 0}).key  # a seed decides nothing here
            if not refusal:
                if alike not in fits:
                    fits[alike] = _refusal(arguments, device)
                refusal = fits[alike]
            self._arguments[case.key] = arguments
            self._refusals[case.key] = refusal
            if not refusal:
                self._first.setdefault(_alike(case), case)
        return list(found.values())

    def refusal(self, case: Case) -> str:
        """Why a case of the list cannot be; "" if it can."""
        return self._refusals[case.key]

    def measure(self, case: Case) -> Outcome:
        """One descent looked at on its way, then the same again for its seconds, beside the yardstick."""
        if refusal := self.refusal(case):
            return Outcome({}, skipped=refusal)
        descent, code, found = self._followed(case)
        group = _alike(case)
        if group not in self._yardsticks:
            self._yardsticks[group] = descent if case == self._first[group] else self._yardstick(self._first[group])
        asked = case.parameters
        seconds = timed(descent, self._yardsticks[group], asked["repeats"], asked["timing"])
        return Outcome({**found, **seconds}, diverged=code in (DIVERGED, NONFINITE))

    def _yardstick(self, case: Case) -> Descent | None:
        """The descent of a case that was measured in an earlier run; None where it breaks."""
        try:
            return self._followed(case)[0]
        except Exception:  # its own record tells of it, and this case can do without
            return None

    def _followed(self, case: Case) -> tuple[Descent, int, dict[str, Any]]:
        """The descent of a case, how it ended, and what was seen on its way."""
        from gdbench.devices.cpu.slope import Slope

        asked = case.parameters
        began = time.perf_counter()
        plan = checked_plan(**self._arguments[case.key])
        begun(plan, asked["device"])
        seconds_compile = time.perf_counter() - began
        f0, f_star = Slope(plan).value(plan.x0), plan.problem.f_star
        goal = -np.inf if f_star is None or not np.isfinite(f0) else f_star + asked["target"] * (f0 - f_star)
        if not isinstance(plan.method, Method) or plan.method.batch_size is None:
            plan = replace(plan, fun_target=goal)
        code, steps, looks = followed(plan, asked["device"], asked["maxiter"], asked["maxtime"], goal)
        found = {
            "slope": NONE if isinstance(plan.method, Search) else plan.gradient.name,
            "f_start": f0,
            "f_star": f_star,
            "f_best": looks["values"][-1],
            "ended": Status(code).name,
            "nit": steps,
            "seconds_compile": seconds_compile,
            **looks,
        }
        told = (asked[part] for part in ("method", "step", "gradient") if asked[part] not in (NONE, "own"))
        return Descent(", ".join(told), plan, asked["device"], steps), code, found


def _alike(case: Case) -> str:
    """What cases with one yardstick share: the problem and the start."""
    asked = case.parameters
    parts = (asked["problem"], asked["start"], asked["seed"] if asked["start"] == "random" else "")
    return repr(parts)


def _rest(suite: Suite) -> list[tuple[Any, ...]]:
    return list(
        product(
            suite.gradients, suite.methods, suite.steps, suite.devices, suite.dtypes, suite.maxiter, suite.maxfev,
            suite.gtol,
        )
    )  # fmt: skip


def _refusal(arguments: dict[str, Any], device: str) -> str:
    """Why a combination cannot be; "" if it can."""
    try:
        plan = checked_plan(**arguments)
        if device != "cpu":  # what else a device asks for, it says itself
            if isinstance(plan.method, Method) and plan.method.batch_size is None:
                return ONE_START.format(device=device)
            begun(plan, device)
    except InputError as reason:
        return str(reason)
    return ""
