"""gdbench beside its peers in one run: ``python benchmarks/peers.py training``, ``loop``, ``gradients`` or ``solvers``.

In every round each contender runs once, in random order, on the same core, so what disturbs the machine disturbs
all alike. A contender must first agree with gdbench; one that does not, or is not installed, is listed as such.
``--json FILE`` keeps every sample. Run it alone on the machine.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pooled
import solvers
from asked import parsed
from cores import THREADS, held
from network_flops import network_gradient
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from gdbench.harness.environment import environment
from gdbench.harness.statistics import distinguishable, median_interval
from gdbench.harness.timing import interleaved

OWN = "gdbench"
#: Test accuracy is taken after so many epochs, of which the first is not timed.
EPOCHS_JUDGED = 3
#: The same path up to rounding ends within this, as a share of the test images.
ACCURACY_APART = 0.005
#: Rows of the square matrices whose product is the peak that epochs are held against.
SQUARE = 1024
#: Seconds before each epoch: the threads of the one before spin for up to a fifth of a second, waiting for more.
REST = 0.5
#: For all slopes of one question; a slope above a tenth of it is taken once.
SECONDS_A_QUESTION = 10.0
#: Samples of each contender, if the command does not say: epochs, blocks of steps, blocks of slopes.
ROUNDS = {"training": 6, "loop": 50, "gradients": 20, "solvers": 12}


@dataclass
class Line:
    """One contender's line: its samples, or the reason why there are none."""

    name: str
    question: str
    excluded: str = ""
    seconds: list[float] = field(default_factory=list)
    by_process: list[list[float]] = field(default_factory=list)
    first_seconds: float | None = None
    accuracy: float | None = None
    error: float | None = None
    share: float | None = None


def training(
    rows: int | None, rounds: int, seed: int, hidden: tuple[int, ...], batch: int, threads: int, only: str = ""
) -> list[Line]:
    """Seconds an epoch of the network, of every library that is here; ``only`` of those whose names begin so."""
    from frameworks import CONTENDERS, GATE, disagreement
    from task import Task

    task = Task.on(rows, seed, threads, hidden, batch)
    network = "-".join(map(str, task.sizes))
    question = (
        f"One epoch of {network} on {task.problem.rows:,} images, batch {batch}, SGD, float32, threads: {threads}"
    )
    lines, running = [], []
    wanted = (OWN, *filter(None, only.split(",")))
    for kind in CONTENDERS:
        if only and not kind.name.startswith(wanted):
            continue
        line = Line(kind.name, question)
        lines.append(line)
        line.excluded = kind.missing()
        if line.excluded:
            continue
        began = time.perf_counter()
        contender = kind(task)
        apart = disagreement(contender)
        if not apart <= GATE:
            line.excluded = f"excluded: a loss is {apart:.1e} off"
            continue
        contender.epoch()  # compiles and warms up: no sample, but told, as what is paid once
        line.first_seconds = time.perf_counter() - began
        running.append((contender, line))
    shuffled, multiplied = random.Random(seed), []
    for _ in range(rounds):
        multiplied.append(seconds_of_a_product())
        shuffled.shuffle(running)
        for contender, line in running:
            time.sleep(REST)
            began = time.perf_counter()
            contender.epoch()
            line.seconds.append(time.perf_counter() - began)
            if contender.epochs == EPOCHS_JUDGED:
                line.accuracy = task.problem.accuracy(contender.point)
    peak = 2 * SQUARE**3 / min(multiplied)
    for line in lines:
        if line.seconds:
            line.share = network_gradient(task.problem.rows, task.sizes) / min(line.seconds) / peak
    return lines


def seconds_of_a_product() -> float:
    """Of two square float32 matrices, by NumPy's BLAS on the threads that all contenders have."""
    a = np.ones((SQUARE, SQUARE), np.float32)
    out = a @ a
    began = time.perf_counter()
    np.matmul(a, a, out=out)
    return time.perf_counter() - began


def loop(rounds: int, seed: int) -> list[Line]:
    """Seconds a step of gradient descent on Rosenbrock's chain, of every loop that is here."""
    from loops import CONTENDERS, GATE, VARIABLES, disagreement

    lines = []
    for n in VARIABLES:
        running, asked = {}, {}
        for kept, name in [(kept, name) for kept, contenders in CONTENDERS.items() for name in contenders]:
            contender = CONTENDERS[kept][name]
            line = asked[kept, name] = Line(name, f"One step of gradient descent on rosenbrock-{n}, {kept}, float64")
            if not contender.installed():
                line.excluded = "not installed"
            elif not (apart := disagreement(contender, n)) <= GATE:
                line.excluded = f"excluded: the value is {apart:.1e} off"
            else:
                running[kept, name] = contender.make(n)
                running[kept, name](1)
        timings = interleaved(running, cap=60.0, least=rounds, most=rounds, seed=seed)
        for who, timing in timings.items():
            asked[who].seconds = timing.seconds
        lines += asked.values()
    return lines


