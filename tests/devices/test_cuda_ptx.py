"""Every CUDA kernel compiles to machine code, where the compiler is installed; a GPU is not needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from gdbench.devices.cuda import ledger, ptx
from gdbench.devices.cuda.gradient import COMPONENTS
from gdbench.devices.cuda.multistart import MOST_ROWS, SOURCES
from gdbench.errors import InputError
from gdbench.methods import DIRECTIONS, SEARCHES
from gdbench.problems.mlp_layers import ACTIVATIONS


@pytest.mark.slow
def test_every_kernel_compiles_and_is_what_the_ledger_says():
    # A process of its own: it compiles for Hopper and Ampere whatever the device here.
    environment = {name: text for name, text in os.environ.items() if name != "NUMBA_ENABLE_CUDASIM"}
    command = [sys.executable, "-m", "gdbench.devices.cuda.ptx"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr


def noted_for(arch):
    """The ledger's lines for one architecture, as dictionaries, key and numbers."""
    _, kept = ledger.read()
    return [dict(zip(ledger.KEY, key)) | numbers for key, numbers in kept.items() if key[0] == arch]


def test_the_ledger_holds_every_kernel_for_both_architectures():
    noted, kept = ledger.read()
    assert noted.startswith("python ")
    by_arch = {arch: {key[1:] for key in kept if key[0] == arch} for arch in ("sm_80", "sm_90")}
    assert by_arch["sm_80"] == by_arch["sm_90"]
    count = Counter(key[0] for key in by_arch["sm_90"])
    single = [name for name in DIRECTIONS if DIRECTIONS[name].on_batches]
    in_registers = [name for name in DIRECTIONS if DIRECTIONS[name]().rows(2) <= MOST_ROWS]
    assert count["landscape"] == 2 * 5
    assert count["surface"] == 2 * (4 + len(ACTIVATIONS))
    assert count["multistart_in_registers"] == 2 * 5 + len(in_registers) * len(SOURCES) - 1  # one is in both
    assert count["multistart_in_columns"] == 2 * 3
    assert count["multistart_by_warps"] == 2 * 2 * len(COMPONENTS)
    assert count["differences"] == 2 * len(COMPONENTS)
    assert count["update"] == 2 * len(single)
    assert (count["copy"], count["search"], count["chains"], count["newton"]) == (
        2,
        2 * 2,
        2 * 2 * len(list(SEARCHES)),
        4 * 2,
    )
    assert (
        count["product"] == 2 * (2 * 4 + 1) + 5
    )  # four of each direction, and matmul; in TF32 steepest's four and matmul
    for kernel in ("gather_rows", "score", "move", "epoch"):
        assert count[kernel] == 2 * 2


@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_nothing_is_in_memory_but_what_is_known_to_be(arch):
    # Beyond registers go a cosine's reduction of large angles, and the larger Hessians.
    large = {"analytic": ("8",), "3-point": ("4", "8")}
    for row in noted_for(arch):
        assert 0 < row["registers"] <= 255
        assert row["spill_stores"] == row["spill_loads"] == 0, row
        beyond = row["method"].startswith("random-local-search")
        beyond |= row["kernel"] == "newton" and row["n"] in large[row["method"]]
        assert (row["stack"] > 0) == beyond, row


@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_double_precision_is_where_it_is_known_to_be(arch):
    rows = [row for row in noted_for(arch) if row["dtype"] == "float32"]
    # What is left of double precision in a float32 descent are the limits it is judged by, whatever the problem.
    descents = [row for row in rows if row["method"] == "steepest with analytic"]
    assert descents
    assert len({(row["n"], row["doubles"]) for row in descents}) == len({row["n"] for row in descents})
    # Of an update, 1 - beta and the corrections of a bias, once a thread.
    updates = {row["method"]: row["doubles"] for row in rows if row["kernel"] == "update"}
    assert all(updates[name] == 0 for name in ("steepest", "sign", "momentum", "nesterov", "adagrad"))
    assert (updates["rmsprop"], updates["lion"]) == (1, 2)
    surfaces = [row for row in rows if row["kernel"] == "surface"]
    assert surfaces
    assert all(row["doubles"] == 0 for row in surfaces)
    # Adam's bias correction is worked out in double precision.
    networks = [row for row in rows if row["problem"] == "network" and "adam" not in row["method"]]
    assert networks
    assert all(row["doubles"] == 0 for row in networks)


GOOD = ledger.Row("sm_90", "landscape", "rosenbrock-2", "", "float32", 2, 32, 0, 0, 0, 0, 0.125)
BAD = ledger.Row("sm_80", "multistart", "mine", "adam, 3-point", "float64", 8, failure="ValueError: no such thing")


def test_a_row_that_failed_is_told_below_the_table():
    lines = ptx.table([GOOD, BAD]).splitlines()
    assert lines[1].split() == [
        "sm_90",
        "landscape",
        "rosenbrock-2",
        "float32",
        *["2", "32", "0", "0", "0", "0", "0.12"],
    ]
    assert lines[-1] == "multistart of mine, adam, 3-point in float64 for sm_80 failed: ValueError: no such thing"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"registers": 40}, []),
        ({"registers": 41}, ["landscape of rosenbrock-2 in float32 for sm_90: registers went from 32 to 41."]),
        ({"stack": 8}, ["landscape of rosenbrock-2 in float32 for sm_90: stack went from 0 to 8."]),
        ({"doubles": 1}, ["landscape of rosenbrock-2 in float32 for sm_90: doubles went from 0 to 1."]),
        (
            {"n": 3},
            [
                "landscape of rosenbrock-2 in float32 for sm_90 is not in the ledger: --update enters it.",
                "sm_90 landscape rosenbrock-2 float32 2 is in the ledger and compiled no more: --update drops it.",
            ],
        ),
        ({"failure": "told elsewhere"}, []),
    ],
)
def test_a_kernel_may_not_need_more_than_the_ledger_grants(tmp_path, change, says):
    place = tmp_path / "ledger.csv"
    ledger.write([GOOD], place)
    assert ledger.worse([replace(GOOD, **change)], place) == says


def test_what_needs_less_is_counted(tmp_path):
    place = tmp_path / "ledger.csv"
    ledger.write([GOOD, BAD], place)
    assert ledger.better([replace(GOOD, registers=31), BAD], place) == 1


@pytest.mark.parametrize("text", [None, "", "# a\nwrong,heads\n1,2\n"])
def test_a_ledger_that_is_none_is_a_sentence(tmp_path, text):
    place = tmp_path / "ledger.csv"
    if text is not None:
        place.write_text(text)
    if text == "":
        assert ledger.read(place) == ("", {})
    else:
        with pytest.raises(InputError, match="is missing or no ledger"):
            ledger.read(place)


def test_another_toolchain_is_told_not_judged(monkeypatch, capsys):
    monkeypatch.setattr(ledger, "read", lambda *place: ("numba 0.1", {}))
    assert ptx.held_against_the_ledger([GOOD])
    assert "written with numba 0.1" in capsys.readouterr().out
    assert not ptx.held_against_the_ledger([GOOD], strict=True)
    assert "write the ledger anew by --update" in capsys.readouterr().out
    monkeypatch.setattr(ledger, "read", lambda *place: (ledger.toolchain(), {}))
    assert not ptx.held_against_the_ledger([GOOD])


def test_an_unknown_option_is_refused(capsys):
    assert ptx.main(["--speed"]) == 2
    assert "--update or --strict may be given" in capsys.readouterr().err


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
