"""The environment record: what it must hold, what makes two of them differ, and how it is kept."""

import copy
import json
import os
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import pytest

import gdbench
from gdbench.errors import InputError
from gdbench.harness import environment as module
from gdbench.harness.environment import (
    ENVIRONMENT,
    differences,
    environment,
    environment_hash,
    read_environments,
    write_environment,
)


@pytest.fixture(scope="module")
def env():
    return environment()


def test_it_is_strict_json_and_holds_what_a_reader_asks_for(env):
    assert json.loads(json.dumps(env, allow_nan=False)) == env
    assert env["cpu"]["logical_cores"] == os.cpu_count()
    assert env["memory"]["bytes"] > 2**20
    assert env["packages"]["numpy"] == version("numpy")
    assert env["python"]["version"] == sys.version.split()[0]
    assert env["moment"]["utc"].endswith("+00:00")


def test_each_blas_tells_the_kernels_it_picked(env):
    from threadpoolctl import threadpool_info

    expected = {
        (lib["internal_api"], lib["version"], lib.get("architecture"))
        for lib in threadpool_info()
        if lib["user_api"] == "blas"
    }
    assert {(lib["internal_api"], lib["version"], lib["architecture"]) for lib in env["blas"].values()} == expected


def test_it_holds_no_paths_of_the_user(env):
    text = json.dumps(env)
    assert str(Path.home()) + os.sep not in text or Path.home() == Path("/")
    assert sys.prefix not in text


def test_numba_is_imported_only_when_asked_for():
    source = """
import sys
from gdbench.harness.environment import environment
assert not {"numba", "scipy", "pandas", "psutil", "filelock"} & set(sys.modules), "the import must stay light"
env = environment()
assert env["numba"] is None and "numba" not in sys.modules and "pandas" not in sys.modules
"""
    variables = os.environ | {"PYTHONPATH": str(Path(gdbench.__file__).parents[1])}
    subprocess.run([sys.executable, "-W", "error", "-c", source], env=variables, check=True, timeout=60)


def test_numba_tells_its_threads_and_the_layer_it_is_given():
    import numba

    told = environment(with_numba=True, threading_layer="omp")["numba"]
    assert told["threading_layer"] == "omp"
    assert told["threads"] == numba.config.NUMBA_NUM_THREADS
    assert isinstance(told["svml"], bool)
    assert told["llvm_cpu"]


def test_steering_variables_are_told_and_paths_are_not(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "somewhere")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    told = environment()["variables"]
    assert told["OMP_NUM_THREADS"] == "3"
    assert not {"NUMBA_CACHE_DIR", "SECRET_TOKEN"} & set(told)


# ---- the GPU, never guessed -----------------------------------------------------------------------


class NVMLError(Exception):
    pass


def fake_nvml(**changes):
    functions = {
        "NVMLError": NVMLError,
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda i: i,
        "nvmlDeviceGetName": lambda handle: "NVIDIA H100",
        "nvmlDeviceGetMemoryInfo": lambda handle: types.SimpleNamespace(total=80 * 2**30),
        "nvmlDeviceGetCudaComputeCapability": lambda handle: (9, 0),
        "nvmlSystemGetDriverVersion": lambda: "580.1",
    }
    return types.SimpleNamespace(**(functions | changes))


def fail(*arguments):
    raise NVMLError("Driver Not Loaded")


def test_a_gpu_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml())
    device = {"name": "NVIDIA H100", "memory_bytes": 80 * 2**30, "compute_capability": "9.0"}
    assert module._gpu() == {"devices": [device], "driver": "580.1"}


@pytest.mark.parametrize(
    ("nvml", "reason"),
    [
        (None, "nvidia-ml-py is not installed"),
        (fake_nvml(nvmlInit=fail), "Driver Not Loaded"),
        (fake_nvml(nvmlDeviceGetName=fail), "Driver Not Loaded"),
    ],
)
def test_no_gpu_has_a_reason(monkeypatch, nvml, reason):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert module._gpu() == {"devices": None, "reason": reason}


# ---- the source -----------------------------------------------------------------------------------


