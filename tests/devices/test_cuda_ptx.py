"""Every CUDA kernel compiles to machine code, where the compiler is installed; a GPU is not needed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from gdbench.devices.cuda import ptx
from gdbench.devices.cuda.multistart import MOST_ROWS, SOURCES
from gdbench.methods import DIRECTIONS


@pytest.mark.slow
def test_every_kernel_compiles_and_stays_in_registers():
    # A process of its own: it compiles for Hopper whatever the device here.
    environment = {name: text for name, text in os.environ.items() if name != "NUMBA_ENABLE_CUDASIM"}
    command = [sys.executable, "-m", "gdbench.devices.cuda.ptx"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    heads, *lines = [re.split(r" {2,}", line) for line in done.stdout.splitlines()]
    rows = [dict(zip(heads, line if len(line) == len(heads) else [*line[:2], "", *line[2:]])) for line in lines]
    networks = [row for row in rows if row["problem"] == "network"]
    rows = [row for row in rows if row["problem"] != "network"]
    kept = [name for name in DIRECTIONS if DIRECTIONS[name]().rows(2) <= MOST_ROWS]
    count = Counter(row["kernel"] for row in rows)
    assert count["landscape"] == 2 * 5
    assert count["multistart"] == 2 * 5 + len(kept) * len(SOURCES)
    assert count["update"] == 2 * len([name for name in DIRECTIONS if DIRECTIONS[name].on_batches])
    assert (count["copy"], count["search"], count["chains"], count["newton"]) == (2, 2 * 2, 2 * 2 * 2, 4 * 2)
    for row in rows:
        assert 0 < int(row["registers"]) < 255
        assert int(row["spill_stores"]) == int(row["spill_loads"]) == 0
        # Beyond registers go a cosine's reduction of large angles, and the larger Hessians.
        large = {"analytic": ("8",), "3-point": ("4", "8")}
        beyond = row["method"] == "random-local-search"
        beyond |= row["kernel"] == "newton" and row["n"] in large[row["method"]]
        assert (int(row["stack"]) > 0) == beyond, row
    assert len(networks) == 2 * (2 * 8 + 1)  # four products, gather, score, move and an epoch; matmul
    for row in networks:
        assert int(row["registers"]) > 0
        assert int(row["stack"]) == int(row["spill_stores"]) == int(row["spill_loads"]) == 0
    # Adam's bias correction is worked out in double precision.
    assert all(
        int(row["doubles"]) == 0 for row in networks if row["dtype"] == "float32" and "adam" not in row["method"]
    )
    # What is left of double precision in a float32 descent are the limits it is judged by, whatever the problem.
    descents = [row for row in rows if row["dtype"] == "float32" and row["method"] == "steepest, analytic"]
    judged = {(row["n"], row["doubles"]) for row in descents}
    assert len(judged) == len({row["n"] for row in descents})
    # Of an update, 1 - beta and the corrections of a bias, once a thread.
    single = {
        row["method"]: int(row["doubles"]) for row in rows if (row["kernel"], row["dtype"]) == ("update", "float32")
    }
    assert all(single[name] == 0 for name in ("steepest", "sign", "momentum", "nesterov", "adagrad"))
    assert (single["rmsprop"], single["lion"]) == (1, 2)


def test_a_row_that_failed_is_told_below_the_table():
    good = ptx.Row("landscape", "rosenbrock-2", "", "float32", 2, 32, 0, 0, 0, 0, 0.125)
    bad = ptx.Row("multistart", "mine", "adam, 3-point", "float64", 8, failure="ValueError: no such thing")
    lines = ptx.table([good, bad]).splitlines()
    assert lines[1].split() == ["landscape", "rosenbrock-2", "float32", "2", "32", "0", "0", "0", "0", "0.12"]
    assert lines[-1] == "multistart of mine in float64 failed: ValueError: no such thing"


@pytest.mark.parametrize(
    ("line", "double"),
    [
        ("\tadd.f64 \t%fd3, %fd1, %fd2;", True),
        ("\tfma.rn.f64 \t%fd3, %fd1, %fd2, %fd1;", True),
        ("\t@%p1 mul.f64 \t%fd3, %fd1, %fd2;", True),
        ("\tadd.rn.f32 \t%f3, %f1, %f2;", False),
        ("\tcvt.f64.f32 \t%fd1, %f1;", False),
        ("\tst.global.f64 \t[%rd1], %fd1;", False),
    ],
)
def test_double_precision_is_counted_where_it_computes(line, double):
    assert bool(ptx.doubles(line)) is double
