"""The commands that only show: plot, list, claims, info."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gdbench.errors import unknown
from gdbench.experiments import EXPERIMENTS, Experiment
from gdbench.experiments.base import Ruling

if TYPE_CHECKING:
    from gdbench.results import Ruled

COLOURS = {
    Ruling.HOLDS: "green",
    Ruling.IN_PART: "yellow",
    Ruling.DOES_NOT_HOLD: "red",
    Ruling.NOT_MEASURED: "dim",
}


def plot_all(root: Path) -> None:
    """Draw everything in ``root`` again."""
    from gdbench.commands.drawing import drawn_in
    from gdbench.results import Tally

    console, all_told = Console(), Tally()
    for drawn in drawn_in(root):
        all_told.records += drawn.tally.records
        all_told.skipped += drawn.tally.skipped
        _print_skipped(console, drawn.tally.skipped)
        for place, stems in drawn.places:
            told = ", ".join(f"{stem}.svg, {stem}.png" for stem in stems)
            console.print(escape(f"{place}: table.csv, {told}"), highlight=False, soft_wrap=True)
    all_told.refuse_nothing(root)


def _print_skipped(console: Console, skipped: Iterable[str]) -> None:
    """What was passed over, and why, a line each."""
    for line in skipped:
        console.print(f"[yellow]skipped[/yellow] {escape(line)}", highlight=False, soft_wrap=True)


def print_tables(console: Console, root: Path, experiment: Experiment, size: str) -> None:
    """The table of an experiment, this machine's first, the reference ones after it."""
    from gdbench.harness.machine import machine_name
    from gdbench.report.tables.write import to_rich
    from gdbench.results import load, of_machine

    stored = load(root, experiment, size)
    if stored is None:
        return
    _print_skipped(console, stored.skipped)
    console.print(f"[bold]{escape(experiment.question)}[/bold]")
    own = machine_name()
    mine = of_machine(stored.machines, own)
    for machine in [*mine, *(name for name in stored.machines if name not in mine)]:
        rows = stored.tidy[stored.tidy["machine"] == machine].drop(columns="machine")
        title = f"{experiment.name} on this machine ({machine})" if machine in mine else f"for reference: {machine}"
        console.print(to_rich(experiment.summary(rows) if experiment.summary else rows, title))


def ruling_table(ruled: Iterable[Ruled]) -> Table:
    """Claims and verdicts as a table."""
    table = Table(title="What the records say of the textbooks' claims", title_justify="left")
    for column in ("claim", "verdict", "evidence"):
        table.add_column(column, overflow="fold")
    for claim, verdict, _ in ruled:
        colour = COLOURS[verdict.ruling]
        table.add_row(Text(claim.sentence), Text(verdict.ruling, colour), Text(verdict.evidence))
    return table


def print_claims(root: Path) -> None:
    """Every claim and its verdict, and whose records gave it."""
    from gdbench.results import Tally, machines_in, rulings

    tally = Tally()
    ruled = rulings(root, tally=tally)
    if tally.skipped or not machines_in(root):  # a suite's records alone decide no claim, and are no mistake
        tally.refuse_nothing(root)
    console = Console()
    _print_skipped(console, tally.skipped)
    console.print(ruling_table(ruled))
    for machine in sorted({r.machine for r in ruled if r.machine}):
        told = ", ".join(r.claim.id for r in ruled if r.machine == machine)
        console.print(f"[dim]measured on {escape(machine)}: {escape(told)}[/dim]", highlight=False)


def list_all(what: str | None) -> None:
    """Names and one-line summaries of everything on the shelves, or of one shelf."""
    shelves = _shelves()
    if what is not None and what not in shelves:
        raise unknown("shelf", what, shelves)
    console = Console()
    if what == "problems":
        from gdbench.commands.problems import list_problems

        list_problems(console)
        return
    for title in [what] if what else shelves:
        table = Table(title=title, title_justify="left", show_header=False)
        for name, summary in shelves[title]():
            table.add_row(Text(name), Text(summary))
        console.print(table)


def _shelves() -> dict[str, Callable[[], list[tuple[str, str]]]]:
    from gdbench import DIRECTIONS, GRADIENTS, PROBLEMS, SEARCHES, SECOND_ORDER, STEPS

    def first_lines(shelf: Any) -> list[tuple[str, str]]:
        return [(name, (shelf[name].__doc__ or "").strip().splitlines()[0]) for name in shelf]

    sgd = ("sgd", "steepest descent on mini-batches of 32 rows")
    return {
        "problems": lambda: [(name, PROBLEMS[name].summary) for name in PROBLEMS],
        "gradients": lambda: first_lines(GRADIENTS),
        "methods": lambda: sorted([*first_lines(DIRECTIONS), *first_lines(SECOND_ORDER), *first_lines(SEARCHES), sgd]),
        "steps": lambda: first_lines(STEPS),
        "experiments": lambda: [(name, EXPERIMENTS[name].question) for name in EXPERIMENTS],
    }


def print_info() -> None:
    """The environment, as it goes into every record, and where things are kept."""
    from gdbench.data import data_status
    from gdbench.devices.cpu.cache import directory
    from gdbench.devices.cuda.probe import probe
    from gdbench.harness.energy import meters
    from gdbench.harness.environment import environment
    from gdbench.harness.machine import machine_name

    console = Console()
    table = Table(title=f"{machine_name()}", title_justify="left", show_header=False)
    for group, facts in environment(with_numba=True).items():
        if not isinstance(facts, dict):
            table.add_row(group, Text(str(facts)))
            continue
        for name, fact in facts.items():
            told = ", ".join(map(str, fact)) if isinstance(fact, list) else str(fact)
            table.add_row(f"{group}.{name}", Text(told))
    for name, told in probe().items():
        table.add_row(name, Text(told))
    table.add_row("energy", Text(meters().told()))
    table.add_row("compiled code", Text(str(directory())))
    for row in data_status():
        table.add_row(f"data: {row['place']}", Text(f"{row['state']} ({row['path']})"))
    console.print(table)
