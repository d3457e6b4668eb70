"""Every table and figure of a folder of results: an experiment a process, as many at once as there are cores.

Drawing is arithmetic in Python, a second or more a figure, and no figure looks at another.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from gdbench.harness.machine import cores
from gdbench.harness.record import RECORDS
from gdbench.results import Tally, draw, experiments_in, machines_in

#: Fewer experiments than these are drawn here: a process takes a second to start.
MANY = 4


class Drawn(NamedTuple):
    """What was drawn of one experiment: folders with the stems of their pictures; and what was read for it."""

    places: list[tuple[Path, list[str]]]
    tally: Tally


def drawn_in(root: Path) -> Iterator[Drawn]:
    """Draw every experiment that has records in ``root``, and tell of each, in the order of the experiments.

    Raises ``InputError`` where there is no such folder, or a figure cannot be written.
    """
    sizes = {experiment.name: _bytes(root, experiment.name) for experiment in experiments_in(root)}
    sizes = {name: size for name, size in sizes.items() if size}
    workers = min(cores(), len(sizes))
    if workers < 2 or len(sizes) < MANY:
        yield from (_drawn(root, name) for name in sizes)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        longest_first = sorted(sizes, key=sizes.__getitem__, reverse=True)
        under_way = {name: pool.submit(_drawn, root, name) for name in longest_first}
        try:
            for name in sizes:
                yield under_way[name].result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _bytes(root: Path, name: str) -> int:
    """How long the records of an experiment are, over all machines."""
    files = (machine / name / RECORDS for machine in machines_in(root))
    return sum(file.stat().st_size for file in files if file.exists())


def _drawn(root: Path, name: str) -> Drawn:
    experiment = next(each for each in experiments_in(root) if each.name == name)
    tally = Tally()
    stems = ("figure", *experiment.more)
    places = [
        (place, [stem for stem in stems if (place / f"{stem}.png").exists()])
        for place in draw(root, experiment, tally=tally)
    ]
    return Drawn(places, tally)
