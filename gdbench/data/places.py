"""WHERE a data set may already lie on this machine: the finders, in the order they are asked.

1. ``$GDBENCH_DATA``, the files directly in it or in a subfolder of the data set's name;
2. gdbench's own cache, where ``gdbench data fetch`` puts it;
3. Debian's folder, filled by ``apt install dataset-fashion-mnist``;
4. Keras' cache, ``$KERAS_HOME/datasets`` (``~/.keras/datasets``);
5. torchvision's layout, ``FashionMNIST/raw``, in ``./data`` (the root its tutorials use) and in
   ``$TORCH_HOME`` (``~/.cache/torch``): torchvision leaves the root to its caller, so no other is guessed.

Each file counts plain or as ``.gz``; where both lie side by side, the plain one is read. A folder
with torn files is an error where the user named it, and is passed over, and named, elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gdbench.data.idx import Bytes, read_idx
from gdbench.errors import InputError

ENVIRONMENT_VARIABLE = "GDBENCH_DATA"


class NotFoundError(InputError):
    """No place holds the data set whole; nothing is wrong with a place that the user named."""


@dataclass(frozen=True)
class IdxFile:
    """One file of a data set: its plain name, its shape, the bound of its values, the SHA256 of its ``.gz``."""

    name: str
    shape: tuple[int, ...]
    below: int
    sha256: str


@dataclass(frozen=True)
class IdxSet:
    """A data set of IDX files: its name here (and of its folders), its folder's name in torchvision, its files."""

    name: str
    torchvision_name: str
    files: tuple[IdxFile, ...]


@dataclass(frozen=True)
class Place:
    """A folder a data set may lie in; ``chosen`` where the user named it, so that a fault there must not pass."""

    name: str
    folder: Path
    chosen: bool = False


def places(data: IdxSet) -> Iterator[Place]:
    """All places, the first to be asked first; whether they exist is not looked at."""
    if root := os.environ.get(ENVIRONMENT_VARIABLE):
        chosen = _path(root)
        yield Place(f"${ENVIRONMENT_VARIABLE}", chosen, chosen=True)
        yield Place(f"${ENVIRONMENT_VARIABLE}/{data.name}", chosen / data.name, chosen=True)
    yield Place("gdbench's cache", cache_folder(data))
    yield Place("Debian's package", Path("/usr/share/datasets", data.name))
    yield Place("Keras' cache", _path(os.environ.get("KERAS_HOME", "~/.keras")) / "datasets" / data.name)
    for root in ("data", os.environ.get("TORCH_HOME", "~/.cache/torch")):
        yield Place("torchvision's folder", _path(root) / data.torchvision_name / "raw")


def cache_folder(data: IdxSet) -> Path:
    """Name the folder in the user's cache directory that a download goes to."""
    from platformdirs import user_cache_path

    return user_cache_path("gdbench", appauthor=False) / "data" / data.name


def find(data: IdxSet) -> tuple[Place, tuple[Bytes, ...]]:
    """The first place that holds the data set whole, with its arrays in the order of ``data.files``.

    Raises
    ------
    InputError: ``$GDBENCH_DATA`` names no folder, or one with torn or missing files.
    NotFoundError: no place holds the data set whole; torn copies that were passed over are named.
    """
    root = os.environ.get(ENVIRONMENT_VARIABLE)
    if root and not os.path.isdir(_path(root)):
        raise InputError(f"${ENVIRONMENT_VARIABLE} is {root!r}, which is no folder; name one that exists, or unset it.")
    torn = []
    for place in places(data):
        try:
            arrays = read_folder(place.folder, data)
        except InputError as fault:
            if place.chosen:
                raise
            torn.append(str(fault).rstrip("."))
        else:
            if arrays is not None:
                return place, arrays
    passed_over = f" (passed over: {'; '.join(torn)})" if torn else ""
    raise NotFoundError(
        f"{data.name} was not found in full{passed_over}: run `gdbench data fetch {data.name}`, install Debian's "
        f"package dataset-{data.name}, or set ${ENVIRONMENT_VARIABLE} to a folder with its files."
    )


def read_folder(folder: Path, data: IdxSet) -> tuple[Bytes, ...] | None:
    """All arrays of the data set from one folder, or None where not one of its files lies there.

    Raises
    ------
    InputError: some files are there and others missing, or one of them is torn.
    """
    paths = [_existing(folder, file) for file in data.files]
    if not any(paths):
        return None
    arrays = []
    for file, path in zip(data.files, paths):
        if path is None:
            raise InputError(f"{folder} lacks {file.name}(.gz), one of the {len(paths)} files of {data.name}.")
        arrays.append(read_idx(path, file.shape, file.below))
    return tuple(arrays)


def status_of(place: Place, data: IdxSet) -> dict[str, str | int]:
    """One row of the status table: the place, its path, its state and the bytes it takes; reads every file."""
    try:
        state = "absent" if read_folder(place.folder, data) is None else "complete"
    except InputError as fault:
        state = f"corrupt: {fault}"
    found = (_existing(place.folder, file) for file in data.files)
    size = sum(path.stat().st_size for path in found if path)
    return {"place": place.name, "path": str(place.folder), "state": state, "size": size}


def _existing(folder: Path, file: IdxFile) -> Path | None:
    # os.path answers no where a folder may not be looked into; Path.is_file raises.
    candidates = (folder / file.name, folder / f"{file.name}.gz")
    return next((path for path in candidates if os.path.isfile(path)), None)


def _path(text: str) -> Path:
    # os.path leaves "~" as it is where there is no home; Path.expanduser raises.
    return Path(os.path.abspath(os.path.expanduser(text)))
