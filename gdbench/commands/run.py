"""``gdbench run``: the cases of one experiment or suite after the other, with progress, a table and verdicts."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gdbench.commands.plan import print_plan
from gdbench.commands.show import print_tables, ruling_table
from gdbench.devices.place import DEVICES, place
from gdbench.errors import InputError, unknown
from gdbench.experiments import EXPERIMENTS, Experiment
from gdbench.experiments.base import SIZES, Settings
from gdbench.experiments.suite import keep_copy, suite_experiment
from gdbench.experiments.suite_lowest import freeze
from gdbench.harness.case import Case
from gdbench.harness.lock import session_lock
from gdbench.harness.machine import cores
from gdbench.harness.record import Status
from gdbench.harness.run import Summary, machine_folder, measure_cases
from gdbench.results import draw, rulings, writable


def run_experiments(
    names: list[str],
    size: str,
    device: str | None,
    seeds: int | None,
    threads: int,
    out: Path,
    force: bool,
    dry_run: bool = False,
) -> int:
    """Everything ``gdbench run`` does; returns the exit code."""
    if size not in SIZES:
        raise unknown("size", size, SIZES)
    for option, given in (("--seeds", seeds), ("--threads", threads)):
        if given is not None and given < 1:
            raise InputError(f"{option} must be at least 1, not {given}.")
    suites = {name: suite_experiment(Path(name)) for name in names if is_suite(name)}
    chosen = [suites.get(name) or EXPERIMENTS[name] for name in dict.fromkeys(_asked(names))]
    folder, console, total = machine_folder(out), Console(), Summary()
    where, remarks = devices_of([experiment for experiment in chosen if experiment not in suites.values()], device)
    where |= {suite.name: ["cpu"] for suite in suites.values()}  # its file says where each case runs
    for remark in remarks:
        console.print(f"[yellow]note[/yellow] {escape(remark)}", highlight=False, soft_wrap=True)
    chosen = [experiment for experiment in chosen if where[experiment.name]]
    used = min(threads, cores())
    cases = {
        experiment.name: [
            case for on in where[experiment.name] for case in experiment.cases(Settings(size, seeds, on, used))
        ]
        for experiment in chosen
    }
    if dry_run:
        for experiment in chosen:
            print_plan(console, experiment, cases[experiment.name], folder, force)
        return 0
    writable(out)
    with session_lock(folder):
        for name, suite in suites.items():
            keep_copy(Path(name), folder / suite.name, cases[suite.name])
        with _progress(console) as progress:
            for experiment in chosen:
                bar = progress.add_task(experiment.name, total=len(cases[experiment.name]), label="")

                def before(case: Case, bar=bar) -> None:  # type: ignore[no-untyped-def]
                    progress.update(bar, label=escape(case.label))

                def after(case: Case, status: Status | None, bar=bar) -> None:  # type: ignore[no-untyped-def]
                    progress.advance(bar)
                    if status is Status.FAILED:
                        told = escape(f"{case.experiment}: {case.label}")
                        progress.console.print(f"[red]failed[/red] {told}", highlight=False)

                try:
                    summary = measure_cases(
                        cases[experiment.name], experiment.measure, folder / experiment.name,
                        threads=used, force=force, before=before, after=after,
                    )  # fmt: skip
                except KeyboardInterrupt:
                    progress.stop()
                    console.print("\nStopped. Every finished record is kept; the same command goes on from here.")
                    return 130
                progress.update(bar, label="")
                total.add(summary)
                if experiment in suites.values():
                    keys = {case.key for case in cases[experiment.name]}
                    for told in freeze(folder / experiment.name, keys, anew=force):
                        progress.console.print(f"[yellow]note[/yellow] {told}", highlight=False, soft_wrap=True)
                for reason, many in summary.reasons.items():
                    told = f"{experiment.name}, {many} {'case' if many == 1 else 'cases'}: {reason}"
                    progress.console.print(f"[yellow]skipped[/yellow] {escape(told)}", highlight=False, soft_wrap=True)
        for experiment in chosen:
            for place in draw(out, experiment, size):
                if place.parent == folder:
                    print_tables(console, out, experiment, size)
                    told = escape(f"figure and table in {place}")
                    console.print(f"[dim]{told}[/dim]\n", highlight=False, soft_wrap=True)
    if not names:
        others = ", ".join(name for name in EXPERIMENTS if not EXPERIMENTS[name].claims)
        console.print(f"More to measure, each by its name: {others}; or all of it: gdbench run all", highlight=False)
    asked = {claim for experiment in chosen for claim in experiment.claims}
    if asked:
        console.print(ruling_table([ruled for ruled in rulings(out, size) if ruled.claim.id in asked]))
    console.print(
        f"{total.measured} cases measured, {total.kept} kept from before"
        + (f", {total.skipped} skipped" if total.skipped else "")
        + (f", [red]{total.failed} failed[/red] (their records say why)" if total.failed else "")
        + f". Verdicts on all claims: gdbench claims {escape(str(out))}",
        highlight=False,
    )
    if total.failed:
        return 1
    return 2 if names and total.skipped and not (total.measured or total.kept) else 0  # nothing asked for can be had


def _asked(names: list[str]) -> list[str]:
    """The names as given; none stands for the experiments that decide a claim, "all" for every one."""
    if not names:
        return [name for name in EXPERIMENTS if EXPERIMENTS[name].claims]
    return [each for name in names for each in (EXPERIMENTS if name == "all" else [name])]


def devices_of(chosen: list[Experiment], device: str | None) -> tuple[dict[str, list[str]], list[str]]:
    """The devices that each experiment's cases are run on, and what the user is to be told of it, a sentence each.

    Parameters
    ----------
    device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"all"``, or None for each experiment's own choice.

    Raises
    ------
    InputError: an unknown device; a GPU is asked for and there is none, or none of the experiments can use it.
    """
    if device is None:
        return {experiment.name: [experiment.devices[0]] for experiment in chosen}, []
    if device == "all":
        return {experiment.name: list(experiment.devices) for experiment in chosen}, []
    try:
        kind, number = place(device)
    except InputError:
        raise unknown("device", device, [*DEVICES, "cuda:1", "all"]) from None
    able = {experiment.name: [device] if kind in experiment.devices else [] for experiment in chosen}
    unable = [name for name, devices in able.items() if not devices]
    if kind == "cpu":
        return able, []
    if unable and len(unable) == len(chosen):
        known = ", ".join(name for name in EXPERIMENTS if kind in EXPERIMENTS[name].devices)
        raise InputError(f"{', '.join(unable)} runs on the CPU alone; on {device!r} there is: {known}.")
    from gdbench.devices.cuda import door

    found = door.state()
    if not found.usable or found.simulated:
        raise InputError(f"--device {device} finds no GPU to use. {found.reason}")
    with door.on(number):
        pass
    return able, [f"not on {device}, since they run on the CPU alone: {', '.join(unable)}"] if unable else []


def is_suite(name: str) -> bool:
    """Whether an argument names a suite's file rather than an experiment."""
    return name.endswith(".toml") or Path(name).is_file()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:>14}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("[dim]{task.fields[label]}[/dim]"),
        console=console,
        transient=not console.is_terminal,
    )
