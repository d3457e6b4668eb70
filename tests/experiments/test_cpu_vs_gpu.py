"""cpu_vs_gpu: its CPU half for real, its GPU half on invented records and a pretended device."""

from __future__ import annotations

import math
from dataclasses import replace
from pkgutil import resolve_name
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text

from gdbench.devices.cuda import door
from gdbench.experiments import cpu_vs_gpu, gpu_sides, gpu_table
from gdbench.experiments.base import Settings
from gdbench.experiments.gpu_kernels import KERNELS, OnGpu
from gdbench.experiments.gpu_kernels.many import STEP_SIZE, STEPS
from gdbench.experiments.gpu_sides import ALL, ONE, RESIDENT, WITH_COPIES
from gdbench.harness import aside
from gdbench.harness.case import Case
from gdbench.harness.record import RecordStore, Status, to_frame
from gdbench.harness.run import measure_cases
from gdbench.results import draw, load

SHUT = "No NVIDIA driver was found."
ASKED = {"kernel": "landscape", "n": 100, "dtype": "float32", "cap": 0.5, "size": "smoke"}


@pytest.fixture
def shut(monkeypatch):
    monkeypatch.setattr(door, "state", lambda: door.Door(False, False, SHUT))


@pytest.fixture
def open_door(monkeypatch):
    found = door.Door(True, False, "A pretended GPU.", "pretended", (9, 0), "13.0")
    monkeypatch.setattr(door, "state", lambda: found)


def record(kernel, n, ratio, **more):
    """What a case might give where all cores take ``ratio`` times as long as the GPU with its copies."""
    near = [0.98, 0.99, 0.995, 1.0, 1.005, 1.01, 1.02, 1.0]
    took = {ONE: 4e-9 * n, ALL: 1e-9 * n, WITH_COPIES: 1e-9 * n / ratio, RESIDENT: 0.25e-9 * n / ratio}
    told = {
        "machine": "m",
        "status": "ok",
        "reason": "",
        "kernel": kernel,
        "dtype": "float32",
        "n": n,
        "device": "cuda",
        "size": "default",
        "cores": 16,
        "gpu": "A pretended GPU.",
        "seconds": {name: [seconds * by for by in near] for name, seconds in took.items()},
        **{f"{part}_seconds": [1e-5] * 6 for part in gpu_table.PARTS},
        "compile_seconds": {"ptx": [0.5], "link": [0.1]},
        "flops": 16.0 * n,
        "bytes": 4.0 * n,
        "copy_bytes_per_second": 2e12,
        "gemm_flops_per_second": None,
    }
    return told | more


def invented():
    """Three kinds of work: one overtakes at about 10,000 items, one at once, one never."""
    sizes = (100, 1_000, 10_000, 100_000, 1_000_000)
    ratios = {"starts": (0.01, 0.1, 1.1, 8.0, 30.0), "adam": (2.0, 3.0, 9.0, 30.0, 60.0), "landscape": (0.02,) * 5}
    return pd.DataFrame([record(name, n, r) for name, of in ratios.items() for n, r in zip(sizes, of)])


def test_the_crossover_is_where_the_ratio_passes_1():
    tidy = cpu_vs_gpu.table(invented())
    found = gpu_table.crossings(tidy).set_index(["kernel", "copies"])["crossing"]
    assert 1_000 < found["starts", True].n < 10_000
    assert (found["starts", True].low, found["starts", True].high) == (1_000, 10_000)
    assert found["adam", True].n == 0
    assert found["landscape", True].n == math.inf
    assert found["starts", False].n < found["starts", True].n
    starts = tidy[tidy["kernel"] == "starts"].set_index("n")
    assert starts.loc[10_000, "faster_with_copies"] == pytest.approx(1.1)
    assert starts.loc[10_000, "faster_resident"] == pytest.approx(4.4)


def test_shares_are_of_the_measured_rates_and_missing_where_there_is_none():
    row = cpu_vs_gpu.table(pd.DataFrame([record("landscape", 10**6, 2.0)])).iloc[0]
    assert row["copy_share"] == pytest.approx(4e6 / 1e-5 / 2e12)
    assert math.isnan(row["gemm_share"])
    known = record("landscape", 10**6, 2.0, gemm_flops_per_second=5e13)
    assert cpu_vs_gpu.table(pd.DataFrame([known])).iloc[0]["gemm_share"] == pytest.approx(16e6 / 1e-5 / 5e13)


def test_the_figure_and_the_table_tell_the_crossover():
    tidy = cpu_vs_gpu.table(invented())
    figure = cpu_vs_gpu.figure(tidy, "m")
    title = figure_text(figure, "title").replace("\n", " ")
    assert title == (
        "With its copies, the GPU overtakes all cores in 2 of 3 kinds of work (1 of them at every size measured), "
        "by up to 60x"
    )
    assert "16 cores, all used; GPU: A pretended GPU." in figure_text(figure, "subtitle")
    assert len(figure.axes) == 3
    drawn = [{artist.get_gid() for artist in panel.get_children()} for panel in figure.axes]
    assert ["crossover" in gids for gids in drawn] == [True, False, False]
    assert all({"interval", "even", "faster_with_copies", "faster_resident", "share"} <= gids for gids in drawn)
    assert set(tidy[tidy["kernel"] == "starts"]["crossover_low"]) == {1_000}
    assert set(tidy[tidy["kernel"] == "landscape"]["crossover_n"]) == {math.inf}
    shown = cpu_vs_gpu.summary(tidy)
    assert shown["GPU overtakes all cores"].tolist().count("") == 12
    assert "of GEMM" not in shown
    assert "0.20 %" in " ".join(shown["of copy"]) or "20 %" in " ".join(shown["of copy"])