def git(root, *words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    asked = subprocess.run(
        ["git", "-C", root, *identity, *words], check=True, capture_output=True, text=True, env=variables
    )
    return asked.stdout.strip()


def test_the_source_is_a_commit_and_what_was_changed_since(tmp_path, monkeypatch):
    assert module._source(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert module._source(tmp_path) is None
    (tmp_path / "gdbench").mkdir()
    (tmp_path / "gdbench" / "a.py").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "results.csv").write_text("results are not source")
    assert module._source(tmp_path) == {"commit": commit, "dirty": False}
    (tmp_path / "gdbench" / "new.py").write_text("")
    assert module._source(tmp_path) == {"commit": commit, "dirty": True}


# ---- comparing and keeping ------------------------------------------------------------------------


def test_the_hash_ignores_the_moment_and_nothing_that_matters(env):
    later = copy.deepcopy(env)
    later["moment"] = {"utc": "later", "load_average": [9, 9, 9]}
    later["memory"]["bytes"] += 4096
    assert environment_hash(later) == environment_hash(env)
    assert differences(env, later) == []
    for group in env.keys() - {"moment", "memory"}:
        changed = copy.deepcopy(env)
        changed[group] = {"changed": True}
        assert environment_hash(changed) != environment_hash(env), group


def test_the_hash_does_not_hang_on_the_order(env):
    assert environment_hash(dict(reversed(list(env.items())))) == environment_hash(env)
    assert len(environment_hash(env)) == 16


def test_differences_speak_to_people():
    a = {
        "cpu": {"model": "AMD EPYC", "flags": ["avx2", "avx512f"], "usable_cores": 2},
        "packages": {"numba-cuda": None, "numba": "0.60"},
        "blas": {"scipy openblas": {"architecture": "SkylakeX"}},
        "numba": None,
        "variables": {"OMP_NUM_THREADS": "1"},
        "source": None,
    }
    b = {
        "cpu": {"model": "AMD EPYC", "flags": ["avx2"], "usable_cores": 1},
        "packages": {"numba-cuda": "0.30", "numba": "0.60"},
        "blas": {"scipy openblas": {"architecture": "Zen"}},
        "numba": {"threading_layer": "omp", "svml": False},
        "variables": {},
        "source": {"commit": "c0ffee", "dirty": False},
    }
    told = [
        ("CPU flags", ["avx512f"], []),
        ("CPU usable cores", 2, 1),
        ("version of numba-cuda", None, "0.30"),
        ("BLAS scipy openblas architecture", "SkylakeX", "Zen"),
        ("numba threading layer", None, "omp"),
        ("numba svml", None, False),
        ("variable OMP_NUM_THREADS", "1", None),
        ("source commit", None, "c0ffee"),
        ("source dirty", None, False),
    ]
    assert sorted(differences(a, b)) == sorted(told)
    assert sorted(differences(b, a)) == sorted((name, y, x) for name, x, y in told)


def test_every_environment_stays_findable(tmp_path, env):
    folder = tmp_path / "machine" / "search"
    assert read_environments(folder) == {}
    other = copy.deepcopy(env) | {"numba": {"threading_layer": "tbb"}}
    keys = [write_environment(folder, told) for told in (env, other, env)]
    assert keys == [environment_hash(env), environment_hash(other), environment_hash(env)]
    assert read_environments(folder) == {keys[0]: env, keys[1]: other}
    assert not list(folder.glob("*.new"))


@pytest.mark.parametrize("text", ["", "{", "[1]", "\xff"])
def test_a_spoiled_file_is_not_written_over(tmp_path, env, text):
    (tmp_path / ENVIRONMENT).write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="restore it or move it out of the way"):
        write_environment(tmp_path, env)
    assert (tmp_path / ENVIRONMENT).read_text(encoding="latin-1") == text


def test_a_file_where_the_folder_should_be(tmp_path, env):
    (tmp_path / "results").write_text("")
    with pytest.raises(InputError, match="a file stands where a folder should be"):
        write_environment(tmp_path / "results", env)
    with pytest.raises(InputError, match="a file stands where a folder should be"):
        read_environments(tmp_path / "results")
