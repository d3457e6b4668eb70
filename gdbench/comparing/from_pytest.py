"""A side from a file of pytest-benchmark (``--benchmark-json``, or ``--benchmark-autosave`` with its data)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gdbench.comparing.sides import Measured, Side
from gdbench.errors import InputError
from gdbench.harness.lock import disk_errors

#: What gdbench's own benchmarks add to pytest-benchmark's word on a machine, by groups of an environment.
GROUPS = ("blas", "numba", "packages", "variables")


def from_pytest(path: Path) -> Side:
    """Every benchmark of the file, found on the other side by its full name.

    Raises ``InputError`` for a file that pytest-benchmark has not written, and one without benchmarks.
    """
    with disk_errors("read", path):
        text = path.read_bytes()
    try:
        told = json.loads(text)
        machine, commit = told["machine_info"], told.get("commit_info") or {}
        own = machine.get("gdbench", {})
        environment = _environment(machine, own, commit)
        cases = [
            _measured(bench, str(own.get("machine") or machine["node"]), environment) for bench in told["benchmarks"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path} is no file of pytest-benchmark; make one with --benchmark-json={path}.") from None
    if not cases:
        raise InputError(f"{path} holds no benchmark; run pytest --benchmark-only with --benchmark-json={path}.")
    return Side(str(path), cases)


def _measured(bench: Mapping[str, Any], machine: str, environment: Mapping[str, Any]) -> Measured:
    stats, facts = bench["stats"], dict(bench.get("extra_info") or {})
    # without --benchmark-save-data the median alone is known: one sample
    samples = stats.get("data") or [stats["median"]]
    if not all(isinstance(sample, int | float) for sample in samples):
        raise TypeError("samples are numbers")
    return Measured(
        machine=machine,
        experiment=PurePosixPath(bench["fullname"].partition("::")[0]).stem,
        key=bench["fullname"],
        label=bench["name"],
        parameters=facts,
        status="ok",
        measured={"seconds": samples, **{name: fact for name, fact in facts.items() if name != "seconds"}},
        environment=environment,
    )


def _environment(machine: Mapping[str, Any], own: Mapping[str, Any], commit: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of the machine, as the groups of ``harness.environment``."""
    brand = machine.get("cpu", {}).get("brand_raw") if isinstance(machine.get("cpu"), Mapping) else None
    return {
        "cpu": {"model": own.get("cpu") or brand, **own.get("cores", {})},
        "system": {"name": machine.get("system"), "kernel": machine.get("release")},
        "python": {
            "version": machine.get("python_version"),
            "implementation": machine.get("python_implementation"),
        },
        "source": {"commit": commit.get("id"), "dirty": commit.get("dirty")},
        **{group: own[group] for group in GROUPS if group in own},
    }
