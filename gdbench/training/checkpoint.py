"""A training on file: written whole after an epoch, and gone on from to the same bits.

The file is NumPy's ``.npz``: weights and the direction's memory in the problem's order, the history, and what was
trained how, as JSON. What differs from the call is refused, since another path would begin there.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import Method
from gdbench.problems.base import Array, Data
from gdbench.problems.mlp_layers import ACTIVATIONS
from gdbench.problems.scores import l2_from

#: What the file holds beside the settings.
ARRAYS = ("x", "memory", "epoch", "steps", "history", "best_x", "best_epoch", "threads", "product")


def described(plan: Plan, watched: Data | None, extras: dict[str, float], kind: str) -> dict[str, Any]:
    """All that decides the path of a training, but for threads and product, by the names of ``train``'s arguments.

    The kind of device, ``kind``, is among it: another one adds in another order, so that the file's promise of the same
    bits would be broken, and products and threads of the one mean nothing to the other.
    """
    method = plan.method
    assert isinstance(method, Method)
    features, labels, shape = plan.problem.data
    activation = {code: name for name, code in ACTIVATIONS.items()}[int(shape[0])]
    return {
        "problem": f"mlp {'-'.join(map(str, shape[2:]))} {activation}",
        "l2": float(l2_from(shape)),
        "method": repr(method.direction),
        "step": repr(method.step),
        "batch_size": int(method.batch_size or 0),
        "dtype": plan.x0.dtype.name,
        "seed": plan.seed,
        **{name: repr(number) for name, number in extras.items()},
        "device": kind,
        "x0": _digest(plan.x0),
        "data": f"{plan.problem.rows} rows, {_digest(features, labels)}",
        "validation": "no rows" if watched is None else f"{len(watched[1])} rows, {_digest(*watched[:2])}",
    }


def _digest(*arrays: Array) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:8]


@dataclass(frozen=True)
class Checkpoint:
    """Where a training is kept, what is trained (``described``), and after how many epochs each time."""

    path: Path
    settings: dict[str, Any]
    every: int = 1
    held: dict[str, Array] | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "held", self._read())

    def _read(self) -> dict[str, Array] | None:
        """What the file holds; None where there is none yet, but could be."""
        if not self.path.exists():
            self._probe()
            return None
        try:
            with self.path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                found = {name: file[name] for name in ARRAYS}
                theirs = {"device": "cpu"} | dict(json.loads(str(file["settings"])))  # older files name no device
        except Exception:  # a torn file raises errors of many classes
            raise InputError(
                f"{self.path} is torn, or no checkpoint of a training; delete it, or give another file."
            ) from None
        for name, ours in self.settings.items():
            if theirs.get(name) != ours:
                raise InputError(
                    f"{self.path} holds a training with {name} {theirs.get(name)}, not {ours}; "
                    "train with the same, or give another file."
                )
        self._probe()
        return found

    def _probe(self) -> None:
        """Refuse a place that cannot be written to, before any work."""
        try:
            self._part.touch()
            self._part.unlink()
        except OSError as reason:
            raise InputError(f"{self.path} cannot be written: {reason.strerror}; give another file.") from None

    @property
    def _part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.{os.getpid()}.part")

    def write(self, arrays: dict[str, Any]) -> None:
        """Write a new file beside the old one, and put it in its place."""
        assert set(arrays) == set(ARRAYS)
        try:
            with self._part.open("wb") as file:
                np.savez(file, settings=json.dumps(self.settings), **arrays)
                file.flush()
                os.fsync(file.fileno())
            self._part.replace(self.path)
        finally:
            self._part.unlink(missing_ok=True)
