"""``gdbench list problems`` and ``gdbench show NAME``: what can be minimised, and what is known of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdbench.errors import InputError
from gdbench.problems import PROBLEMS, Problem
from gdbench.registry import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = (".png", ".svg", ".pdf")
#: Points along the box of a picture in one variable, and in two.
GRID = (401, 151)


def list_problems(console: Console) -> None:
    """Name, n, condition number at the minimum, kind and source of every family at its usual size."""
    table = Table(title="problems, each at its usual size", title_justify="left")
    for column in ("name", "n", "condition", "kind", "source"):
        justify: Literal["left", "right"] = "right" if column in ("n", "condition") else "left"
        table.add_column(column, overflow="fold", justify=justify, no_wrap=column == "name")
    table.caption = (
        "condition: largest over smallest |eigenvalue| of the Hessian at the minimum; "
        "flat: the smallest is 0; —: no minimum, or no Hessian, is known"
    )
    table.caption_justify = "left"
    for name in PROBLEMS:
        try:
            problem = PROBLEMS[name]()
            row = f"{problem.n:,}", _figure(condition(problem)), kind(problem), problem.source
        except (Exception, SystemExit) as reason:  # whatever a stranger's family raises must not stop the others
            print(f"gdbench: problem {name!r} skipped: {one_line(reason)}", file=sys.stderr)
        else:
            table.add_row(*map(Text, (name, *row)))
    console.print(table)


def condition(problem: Problem) -> float:
    """Largest over smallest |eigenvalue| of the Hessian at the minimum; inf where the smallest is 0, nan if unknown.

    >>> round(condition(PROBLEMS["rosenbrock"]()), 2)
    2508.01
    """
    if problem.hessian is None or problem.x_star is None:
        return float("nan")
    curvature = np.empty((problem.n, problem.n))
    problem.hessian(problem.x_star, problem.data, curvature)
    sizes = np.abs(np.linalg.eigvalsh(curvature))
    return float(sizes.max() / sizes.min()) if sizes.min() > 0 else float("inf")


def kind(problem: Problem) -> str:
    """What theory says of it, in a few words."""
    words = ["convex" if problem.convex else "", "" if problem.smooth else "kinked"]
    words += ["sum of squares"] if problem.residuals is not None else []
    words += [f"mean over {problem.rows} rows"] if problem.rows else []
    return ", ".join(word for word in words if word) or "smooth"


def _figure(number: float) -> str:
    if np.isnan(number):
        return "—"
    return "flat" if np.isinf(number) else f"{number:,.0f}" if number < 1e6 else f"{number:.1e}"


def show(name: str, save: Path | None) -> None:
    """Print the facts of a problem and save its picture."""
    if save is not None:
        _check_place(save)
    problem = PROBLEMS[name]()
    table = Table(title=Text(problem.name), title_justify="left", show_header=False)
    facts = {
        "f(x)": problem.formula,
        "variables": f"{problem.n:,}",
        "kind": kind(problem),
        "start x0": _point(problem.x0),
        "minimum x*": "not known" if problem.x_star is None else _point(problem.x_star),
        "f(x0), f(x*)": f"{float(problem.value(problem.x0, problem.data)):.6g}, "
        + ("not known" if problem.f_star is None else f"{problem.f_star:.6g}"),
        "condition at x*": _figure(condition(problem)),
        "box": f"[{problem.lower:g}, {problem.upper:g}] in every variable",
        "analytic": ", ".join(
            word for word in ("gradient", "hessian", "residuals", "jacobian") if getattr(problem, word) is not None
        ),
        "source": problem.source,
    }
    for fact, told in facts.items():
        table.add_row(fact, Text(told))
    console = Console()
    console.print(table)
    path = Path(f"{problem.name}.png") if save is None else save
    _save_picture(problem, path)
    console.print(Text(f"picture in {path}"), soft_wrap=True)


def _point(x: np.ndarray) -> str:
    shown = ", ".join(f"{entry:.6g}" for entry in x[:6])
    return f"({shown}{', ...' if x.size > 6 else ''})"


def _check_place(path: Path) -> None:
    """Refuse, before any work, a picture that could not be saved."""
    if path.suffix.lower() not in PICTURES:
        raise InputError(f"cannot save {path}: give a path that ends in {', '.join(PICTURES[:-1])} or {PICTURES[-1]}.")
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise InputError(f"cannot save {path}: {what}; give a file in a folder that exists.")


def picture(problem: Problem) -> Figure:
    """In one variable the graph, in two the box, in more a plane of two random directions through the minimum."""
    from gdbench.landscape import landscape
    from gdbench.report.plots.problem import problem_figure

    marks, axes = {}, ("$x_1$", "$x_2$")
    ends = {"start": problem.x0} | ({} if problem.x_star is None else {"minimum": problem.x_star})
    if problem.n <= 2:
        box = np.linspace(problem.lower, problem.upper, GRID[problem.n - 1])
        across = box if problem.n == 2 else None
        seen = landscape(problem, np.zeros(problem.n), directions=np.eye(problem.n), m=box, n=across)
        marks = {name: x for name, x in ends.items() if problem.lower <= x.min() <= x.max() <= problem.upper}
        subtitle = f"f(x) = {problem.formula}" if problem.formula else ""
    else:
        name, center = list(ends.items())[-1]
        half = (problem.upper - problem.lower) / 2
        seen = landscape(problem, center, directions=2, radius=min(half, 1.0 + float(np.linalg.norm(center))))
        marks, axes = {name: np.zeros(2)}, ("step m", "step n")
        subtitle = f"f(x) = {problem.formula}; " if problem.formula else ""
        subtitle += f"on a plane through its {name}, along two random directions of length 1"
    return problem_figure(seen.to_frame(), problem.name, subtitle, axes, marks)


def _save_picture(problem: Problem, path: Path) -> None:
    try:
        picture(problem).savefig(path)
    except OSError as reason:
        raise InputError(f"cannot save {path}: {reason.strerror or reason}; give a file that may be written.") from None
