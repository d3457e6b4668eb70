"""Compiled code kept between processes: found again when nothing changed, never when anything did.

Every process here is a fresh Python with the cache in a folder of the test's own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reference_methods as reference

import gdbench
from gdbench.devices.cpu.compile import LOG, leaf
from gdbench.devices.source import fingerprint, identity

ROOT = Path(gdbench.__file__).parents[1]

MODEL = """
import other
from other import helper

SCALE = 3.0

def model(x):
    return SCALE * helper(x[0]) + other.SHIFT

if __name__ == "__main__":
    import json
    import gdbench
    from gdbench.devices.cpu.compile import LOG
    named = gdbench.minimize("rosenbrock", maxiter=3, dtype="float64")
    own = gdbench.minimize(model, [2.0], method="random-search", maxiter=0)
    print(json.dumps({
        "named": float(named.history["fun"][0]),
        "own": own.fun,
        "log": [[entry.name, entry.kind, entry.dtype, entry.cached] for entry in LOG],
    }))
"""
OTHER = """
SHIFT = 0.5

def helper(y):
    return y * y + 1.0
"""


class Process:
    """A fresh Python, at work on a user's two files in a folder of their own."""

    def __init__(self, folder, cache, model=MODEL, other=OTHER, package_root=ROOT):
        folder.mkdir()
        (folder / "model.py").write_text(model)
        (folder / "other.py").write_text(other)
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(package_root)}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(folder / "model.py")],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def result(self):
        out, errors = self.process.communicate()
        assert self.process.returncode == 0, errors
        return json.loads(out)


def fresh(answer):
    return [entry[:3] for entry in answer["log"] if not entry[3]]


def test_compiled_code_is_found_again_and_never_stale(tmp_path):
    cache = tmp_path / "cache"
    first = Process(tmp_path / "first", cache).result()
    assert len(fresh(first)) == len(first["log"]) > 5
    assert (round(first["named"], 6), first["own"]) == (24.2, 3.0 * 5.0 + 0.5)  # 100 * 0.44^2 + 2.2^2

    # One character of a formula, in a copy of the package.
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "gdbench", copy / "gdbench", ignore=shutil.ignore_patterns("__pycache__"))
    formula = copy / "gdbench" / "problems" / "rosenbrock.py"
    formula.write_text(formula.read_text().replace("total += number(100.0)", "total += number(900.0)"))

    # All at once, on the same cache: nothing changed; the formula; a helper in the user's other file; a constant
    # of the user's own and one taken out of a module.
    processes = [
        Process(tmp_path / "second", cache),
        Process(tmp_path / "formula", cache, package_root=copy),
        Process(tmp_path / "helper", cache, other=OTHER.replace("+ 1.0", "+ 2.0")),
        Process(tmp_path / "constant", cache, MODEL.replace("SCALE = 3", "SCALE = 4"), OTHER.replace("0.5", "0.25")),
    ]
    second, formula, helper, constant = (process.result() for process in processes)

    assert fresh(second) == []
    assert [entry[:3] for entry in second["log"]] == [entry[:3] for entry in first["log"]]
    assert (second["named"], second["own"]) == (first["named"], first["own"])

    assert fresh(formula) == fresh(first)
    assert (round(formula["named"], 6), formula["own"]) == (179.08, first["own"])  # 900 * 0.44^2 + 2.2^2

    assert helper["own"] == 3.0 * 6.0 + 0.5
    assert constant["own"] == 4.0 * 5.0 + 0.25
    for changed in (helper, constant):
        assert fresh(changed) == [["value", "value", "float64"]]
        assert changed["named"] == first["named"]


FACTOR = 2.0


def scaled(x):
    return FACTOR * x[0] * x[0]


def scaled_with_data(x, data):
    return FACTOR * x[0] * x[0]


@pytest.mark.parametrize("function", [scaled, scaled_with_data])
def test_a_constant_changed_within_a_process(function, monkeypatch):
    def value():
        return gdbench.minimize(function, [3.0], maxiter=0).fun

    assert value() == 18.0
    monkeypatch.setitem(globals(), "FACTOR", 5.0)
    assert value() == 45.0
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    known = len(LOG)
    assert value() == 18.0
    assert len(LOG) == known  # this state of it is still compiled


def test_what_a_fingerprint_sees():
    def made(text, **names):
        exec(f"def f(x):\n    return {text}", names)
        return names["f"]

    class Colour:
        RED = 1

    base = made("k * x[0]", k=1.0)
    assert fingerprint(base) == fingerprint(made("k * x[0]", k=1.0))
    others = [
        made("k * x[0]", k=1.5),
        made("k * x[0]", k=1),
        made("k * x[1]", k=1.0),
        made("k + x[0]", k=1.0),
        made("k * x[0]", k=np.ones(2)),
        made("k * x[0]", k=np.ones(3)),
        made("k * x[0]", k=made("x")),
        made("k * x[0]", k=made("2 * x")),
    ]
    assert len({fingerprint(f) for f in [base, *others]}) == 9
    unseen = made("k.RED * x[0]", k=Colour)  # a class is pickled by name: its contents could change unseen
    assert identity(unseen) is unseen


def test_float32_and_float64_share_no_code():
    problem = gdbench.PROBLEMS["rosenbrock"](n=4)
    direction = gdbench.DIRECTIONS["adam"]()
    assert leaf(direction.rule, "direction", np.dtype("float32")) != leaf(
        direction.rule, "direction", np.dtype("float64")
    )
    ends = {}
    for name in ("float32", "float64"):
        kind = np.dtype(name).type
        result = gdbench.minimize(problem, direction=direction, step=0.01, maxiter=25, dtype=name)
        assert result.x.dtype == result.jac.dtype == kind

        x, adam = problem.x0.astype(kind), reference.Adam(kind(0.9), kind(0.999), kind(1e-8))
        for _ in range(25):
            slope = np.empty_like(x)
            problem.gradient(x, problem.data, slope)
            x = x + kind(0.01) * adam(slope)
            assert x.dtype == kind
        np.testing.assert_allclose(result.x, x, rtol=30 * np.finfo(kind).eps)
        ends[name] = result.x
    assert 0 < np.abs(ends["float32"] - ends["float64"]).max() < 1e-4


def test_a_function_without_a_module_is_loaded_by_the_next_process(tmp_path):
    """Made by exec, as a notebook does: nothing the next process could import."""
    script = tmp_path / "script.py"
    script.write_text(
        "import gdbench\n"
        "from gdbench.devices.cpu.compile import LOG\n"
        "names = {'__name__': 'nowhere'}\n"
        "exec('def half(t):\\n    return 0.5 * t\\ndef bowl(x):\\n    return half(x[0] * x[0])', names)\n"
        "print(gdbench.minimize(names['bowl'], [1.0], step=0.5, gradient='3-point').success)\n"
        "print(all(entry.cached for entry in LOG))\n"
    )
    told = [
        subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert told == [["True", "False"], ["True", "True"]]
