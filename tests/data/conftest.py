"""A tiny data set of IDX files, written with ``struct`` alone, and a machine on which nothing is found."""

import gzip
import hashlib
import struct
from pathlib import Path

import pytest

from gdbench.data.places import IdxFile, IdxSet

SHAPES = {
    "train-images-idx3-ubyte": (6, 28, 28),
    "train-labels-idx1-ubyte": (6,),
    "t10k-images-idx3-ubyte": (4, 28, 28),
    "t10k-labels-idx1-ubyte": (4,),
}


def content_of(name: str) -> bytes:
    shape = SHAPES[name]
    size, below = (shape[0] * 784, 256) if "images" in name else (shape[0], 10)
    header = bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape)
    return header + bytes((7 * i + shape[0]) % below for i in range(size))


@pytest.fixture
def contents() -> dict[str, bytes]:
    """What each of the four files holds, by its plain name."""
    return {name: content_of(name) for name in SHAPES}


@pytest.fixture
def packed(contents) -> dict[str, bytes]:
    """The same, gzipped, by the name ending in .gz."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in contents.items()}


@pytest.fixture
def tiny(packed) -> IdxSet:
    files = [
        IdxFile(name, shape, 10 if "labels" in name else 256, hashlib.sha256(packed[f"{name}.gz"]).hexdigest())
        for name, shape in SHAPES.items()
    ]
    return IdxSet("tiny-clothes", "TinyClothes", tuple(files))


@pytest.fixture
def fill(packed):
    """A function that puts the four files into a folder, as .gz or plain."""

    def put(folder: Path, plain: bool = False) -> Path:
        folder.mkdir(parents=True)
        for name, content in packed.items():
            if plain:
                (folder / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
            else:
                (folder / name).write_bytes(content)
        return folder

    return put


@pytest.fixture
def bare_machine(tmp_path, monkeypatch) -> Path:
    """An empty home that is the working directory too; every cache lies below it."""
    home = tmp_path / "home"
    home.mkdir()
    for variable in ("GDBENCH_DATA", "KERAS_HOME", "TORCH_HOME"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, **_: home / "cache" / name)
    monkeypatch.chdir(home)
    return home
