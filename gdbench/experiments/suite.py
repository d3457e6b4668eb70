"""A suite file as an experiment: the product of its lists as cases, each a whole descent and what it cost.

A combination that does not fit (a line search on mini-batches, Gauss-Newton without residuals) is found out by
``checked_plan`` before anything is measured, and kept as a skipped case with its reason. Beside the records lie the
file itself and the keys of its cases, so that tables and figures need neither the file nor the caller's own modules.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.suite_descent import clocked, followed
from gdbench.experiments.suite_file import Entry, Suite, read_suite
from gdbench.experiments.suite_parts import code_of, gradient_of, is_random, method_of, problem_of, start_of, step_of
from gdbench.experiments.suite_table import suite_figure_of, suite_summary, suite_table
from gdbench.harness.case import Case
from gdbench.harness.lock import disk_errors
from gdbench.harness.record import Status as Ended
from gdbench.methods.base import Method, Search
from gdbench.minimize import start as begun
from gdbench.status import DIVERGED, NONFINITE, Status

#: Beside the records: the file, and the keys of its cases.
COPY, CASES = "suite.toml", "cases.txt"
#: What stands for a part that a descent has not.
NONE = "none"


class _Cases:
    """The cases of one suite; what each needs, and why some cannot be."""

    def __init__(self, suite: Suite) -> None:
        if suite.name in EXPERIMENTS:
            raise InputError(f"an experiment is called {suite.name!r} already; give the suite another name.")
        self.suite = suite
        self._arguments: dict[str, dict[str, Any]] = {}
        self._refusals: dict[str, str] = {}
        self.keys = self._refusals.keys()  # of all cases listed, whenever asked

    def list(self, settings: Settings) -> list[Case]:
        """Every combination once; those that do not fit are known as such from here on."""
        suite = self.suite
        for entry in suite.gradients:  # a name nobody knows is a mistake, not a combination that does not fit
            gradient_of(entry, 0)
        for entry in suite.methods:
            method_of(entry, None)
        for size in suite.steps:
            step_of(size)
        problems = {entry.label: problem_of(entry, suite.folder) for entry in suite.problems}
        codes = {entry.label: code_of(problems[entry.label]) for entry in suite.problems if ":" in entry.name}
        seeds = suite.seeds if settings.seeds is None else tuple(range(settings.seeds))
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
        return list(found.values())

    def refusal(self, case: Case) -> str:
        """Why a case of the list cannot be; "" if it can."""
        return self._refusals[case.key]

    def measure(self, case: Case) -> Outcome:
        """One descent looked at on its way, then the same again for its seconds."""
        from gdbench.devices.cpu.slope import Slope

        if refusal := self.refusal(case):
            return Outcome({}, skipped=refusal)
        asked, arguments = case.parameters, self._arguments[case.key]
        began = time.perf_counter()
        plan = checked_plan(**arguments)
        begun(plan, asked["device"])
        seconds_compile = time.perf_counter() - began
        f0, f_star = Slope(plan).value(plan.x0), plan.problem.f_star
        goal = -np.inf if f_star is None or not np.isfinite(f0) else f_star + asked["target"] * (f0 - f_star)
        if not isinstance(plan.method, Method) or plan.method.batch_size is None:
            plan = replace(plan, fun_target=goal)
        code, steps, looks = followed(plan, asked["device"], asked["maxiter"], asked["maxtime"], goal)
        seconds = [clocked(plan, asked["device"], steps) for _ in range(asked["repeats"])]
        return Outcome(
            {
                "f_start": f0,
                "f_star": f_star,
                "f_best": looks["values"][-1],
                "ended": Status(code).name,
                "nit": steps,
                "seconds": seconds,
                "seconds_compile": seconds_compile,
                **looks,
            },
            diverged=code in (DIVERGED, NONFINITE),
        )


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
            begun(plan, device)
    except InputError as reason:
        return str(reason)
    return ""


def suite_experiment(path: Path) -> Experiment:
    """The suite in the file ``path`` as an experiment; ``InputError`` for whatever in it is unknown or wrong."""
    suite = read_suite(path)
    cases = _Cases(suite)
    return replace(_experiment(suite, cases.list, cases.measure, cases.keys), refusal=cases.refusal)


def stored_suite(folders: list[Path]) -> Experiment:
    """The same from the folders of its records, of one machine or several: it measures nothing any more."""
    keys: set[str] = set()
    for folder in folders:
        with disk_errors("read", folder / CASES):
            keys |= set((folder / CASES).read_text(encoding="ascii").split())
    suite = replace(read_suite(folders[0] / COPY), name=folders[0].name)

    def over(*_: object) -> Any:
        raise InputError(f"the suite {suite.name} is read from its records here; run it from its file.")

    return _experiment(suite, over, over, keys)


def keep_copy(path: Path, folder: Path, cases: list[Case]) -> None:
    """Put the suite file, and the keys of the cases it asks for now, beside the records in ``folder``."""
    with disk_errors("write", folder / COPY):
        folder.mkdir(parents=True, exist_ok=True)
        for name, words in ((COPY, path.read_bytes()), (CASES, "".join(f"{case.key}\n" for case in cases).encode())):
            whole = folder / f".{name}.new"
            whole.write_bytes(words)
            whole.replace(folder / name)


def _experiment(suite: Suite, cases: Any, measure: Any, keys: Collection[str]) -> Experiment:
    return Experiment(
        name=suite.name,
        question=suite.question,
        claims=(),
        cases=cases,
        measure=measure,
        table=partial(suite_table, targets=suite.targets, keys=keys),
        figure=suite_figure_of,
        verdicts=lambda tidy: [],
        summary=suite_summary,
        shown=(Ended.OK, Ended.DIVERGED, Ended.FAILED, Ended.SKIPPED),
    )
