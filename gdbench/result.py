"""What :func:`gdbench.minimize` returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from gdbench.problems.base import Array
from gdbench.status import Status

if TYPE_CHECKING:
    import pandas


@dataclass(kw_only=True)
class Result(Mapping[str, Any]):
    """The end of a descent, and what it cost; SciPy's names where SciPy has one.

    Like SciPy's OptimizeResult it is a mapping too: ``result["x"]``, ``result.get("x")``, ``dict(result)``.

    With x0 of shape (S, n) every field marked * has a leading axis of S starts.

    Attributes
    ----------
    x, fun, jac: the last point (n,)*, its value*, and its slope (n,)* (nan for a search). After mini-batches
        ``fun`` is the value over all rows and ``jac`` the last batch's slope.
    success, status, message: whether a tolerance or the target was met*, why it stopped*, in words.
    nit: iterations*.
    nfev, njev, nhev, nhvp: evaluations of value, gradient, Hessian (or Jacobian of residuals), Hessian-vector product
        that the descent asked for*; ``nfev_fd``: values spent inside finite-difference gradients*.
    x_last: the last point where ``x`` is the mean of many (``PolyakRuppert``), (n,); None for other methods.
    x_best, fun_best: the best point met* and its value*.
    hess: the last matrix of a second-order direction, (n, n): the Hessian where the last step began, or 2 J.T J where
        residuals are known by their Jacobian J; None where no matrix was made.
    indefinite: steps of a second-order direction at which the curvature was not positive definite; None for others.
    history: one row an iteration (``history_frame()`` makes a table of it); None if not asked for,
        and for S starts, which keep none.
    trajectory: the points themselves, (nit + 1, n), of one start; None if not asked for.
    seconds, seconds_compile: inside the descent, and compiling or loading compiled code before it.
    """

    x: Array
    fun: Any
    jac: Array
    success: Any
    status: Any
    message: str
    nit: Any
    nfev: Any
    njev: Any
    nhev: Any
    nhvp: Any
    nfev_fd: Any
    x_best: Array
    fun_best: Any
    x_last: Array | None = None
    hess: Array | None = None
    indefinite: int | None = None
    history: dict[str, Array] | None = None
    trajectory: Array | None = field(default=None, repr=False)
    seconds: float = 0.0
    seconds_compile: float = 0.0

    def __getitem__(self, name: str) -> Any:
        """``result["x"]`` is ``result.x``."""
        if name not in self.__dataclass_fields__:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        """The names of the fields."""
        return (f.name for f in fields(self))

    def __len__(self) -> int:
        """How many fields there are."""
        return len(fields(self))

    def history_frame(self) -> pandas.DataFrame:
        """The history as a table: iteration, fun, slope (largest |g_i|), step_size, evaluations, seconds."""
        import pandas as pd

        return pd.DataFrame(self.history or {}).rename_axis("iteration")

    def __repr__(self) -> str:
        """One field a line, long arrays shortened."""
        import numpy as np

        with np.printoptions(threshold=8, edgeitems=3, precision=8):
            lines = []
            for name in self.keys():
                value = getattr(self, name)
                if name == "trajectory" or value is None:
                    continue
                if name == "history":
                    value = f"{len(value['fun'])} rows: {', '.join(value)}"
                if isinstance(value, Status):
                    value = value.name
                lines.append(f"{name:>16}: {value}")
        return "\n".join(lines)
