"""The command line: parsing and printing only. ``gdbench --help`` teaches the rest.

Bad input is one sentence on standard error and exit code 2; a case that failed is exit code 1; Ctrl-C is 130, and
every finished record is kept.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from gdbench.errors import InputError, unknown
from gdbench.registry import Skipped

app = typer.Typer(
    help="What a gradient costs and what it buys: measured, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Show which data sets were found, or fetch one.", invoke_without_command=True)
app.add_typer(data_app, name="data")

Out = Annotated[Path, typer.Option("--out", help="Folder of results: <out>/<machine>/<experiment>/.")]
RESULTS = Path("results")


def main() -> None:
    """Run the command line; turn what was wrong into one sentence."""
    plain = warnings.formatwarning

    def told(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
    ) -> str:
        if issubclass(category, Skipped):
            return f"gdbench: {message}\n"
        return plain(message, category, filename, lineno, line)

    warnings.formatwarning = told
    try:
        app()
    except InputError as reason:
        print(f"gdbench: {reason}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\ngdbench: stopped.", file=sys.stderr)
        sys.exit(130)
    finally:
        warnings.formatwarning = plain


@app.command()
def run(
    experiment: Annotated[
        list[str] | None,
        typer.Argument(help="Experiments or suite files (.toml); none: those that decide a claim; all."),
    ] = None,
    size: Annotated[str, typer.Option(help="smoke (seconds), default, or full (as long as it takes).")] = "default",
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1 or all; each experiment's own choice if left out.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Number of seeds; the experiment's own if left out.")] = None,
    threads: Annotated[int, typer.Option(help="Cores a measurement may use.")] = 1,
    out: Out = RESULTS,
    force: Annotated[bool, typer.Option("--force", help="Measure anew what was measured before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the cases and the time they may take.")] = False,
) -> None:
    """Measure, then print tables and verdicts and draw figures.

    What this machine has measured before is kept: only what is missing is run, so a run that was stopped goes on where
    it was.
    """
    from gdbench.commands.run import run_experiments

    sys.exit(run_experiments(experiment or [], size, device, seeds, threads, out, force, dry_run))


@app.command()
def plot(directory: Annotated[Path, typer.Argument(help="Folder of results.")] = RESULTS) -> None:
    """Draw every table and figure again from the stored records; nothing is run."""
    from gdbench.commands.show import plot_all

    plot_all(directory)


@app.command(name="list")
def list_(
    what: Annotated[str | None, typer.Argument(help="problems, gradients, methods, steps or experiments.")] = None,
) -> None:
    """Show what there is to combine: problems, gradients, methods, steps, experiments."""
    from gdbench.commands.show import list_all

    list_all(what)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a problem, see gdbench list problems.")],
    save: Annotated[Path | None, typer.Option(help="Where to save its picture (.png, .svg, .pdf).")] = None,
) -> None:
    """Print what is known of a problem, and save its picture."""
    from gdbench.commands.problems import show as show_problem

    show_problem(name, save)


@app.command()
def claims(directory: Annotated[Path, typer.Argument(help="Folder of results.")] = RESULTS) -> None:
    """Show what the textbooks say, and what the stored records say of it."""
    from gdbench.commands.show import print_claims

    print_claims(directory)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Before: results, a machine's folder, a pytest-benchmark file or a commit.")],
    b: Annotated[str, typer.Argument(help="After: the same.")],
    only: Annotated[str | None, typer.Option(help="The one experiment (or benchmark file) to compare.")] = None,
    threshold: Annotated[float, typer.Option(help="Least change of a time that counts, as a share.")] = 0.05,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Allow, and label, other machines, versions, dtypes or threads.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Also write every row to this file.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Say what got slower, faster or counts otherwise from A to B, from stored samples; nothing is run.

    A time regressed if the 95 % interval of B / A excludes 1 and the change exceeds the threshold and the noise. Exit
    code 1: something got slower, or a count changed; 2: the two cannot be compared.
    """
    from gdbench.commands.compare import print_comparison

    sys.exit(print_comparison(a, b, only, threshold, mixed, csv, markdown))


@app.command()
def info() -> None:
    """Show this machine as a record would: processor, memory, libraries, threads, GPU, caches."""
    from gdbench.commands.show import print_info

    print_info()


@data_app.callback()
def data(context: typer.Context) -> None:
    """Show which data sets were found."""
    if context.invoked_subcommand is None:
        from gdbench.commands.data import print_status

        print_status()


@data_app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="Name of the data set, e.g. fashion-mnist.")],
    url: Annotated[str | None, typer.Option(help="Another address to download from.")] = None,
) -> None:
    """Download a data set into the user's cache; every file is checked against its checksum."""
    from gdbench.data import FETCHERS

    if name not in FETCHERS:
        raise unknown("data set", name, FETCHERS)
    options: dict[str, Any] = {} if url is None else {"base_url": url}
    print(FETCHERS[name](progress=True, **options))
