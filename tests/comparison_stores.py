"""Small results folders, written by the same store as real ones."""

import json
from pathlib import Path

import numpy as np

from gdbench.harness.case import Case
from gdbench.harness.environment import write_environment
from gdbench.harness.record import Record, RecordStore, Status

ENVIRONMENT = {
    "cpu": {"model": "Example 9000"},
    "python": {"version": "3.11.7"},
    "packages": {"gdbench": "0.1.0", "numba": "0.60.0", "matplotlib": "3.9"},
    "numba": {"threads": 2},
    "source": {"commit": "a" * 40},
}
PYTEST_FILE = Path(__file__).parent / "comparing" / "benchmark.json"


def steady(median, n=30, seed=0):
    """Samples within 1 % of ``median``."""
    return (median * np.random.default_rng(seed).uniform(0.99, 1.01, n)).tolist()


def store(
    folder, measured, *, machine="m1", experiment="cost", environment=ENVIRONMENT, status=Status.OK, **parameters
):
    """One more record in ``folder/experiment``."""
    case = Case(experiment, {"problem": "chain", "dtype": "float64", "threads": 1, **parameters})
    place = Path(folder, experiment)
    RecordStore(place).append(
        Record(
            key=case.key,
            experiment=experiment,
            machine=machine,
            parameters=case.parameters,
            status=status,
            measured=measured,
            environment=write_environment(place, environment),
            started="2026-01-01T00:00:00+00:00",
            seconds_total=1.0,
            version="0.1.0",
        )
    )
    return Path(folder)


def pytest_file(path, factor=1.0, **extra_info):
    """The real file with steady samples, ``factor`` times as long, in it."""
    told = json.loads(PYTEST_FILE.read_text())
    for bench in told["benchmarks"]:
        bench["stats"]["data"] = steady(factor * bench["stats"]["median"])
        bench["extra_info"].update(extra_info)
    path.write_text(json.dumps(told))
    return path
