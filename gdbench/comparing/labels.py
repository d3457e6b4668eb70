"""Cases in few words: what tells them apart, and why two sets of them have nothing in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gdbench.comparing.sides import Measured
from gdbench.harness.case import Case

#: Parameters that tell two versions of a case apart, and say nothing to a reader.
UNSPOKEN = frozenset({"code"})


def short_labels(cases: Sequence[Measured]) -> list[str]:
    """Each case by those of its parameters alone in which the cases of its experiment differ.

    A list is left out where the other parameters tell the cases apart.
    """
    return _labels(
        cases, lambda own: [name for name in _names(own) if len(_values(own, name)) > 1 and name not in UNSPOKEN]
    )


def long_labels(cases: Sequence[Measured]) -> list[str]:
    """Each case by its experiment and all of its parameters, but for lists that are not needed to tell it apart."""
    return [f"{case.experiment}: {label}" for case, label in zip(cases, _labels(cases, _names))]


def _labels(cases: Sequence[Measured], told: Callable[[list[Measured]], list[str]]) -> list[str]:
    by_experiment: dict[str, list[Measured]] = {}
    for case in cases:
        by_experiment.setdefault(case.experiment, []).append(case)
    kept = {experiment: _without_lists(own, told(own)) for experiment, own in by_experiment.items()}
    return [_label(case, kept[case.experiment]) for case in cases]


def _without_lists(cases: list[Measured], names: list[str]) -> set[str]:
    """``names`` without those of lists, one by one, as long as the cases stay as many as they are."""

    def different(kept: Iterable[str]) -> int:
        return len({repr([case.parameters.get(name) for name in kept]) for case in cases})

    kept = names
    for name in names:
        fewer = [other for other in kept if other != name]
        if any(isinstance(case.parameters.get(name), list) for case in cases) and different(fewer) == different(kept):
            kept = fewer
    return set(kept)


def _label(case: Measured, kept: set[str]) -> str:
    if "::" in case.key:  # a benchmark of pytest has a name of its own
        return case.label
    return Case(case.experiment, {name: told for name, told in case.parameters.items() if name in kept}).label


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