def test_a_half_that_did_not_run_is_named_with_its_reason():
    cpu = record("starts", 100, 1.0, device="cpu", gpu=math.nan)
    cpu["seconds"] = {name: cpu["seconds"][name] for name in (ONE, ALL)}
    skipped = {**{name: cpu[name] for name in gpu_table.ASKED}, "device": "cuda", "status": "skipped", "reason": SHUT}
    tidy = cpu_vs_gpu.table(pd.DataFrame([cpu, skipped]))
    assert tidy[["status", "reason"]].iloc[0].tolist() == [gpu_table.NOT_RUN, SHUT]
    figure = cpu_vs_gpu.figure(tidy, "m")
    assert figure_text(figure, "title").startswith("Not run on a GPU")
    assert SHUT in figure_text(figure, "notes")
    assert cpu_vs_gpu.summary(tidy)["GPU"].tolist() == [gpu_table.NOT_RUN]


def test_what_failed_or_was_excluded_stays_in_the_table():
    broken = {"machine": "m", "kernel": "starts", "dtype": "float32", "n": 100, "device": "cuda"}
    for status in ("failed", "excluded"):
        tidy = cpu_vs_gpu.table(pd.DataFrame([{**broken, "status": status, "reason": "why"}]))
        assert status in figure_text(cpu_vs_gpu.figure(tidy, "m"), "notes")
        assert cpu_vs_gpu.summary(tidy)["GPU"].tolist() == [f"{status}: why"]


def test_without_a_gpu_every_case_is_skipped_with_the_doors_reason(shut, tmp_path):
    cases = cpu_vs_gpu.cases(Settings(device="cuda"))
    folder = tmp_path / "machine" / "cpu_vs_gpu"
    summary = measure_cases(cases, cpu_vs_gpu.measure, folder)
    assert (summary.measured, summary.failed, summary.reasons) == (0, 0, {SHUT: len(cases)})
    assert load(tmp_path, cpu_vs_gpu.EXPERIMENT) is None
    assert list(draw(tmp_path, cpu_vs_gpu.EXPERIMENT)) == []


#: The sizes at which every kernel is tried here; those not named are tried at 49.
SMALL = {"product": 12, "structured": 2, "differences": 6}


@pytest.mark.parametrize(("kernel", "dtype"), [(name, dtype) for name in KERNELS for dtype in KERNELS[name].dtypes])
def test_the_cpu_half_and_the_plain_array_twin_do_the_same(kernel, dtype):
    if kernel.startswith("epoch") and kernel != "epoch-kernels":
        pytest.skip("the CPU's half is that of epoch-kernels")
    twins = KERNELS[kernel].twins(SMALL.get(kernel, 49), np.dtype(dtype))
    given = twins.cpu().copy()
    assert np.isfinite(given).all()
    if twins.peer:
        work, inputs = twins.peer
        arrays = work(*inputs)
        told = np.stack(arrays, axis=1) if len(arrays) > 1 else arrays[0]
        assert given.dtype == told.dtype == dtype
        assert gpu_sides.apart(told, given) < {"float32": 1e-4, "float64": 1e-12}[dtype]


@pytest.mark.parametrize("name", ["steepest", "adam"])
def test_an_update_on_all_cores_is_the_rule_on_the_whole_vector(name):
    from gdbench.devices.cpu import updates
    from gdbench.methods import DIRECTIONS
    from gdbench.methods.steps.fixed import Fixed

    n = 2 * updates.CHUNK + 3
    x, g = np.random.default_rng(1).normal(size=(2, n))
    direction, step = DIRECTIONS[name](), Fixed(0.1)
    run, state, d = updates.Updates(direction, step, x, g), np.zeros((direction.rows(n), n)), np.empty(n)
    for k in range(3):
        run.step()
        direction.rule(x, g, np.zeros((0, 0)), state, np.array(direction.hyper), k, d)
        x += 0.1 * d
    np.testing.assert_allclose(run.x, x, rtol=1e-12)


def test_the_descent_is_the_one_it_says():
    twins = KERNELS["starts"].twins(3, np.dtype("float64"))
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (3, 2))
    for _ in range(STEPS):
        a, b = x.T
        x = x - STEP_SIZE * np.stack([-400 * a * (b - a**2) - 2 * (1 - a), 200 * (b - a**2)], axis=1)
    np.testing.assert_allclose(twins.cpu(), x, rtol=1e-12)


