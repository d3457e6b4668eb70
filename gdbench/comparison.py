"""The verb ``compare``: two sets of stored measurements, case by case, under one rule that refuses to mislead.

Nothing is run. Times are judged by ``harness.regression.judge`` on the raw samples that records keep; counts and the
way a case ended are compared exactly. What must not share a table without a word (machines, versions, dtypes,
fastmath, threads) is refused, or labelled where the caller asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.comparing.fields import Samples, is_compiling, same_count
from gdbench.comparing.labels import long_labels, short_labels, why_disjoint
from gdbench.comparing.mixture import LOOSE, Difference, apart
from gdbench.comparing.sides import Measured, Side, opened
from gdbench.errors import InputError, unknown
from gdbench.harness.case import Case
from gdbench.harness.noise import noise_within
from gdbench.harness.processes import ratio_over_processes
from gdbench.harness.regression import THRESHOLD, Finding, judge
from gdbench.harness.statistics import Interval, ratio_interval

if TYPE_CHECKING:
    import pandas

#: Findings on counts and on the way a case ended, beside ``Finding`` on its times.
CHANGED, SAME = "changed", "same"
#: Findings that fail a comparison.
WORSE = (str(Finding.REGRESSION), CHANGED)
COLUMNS = (
    "experiment",
    "case",
    "what",
    "kind",
    "a",
    "b",
    "ratio",
    "low",
    "high",
    "n_a",
    "n_b",
    "noise",
    "finding",
    "mixed",
)

Pair = tuple[Measured, Measured]


def compare(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str],
    *,
    only: str | None = None,
    threshold: float = THRESHOLD,
    mixed: bool = False,
) -> pandas.DataFrame:
    """What changed from ``a`` (before) to ``b`` (after), one row a time, a count or an ending of a case that both hold.

    Parameters
    ----------
    a, b: each a folder of results, one machine's or one experiment's folder in it, a JSON file of pytest-benchmark, or
        a git commit, whose ``results/`` is read (``commit:folder`` for another).
    only: name of the one experiment (or benchmark file) to compare.
    threshold: least change of a time that counts, as a share.
    mixed: compare across machines, versions, dtypes, fastmath or threads all the same; the column ``mixed`` then says
        of every row what differs, and cases that differ in nothing else are compared too.

    Returns
    -------
    DataFrame with the columns experiment, case, what (contender or count), kind ("seconds", "count", "status"), a and b
    (medians in seconds, counts, endings), ratio = b / a with the ends low and high of its 95 % interval, n_a and
    n_b (samples), noise (share; NaN where it decides nothing), finding and mixed. A finding on seconds is a ``Finding``
    (regression, improvement, not distinguishable, insufficient), on others "changed" or "same". ``frame.attrs`` holds
    lists: "differences" (fact, a, b, mixes), "only_a", "only_b" (labels) and "skipped" (lines that hold no record, each
    after "A: ", "B: " or "A and B: ").

    Raises
    ------
    InputError: a source is unreadable, empty or of another schema; the two share no case; they mix what must not be.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as empty:
    ...     compare(empty, empty)
    Traceback (most recent call last):
        ...
    gdbench.errors.InputError: there are no records in ...; give a folder that gdbench run --out has filled.
    """
    import pandas as pd

    if not threshold >= 0:
        raise InputError(f"the threshold is {threshold}; give a share of at least 0, such as 0.05 for 5 %.")
    before, after = (_narrowed(opened(source), only) for source in (a, b))
    pairs = _paired(before, after, mixed)
    differences = [apart(*pair) for pair in pairs]
    if not mixed:
        _refuse_mixture([found for each in differences for found in each if found.mixes])
    rows, short = [], short_labels([a for a, _ in pairs])
    for pair, found, label in zip(pairs, differences, short):
        labels = {"experiment": pair[0].experiment, "case": label}
        mixes = ", ".join(difference.fact for difference in found if difference.mixes)
        rows += [{**labels, **row, "mixed": mixes} for row in _rows(*pair, threshold)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    held = {id(case) for pair in pairs for case in pair}
    frame.attrs["differences"] = _distinct(differences)
    for name, side in (("only_a", before), ("only_b", after)):
        alone = [id(case) not in held for case in side.cases]
        frame.attrs[name] = list(compress(long_labels(side.cases), alone))
    frame.attrs["skipped"] = _skipped(before, after)
    return frame


def _skipped(a: Side, b: Side) -> list[str]:
    """The lines that hold no record, each once, with the side whose it is; A and B may read the same file."""
    sides = {
        line: [name for name, side in (("A", a), ("B", b)) if line in side.skipped] for line in a.skipped + b.skipped
    }
    return [f"{' and '.join(names)}: {line}" for line, names in sides.items()]


def _narrowed(side: Side, only: str | None) -> Side:
    known = {case.experiment for case in side.cases}
    if only is None:
        return side
    if only not in known:
        raise unknown(f"experiment in {side.name}", only, known)
    return Side(side.name, [case for case in side.cases if case.experiment == only], side.skipped)


def _paired(a: Side, b: Side, mixed: bool) -> list[Pair]:
    """The cases that both hold: of the machines they share, else of the one machine each has."""
    if shared := a.machines & b.machines:
        left, right = ([case for case in side.cases if case.machine in shared] for side in (a, b))
        pairs = _matched(left, right, lambda case: (case.machine, case.experiment, case.key))
    else:
        if len(a.machines) > 1 or len(b.machines) > 1:
            raise InputError(
                f"{a.name} and {b.name} share none of their machines; name the folder of one machine each."
            )
        left, right = a.cases, b.cases
        pairs = _matched(left, right, lambda case: (case.experiment, case.key))
    taken = {id(case) for pair in pairs for case in pair}
    left, right = ([case for case in side if id(case) not in taken] for side in (left, right))
    if mixed or not pairs:  # without leave to mix, these are refused below, by what they mix
        pairs = pairs + _matched(left, right, _loose_key)
    if not pairs:
        raise InputError(f"{a.name} and {b.name} share no case: {why_disjoint(left, right)}.")
    return pairs


def _matched(a: list[Measured], b: list[Measured], key: Callable[[Measured], Hashable]) -> list[Pair]:
    """Pairs of one key, in the order of ``a``; a key that one side holds twice matches nothing."""

    def by_key(cases: list[Measured]) -> dict[Hashable, Measured | None]:
        found: dict[Hashable, Measured | None] = {}
        for case in cases:
            found[key(case)] = None if key(case) in found else case
        return found

    others = by_key(b)
    return [(case, other) for name, case in by_key(a).items() if case and (other := others.get(name))]


def _loose_key(case: Measured) -> Hashable:
    """A case's key but for what may be mixed; a benchmark of pytest is known by its name alone."""
    if "::" in case.key:
        return case.experiment, case.key
    return case.experiment, Case(case.experiment, {k: v for k, v in case.parameters.items() if k not in LOOSE}).key