def gradients(rounds: int, seed: int) -> list[Line]:
    """Seconds a slope of Rosenbrock's chain and of a network, of every source and library that is here."""
    from network_slopes import ON_NETWORK, network
    from slopes import GATE, ON_CHAIN, VARIABLES, analytic, chain, off

    asked = [(f"rosenbrock-{n}", chain(n), ON_CHAIN) for n in VARIABLES]
    asked.append(("784-128-10, batch 32", network(), ON_NETWORK))
    lines = []
    for words, problem, contenders in asked:
        running, by_name, reference = {}, {}, analytic(problem)
        for name, contender in contenders.items():
            line = by_name[name] = Line(name, f"One slope of {words}, float64, n = {problem.n:,}")
            if reason := contender.missing(problem.n):
                line.excluded = reason
                continue
            made = contender.make(problem)
            made(1)  # compiles and warms up
            line.error = off(made, reference)
            if line.error <= GATE:
                running[name] = made
            else:
                line.excluded = f"excluded: the slope is {line.error:.1e} off"
        timings = interleaved(running, cap=SECONDS_A_QUESTION, least=rounds, most=rounds, seed=seed)
        for name, timing in timings.items():
            scale = running[name].scale
            by_name[name].seconds = [seconds * scale for seconds in timing.seconds]
            if scale > 1:
                by_name[name].name += ", scaled to all"
        lines += by_name.values()
    return lines


def markdown(lines: list[Line]) -> str:
    """All slopes as one table in Markdown; the ratio is to gdbench's reverse mode."""
    rows = [
        "| one slope of | contender | seconds | 95 % interval | ratio to gdbench | error |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for line in lines:
        own = next(other for other in lines if other.question == line.question and other.name == OWN)
        error = "–" if line.error is None else f"{line.error:.0e}"
        cells = _cells(line, own)[:3] if line.seconds else ["–", line.excluded, "–"]
        rows.append("| " + " | ".join([line.question.removeprefix("One slope of "), line.name, *cells, error]) + " |")
    return "\n".join([*rows, "", NOTE])


#: What the table of slopes has to say of itself.
NOTE = (
    "gdbench alone is its reverse mode. Its slopes are timed in repeats inside a compiled loop, those of a library in "
    "calls from Python, as each is called. Error: largest difference to the analytic slope over its largest entry. "
    "Scaled: a sample of the parameters was done, and its time multiplied by n over their number."
)


def show(lines: list[Line], console: Console) -> None:
    """A table a question, and a sentence on who is faster than gdbench."""
    for question in dict.fromkeys(line.question for line in lines):
        asked = [line for line in lines if line.question == question]
        own = next(line for line in asked if line.name == OWN)
        heads = ["contender", "median", "95 % interval", "ratio to gdbench", "verdict"]
        if own.accuracy is not None:
            heads += ["before, once", f"accuracy after {EPOCHS_JUDGED}", "share of sgemm"]
        table = Table(*heads, title=question, title_justify="left", box=SIMPLE)
        for line in asked:
            table.add_row(line.name, *(_cells(line, own) if line.seconds else ("–", line.excluded)))
        console.print(table)
        if winners := [line.name for line in asked if _verdict(line, own) == "faster"]:
            console.print(f"Faster than gdbench: {'; '.join(winners)}.")
        for line in asked:
            if line.accuracy is not None and (apart := abs(line.accuracy - own.accuracy)) > ACCURACY_APART:
                console.print(f"{line.name} ends {apart:.1%} of the test images away: that was not the same work.")


def _cells(line: Line, own: Line) -> list[str]:
    seconds, ratio = median_interval(line.seconds), pooled.ratio(line, own)
    between, against = f"only {seconds.n} samples", f"{ratio.median:.2f}"
    if seconds.sufficient:
        between = f"{_readable(seconds.low)} to {_readable(seconds.high)}"
        against += f" ({ratio.low:.2f} to {ratio.high:.2f})"
    once = _readable(line.first_seconds or 0.0)  # made, compiled, held against gdbench's losses, one epoch
    accuracy = [] if line.accuracy is None else [once, f"{line.accuracy:.2%}", f"{line.share or 0.0:.0%}"]
    return [_readable(seconds.median), between, "1" if line is own else against, _verdict(line, own), *accuracy]


def _verdict(line: Line, own: Line) -> str:
    if line is own or not line.seconds:
        return ""
    ratio = pooled.ratio(line, own)
    if not ratio.sufficient:
        return "too few samples to say"
    if not distinguishable(ratio):
        return "not distinguishable"
    return "faster" if ratio.median < 1 else "slower"


def _readable(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def main() -> None:
    """Read the arguments, measure, show, keep."""
    words = parsed(__doc__, ROUNDS, THREADS, EPOCHS_JUDGED - 1)
    lines: list[Any]
    if words.processes > 1:
        runs = pooled.asked_again(sys.argv[1:], words.processes)
        lines, known = [Line(**line) for line in pooled.as_one(runs)], environment(with_numba=True)
    else:
        with held(words.threads if words.question == "training" else THREADS):
            if words.question == "training":
                network = words.hidden, words.batch, words.threads, words.only
                lines = training(words.rows, words.rounds, words.seed, *network)
            elif words.question == "solvers":
                lines = solvers.solvers(words.rounds, words.seed)
            else:
                lines = {"loop": loop, "gradients": gradients}[words.question](words.rounds, words.seed)
            known = environment(with_numba=True)
    # What is piped into a file has no width of its own.
    console = Console(width=None if sys.stdout.isatty() else 120)
    if words.question == "gradients":
        print(markdown(lines))
    elif words.question == "solvers":
        solvers.show(lines, console)
    else:
        show(lines, console)
    if words.json:
        kept = {"lines": [asdict(line) for line in lines], "environment": known}
        words.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
