"""Which measured fields are raw samples, and which are exact counts: told by their names.

Experiments name what they measure; this is the one convention by which a comparison reads any of them:

- ``seconds`` and ``<what>_seconds``: raw samples, seconds a call, in the order measured. A mapping gives contender ->
  samples, a list the samples of the case itself; a list of lists keeps them by process. A number is one sample.
- A list that begins with 0 is no set of samples but a clock read along one run (``seconds`` of a training curve): its
  last reading is one sample.
- ``noise``: contender -> the share by which it differs from itself (``noise.own_noise``, ``regression.aa_noise``); a
  number is the noise of ``seconds``; optional.
- ``compile_from``: "cold", "cache" or "process", where the code came from whose seconds ``compile_seconds`` and
  ``seconds_compile`` are; seconds of two kinds do not compare.
- ``nfev``, ``njev``, ``nhev``, ``nhvp``, ``nfev_fd``, ``nit``, ``steps``, ``evaluations``, and each with a suffix
  (``evaluations_1e-03``): exact, the same at every run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from gdbench.counts import NAMES

#: Seconds a call, kept by process.
Samples = list[list[float]]

_SECONDS = re.compile(r"(.+_)?seconds(_samples)?")
_COMPILING = re.compile(r"compile_seconds(, .+)?|seconds_compile")
_COUNTS = re.compile(rf"({'|'.join((*NAMES, 'nit', 'steps', 'evaluations'))})(_.+)?")


def raw_samples(measured: Mapping[str, Any]) -> dict[str, Samples]:
    """Contender -> its raw samples by process, of everything timed in ``measured``; empty ones are left out.

    A contender of another field than ``seconds`` is named by both: "compile_seconds, analytic".

    >>> raw_samples({"seconds": {"value": [1e-3, 2e-3]}, "compile_seconds": 0.5, "nfev": 3})
    {'value': [[0.001, 0.002]], 'compile_seconds': [[0.5]]}
    """
    found = {}
    for field, told in measured.items():
        if _SECONDS.fullmatch(field):
            for contender, samples in _parts(field, told, plain_field="seconds"):
                if by_process := _by_process(samples):
                    found[contender] = by_process
    return found


def exact_counts(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Name -> count (a number, or a list of them), of everything counted in ``measured``.

    >>> exact_counts({"evaluations": {"3-point": 4}, "nfev": 7, "calls": {"3-point": 8192}})
    {'evaluations, 3-point': 4, 'nfev': 7}
    """
    return {
        name: count
        for field, told in measured.items()
        if _COUNTS.fullmatch(field)
        for name, count in _parts(field, told)
        if _are_numbers(count)
    }


def is_compiling(contender: str) -> bool:
    """Whether what :func:`raw_samples` calls so are seconds of compiling, or of loading compiled code.

    >>> is_compiling("compile_seconds, ptx"), is_compiling("value")
    (True, False)
    """
    return _COMPILING.fullmatch(contender) is not None


def same_count(a: Any, b: Any) -> bool:
    """Whether two counts are the same, exactly; NaN, a count that was not taken, is the same as NaN.

    >>> same_count(7, 7.0), same_count([1, 2], [1, 3]), same_count(math.nan, math.nan)
    (True, False, True)
    """
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_count, a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return bool(a == b)


def _parts(field: str, told: Any, plain_field: str = "") -> list[tuple[str, Any]]:
    """What a field holds, by the name under which a table shows it."""
    if not isinstance(told, Mapping):
        return [(field, told)]
    return [(name if field == plain_field else f"{field}, {name}", item) for name, item in told.items()]


def _by_process(told: Any) -> Samples:
    """``told`` as samples by process; empty where it holds none."""
    if isinstance(told, list) and told and all(isinstance(item, list) for item in told):
        processes = told
    elif isinstance(told, list):
        # no call takes 0 s: such a list is the clock of one run
        processes = [told[-1:] if told[:1] == [0] else told]
    else:
        processes = [[told]]
    if not all(process and all(map(_is_number, process)) for process in processes):
        return []
    try:
        return [[float(item) for item in process] for process in processes]
    except OverflowError:  # JSON knows whole numbers beyond any float
        return []


def _are_numbers(told: Any) -> bool:
    return all(map(_are_numbers, told)) if isinstance(told, list) else _is_number(told)


def _is_number(told: Any) -> bool:
    return isinstance(told, int | float) and not isinstance(told, bool)