def _refuse_mixture(mixes: list[Difference]) -> None:
    if mixes:
        named = "; ".join(f"{fact}: {x} and {y}" for fact, x, y, _ in _distinct([mixes]))
        raise InputError(f"these times do not compare ({named}); measure alike, or allow and label it: --mixed.")


def _distinct(differences: list[list[Difference]]) -> list[Difference]:
    """Each difference once, what mixes first."""
    once = {repr(difference): difference for each in differences for difference in each}
    return sorted(once.values(), key=lambda difference: not difference.mixes)


def _rows(a: Measured, b: Measured, threshold: float) -> Iterator[dict[str, Any]]:
    yield _exact("ended", "status", a.status, b.status)
    counts, others = a.counts, b.counts
    for name in dict.fromkeys((*counts, *others)):
        yield _exact(name, "count", counts.get(name), others.get(name))
    samples, theirs = a.samples, b.samples
    for contender in samples:
        if contender in theirs:
            if is_compiling(contender) and a.measured.get("compile_from") != b.measured.get("compile_from"):
                # compiled on one side and loaded on the other: two different things, of which no ratio says anything
                told = _medians(samples[contender], theirs[contender])
                yield {"what": contender, "kind": "seconds", **told, "finding": str(Finding.INSUFFICIENT)}
                continue
            stored = [share for case in (a, b) if (share := case.noise(contender)) is not None]
            yield {
                "what": contender,
                "kind": "seconds",
                **_timed(samples[contender], theirs[contender], stored, threshold),
            }


def _exact(what: str, kind: str, a: Any, b: Any) -> dict[str, Any]:
    return {"what": what, "kind": kind, "a": a, "b": b, "finding": SAME if same_count(a, b) else CHANGED}


def _timed(a: Samples, b: Samples, stored_noise: list[float], threshold: float) -> dict[str, Any]:
    """Medians, the ratio with its interval, and what the rule says of it."""
    all_a, all_b, row = np.concatenate(a), np.concatenate(b), _medians(a, b)
    if not all(np.all((side > 0) & np.isfinite(side)) for side in (all_a, all_b)):
        return {**row, "finding": str(Finding.INSUFFICIENT)}  # a time that was never reached has no ratio
    ratio = _ratio(a, b)
    finding, noise = judge(ratio, threshold=threshold), float("nan")
    if finding in (Finding.REGRESSION, Finding.IMPROVEMENT):  # only now does the noise decide anything
        noise = max(stored_noise or [noise_within(all_a), noise_within(all_b)])
        finding = judge(ratio, noise=noise, threshold=threshold)
    ends = {"low": ratio.low, "high": ratio.high} if ratio.sufficient else {}
    return {**row, "ratio": ratio.median, **ends, "noise": noise, "finding": str(finding)}


def _medians(a: Samples, b: Samples) -> dict[str, Any]:
    """The medians of both sides, and their samples."""
    all_a, all_b = (np.concatenate(side) for side in (a, b))
    return {"a": float(np.median(all_a)), "b": float(np.median(all_b)), "n_a": all_a.size, "n_b": all_b.size}


def _ratio(a: Samples, b: Samples) -> Interval:
    """After over before; runs that were not interleaved are no pairs."""
    if len(a) > 1 and len(b) > 1:
        return ratio_over_processes(b, a, paired=False)
    return ratio_interval(np.concatenate(b), np.concatenate(a), paired=False)