def test_the_cpu_half_is_measured_without_a_gpu(shut):
    outcome = cpu_vs_gpu.measure(Case("cpu_vs_gpu", {**ASKED, "device": "cpu"}))
    assert outcome.skipped == ""
    assert set(outcome.measured["seconds"]) <= {ONE, ALL}
    assert all(len(samples) >= 6 for samples in outcome.measured["seconds"].values())


class Pretended:
    """A device that does the CPU's work, rightly or not."""

    def __init__(self, cpu, off):
        self.cpu, self.off = cpu, off

    def gpu(self):
        return OnGpu(lambda: None, lambda: None, lambda: None, lambda: self.cpu() + self.off)

    def synchronize(self):
        pass


@pytest.fixture
def pretended(open_door, monkeypatch):
    from gdbench.devices.cuda import clock, peaks

    def pretend(off):
        kernel = KERNELS["landscape"]

        def twins(size, dtype):
            made = kernel.twins(size, dtype)
            return made._replace(drawn=lambda: [None, None], gpu=Pretended(made.cpu, dtype.type(off)).gpu, peer=None)

        changed = replace(kernel, twins=twins)
        monkeypatch.setitem(gpu_sides.KERNELS, "landscape", changed)
        monkeypatch.setattr(clock, "timed_device", lambda: SimpleNamespace(synchronize=lambda: None))
        monkeypatch.setattr(clock, "compile_seconds", lambda *_: clock.CompileTime(0.5, 0.1))
        monkeypatch.setattr(clock, "stopwatch", lambda work, rounds: {part: [1e-5] * rounds for part in clock.PARTS})
        monkeypatch.setattr(peaks, "measured_peaks", lambda dtype: peaks.Peaks(2e12, None, "not here"))
        # in this process instead of one of its own, so that it finds what is pretended
        cpu_vs_gpu._peaks.cache_clear()
        monkeypatch.setattr(aside, "call", lambda target, *given, device: resolve_name(target)(*given))

    return pretend


def test_both_sides_are_timed_together_and_make_a_row(pretended, tmp_path):
    pretended(0.0)
    cases = [Case("cpu_vs_gpu", {**ASKED, "device": "cuda"})]
    folder = tmp_path / "machine" / "cpu_vs_gpu"
    assert measure_cases(cases, cpu_vs_gpu.measure, folder).failed == 0
    (record,), _ = RecordStore(folder).load()
    assert {ONE, WITH_COPIES, RESIDENT} <= set(record.measured["seconds"])
    row = cpu_vs_gpu.table(to_frame([record])).iloc[0]
    assert row["status"] == "ok"
    assert row["faster_with_copies"] > 0
    assert row["copy_share"] == pytest.approx(400 / 1e-5 / 2e12)


@pytest.mark.parametrize("off", [100.0, math.nan])
def test_a_gpu_that_is_wrong_is_excluded_before_it_is_timed(pretended, off, tmp_path):
    pretended(off)
    cases = [Case("cpu_vs_gpu", {**ASKED, "device": "cuda"})]
    measure_cases(cases, cpu_vs_gpu.measure, tmp_path)
    (record,), _ = RecordStore(tmp_path).load()
    assert record.status is Status.EXCLUDED
    assert "seconds" not in record.measured
    assert "off the CPU's; 0.001 was allowed" in record.reason


def test_a_process_that_dies_is_a_failed_case_with_its_last_words(open_door, monkeypatch, tmp_path):
    monkeypatch.setattr(aside, "PROCESS", "raise RuntimeError('an illegal memory access was encountered')")
    monkeypatch.setattr(cpu_vs_gpu, "_peaks", lambda number, dtype: {})
    summary = measure_cases([Case("cpu_vs_gpu", {**ASKED, "device": "cuda"})], cpu_vs_gpu.measure, tmp_path)
    assert summary.failed == 1
    (record,), _ = RecordStore(tmp_path).load()
    assert "illegal memory access" in record.reason


def test_peaks_are_measured_once_a_run_and_dtype(pretended, monkeypatch):
    asked = []
    pretended(0.0)

    def call(target, *given, device):
        asked.append((target.partition(":")[2], device))
        return resolve_name(target)(*given)

    monkeypatch.setattr(aside, "call", call)
    for n in (100, 400):
        cpu_vs_gpu.measure(Case("cpu_vs_gpu", {**ASKED, "n": n, "device": "cuda:1"}))
    assert asked == [("measured_peaks", 1), ("measured", 1), ("measured", 1)]


def test_a_peer_that_breaks_or_errs_is_left_out_with_its_reason(monkeypatch):
    from gdbench.devices.cuda import peers

    twins = KERNELS["landscape"].twins(49, np.dtype("float64"))
    expected = twins.cpu()

    def broken():
        raise MemoryError("no room")

    def made(given):
        return lambda: peers.Peer(lambda: None, lambda: [given])

    found = [("right", made(expected)), ("wrong", made(expected + 1.0)), ("broken", broken)]
    monkeypatch.setattr(peers, "peers", lambda *_, device: iter(found))
    contenders, left_out = gpu_sides.peers_of(twins, expected, 1e-9)
    assert list(contenders) == ["right"]
    assert left_out["broken"] == "MemoryError: no room"
    assert left_out["wrong"].endswith("off the CPU's result")
