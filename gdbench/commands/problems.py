"""``gdbench list problems`` and ``gdbench show NAME``: what can be minimised, and what is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdbench.errors import InputError
from gdbench.problems import PROBLEMS, Problem


def list_problems(console: Console) -> None:
    """Name, n, condition number at the minimum, kind and source of every family at its usual size."""
    table = Table(title="problems, each at its usual size", title_justify="left")
    for column in ("name", "n", "condition", "kind", "source"):
        justify: Literal["left", "right"] = "right" if column in ("n", "condition") else "left"
        table.add_column(column, overflow="fold", justify=justify, no_wrap=column == "name")
    for name in PROBLEMS:
        problem = PROBLEMS[name]()
        told = [name, f"{problem.n:,}", _figure(condition(problem)), kind(problem), problem.source]
        table.add_row(*map(Text, told))
    console.print(table)


def condition(problem: Problem) -> float:
    """Largest over smallest |eigenvalue| of the Hessian at the known minimum; nan where one is not known.

    >>> round(condition(PROBLEMS["rosenbrock"]()), 2)
    2508.01
    """
    if problem.hessian is None or problem.x_star is None:
        return float("nan")
    curvature = np.empty((problem.n, problem.n))
    problem.hessian(problem.x_star, problem.data, curvature)
    sizes = np.abs(np.linalg.eigvalsh(curvature))
    # An eigenvalue of rounding size is a zero: the minimum is flat that way.
    return float(sizes.max() / sizes.min()) if sizes.min() > problem.n * 2.3e-16 * sizes.max() else float("inf")


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


def _save_picture(problem: Problem, path: Path) -> None:
    """In two variables the box; in one, the line; in more, a plane of two random directions through the minimum."""
    from gdbench.landscape import landscape

    middle = np.full(problem.n, (problem.lower + problem.upper) / 2)
    half = (problem.upper - problem.lower) / 2
    if problem.n == 1:
        surface = landscape(problem, middle, directions=(np.array([1.0]),), radius=half)
    elif problem.n == 2:
        surface = landscape(problem, middle, directions=(np.array([1.0, 0.0]), np.array([0.0, 1.0])), radius=half)
    else:
        center = problem.x0 if problem.x_star is None else problem.x_star
        surface = landscape(problem, center, directions=2, radius=min(half, 1.0 + float(np.linalg.norm(center))))
    try:
        surface.plot().savefig(path)
    except (OSError, ValueError) as reason:
        raise InputError(f"cannot save {path}: {reason}; give a path that ends in .png, .svg or .pdf.") from None
