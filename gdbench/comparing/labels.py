"""Cases in few words: what tells them apart, and why two sets of them have nothing in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gdbench.comparing.sides import Measured
from gdbench.harness.case import Case

#: Parameters that tell two versions of a case apart, and say nothing to a reader.
UNSPOKEN = frozenset({"code"})


def short_labels(cases: Sequence[Measured]) -> list[str]:
    """Each case by those of its parameters alone in which the cases of its experiment differ."""
    varied = {}
    for experiment in {case.experiment for case in cases}:
        own = [case for case in cases if case.experiment == experiment]
        varied[experiment] = {name for name in _names(own) if len(_values(own, name)) > 1} - UNSPOKEN
    return [_label(case, varied[case.experiment]) for case in cases]


def _label(case: Measured, varied: set[str]) -> str:
    if "::" in case.key:  # a benchmark of pytest has a name of its own
        return case.label
    return Case(case.experiment, {name: told for name, told in case.parameters.items() if name in varied}).label


def why_disjoint(a: Sequence[Measured], b: Sequence[Measured]) -> str:
    """Why no case of ``a`` is one of ``b``, as far as it can be told, and what to do."""
    of_a, of_b = {case.experiment for case in a}, {case.experiment for case in b}
    if not of_a & of_b:
        return f"one holds {_listed(of_a)}, the other {_listed(of_b)}; compare runs of the same experiments"
    shared = [[case for case in side if case.experiment in of_a & of_b] for side in (a, b)]
    unlike = [name for name in _names([*a, *b]) if not _values(shared[0], name) & _values(shared[1], name)]
    return f"of {_listed(of_a & of_b)} they differ in {_listed(unlike or ['their parameters'])}; run both alike"


def _names(cases: Iterable[Measured]) -> list[str]:
    return list(dict.fromkeys(name for case in cases for name in case.parameters))


def _values(cases: Iterable[Measured], name: str) -> set[str]:
    return {repr(case.parameters.get(name)) for case in cases}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
