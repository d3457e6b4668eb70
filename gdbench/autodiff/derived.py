"""One recording, and the plain functions made from it: slope, tangents, Hessian-vector product, Hessian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdbench.autodiff import CHUNK, replay
from gdbench.autodiff.adjoint import adjoint
from gdbench.autodiff.code import AddBlock, Guard, Let, Loop, Shape, Statement, Store, walk, without_dead
from gdbench.autodiff.forward import forward
from gdbench.autodiff.fusing import fused
from gdbench.autodiff.operations import COMPARISONS
from gdbench.autodiff.program import Program
from gdbench.autodiff.scalars import Rows
from gdbench.autodiff.tangent import tangent
from gdbench.autodiff.tape import MOST
from gdbench.autodiff.tracing import record
from gdbench.autodiff.writing import function
from gdbench.problems.base import Array, Data

#: A list of more rows than this (loops counted once) would take minutes to compile: it is interpreted.
WRITTEN = 1500


class Derived:
    """``value(x, data)``, recorded at ``x`` (n,) on rows like those of ``data``; its methods make plain functions.

    ``elsewhere`` is what they call, with their own arguments, where a branch comes out otherwise than here.
    """

    def __init__(self, value: Callable[..., Any], x: Array, data: Data, most: int = MOST) -> None:
        """``most``: operations that may be recorded."""
        self.tape, self.result = record(value, x, data, most)
        self.n, self.features = x.size, (len(data[1]), data[0].shape[1])
        self.program = Program(self.tape, self.result)
        self.shapes: dict[str, Shape] = {
            f"v{row}": tuple("rows" if isinstance(extent, Rows) else int(extent) for extent in shape)
            for row, shape in enumerate(self.tape.shapes)
            if shape
        }

    @property
    def rows(self) -> int:
        """How many rows of the tape are written out, those of loops once."""
        return sum(len(self.program.body(region)) for region in self.program.regions)

    @property
    def guarded(self) -> bool:
        """Whether the record holds at some points, or numbers of rows, only."""
        return bool(self.tape.rows_fixed and self.features[0]) or not COMPARISONS.keys().isdisjoint(self.tape.ops)

    @property
    def path(self) -> str:
        """How the slope is computed: "emitted", "folded" or "interpreted"."""
        if self.rows > WRITTEN and not self.tape.arrays:
            return "interpreted"
        return "folded" if self.program.loops else "emitted"

    @property
    def why(self) -> str:
        """The reason for the path, in a sentence."""
        if self.path == "interpreted":
            return f"{self.rows:,} operations repeat in no way that loops could hold; they would compile for minutes."
        if self.path == "emitted":
            return f"the list is short ({self.rows:,} operations) and is written out, line by line."
        rounds = ", ".join(f"{loop.count:,} x {loop.length}" for loop in self.program.loops[:4])
        more = len(self.program.loops) - 4
        told = f"{rounds}, and {more} more" if more > 0 else rounds
        return f"most of {len(self.tape):,} operations are loops (rounds x operations): {told}."

    def gradient(self, elsewhere: Callable[..., float]) -> Any:
        """``gradient(x, data, out) -> value``, by the chain rule backwards."""
        if self.path == "interpreted":
            return replay.gradient(self.tape, self.result, self.n, self.features, elsewhere)
        return self._function("gradient", "x, data, out", adjoint(self.program, self.n), elsewhere)

    def tangents(self, elsewhere: Callable[..., float]) -> Any:
        """``tangents(x, data, v0, ..., found) -> value``: derivatives along CHUNK directions v, in ``found``."""
        names = [f"value_d{c}" for c in range(CHUNK)]
        code = _ending(tangent(forward(self.program), ("x",), self.shapes, "_d", CHUNK), names, {"value"})
        directions = ", ".join(f"x_d{c}" for c in range(CHUNK))
        found = "; ".join(f"found[{c}] = value_d{c}" for c in range(CHUNK))
        return self._function("tangents", f"x, data, {directions}, found", code, elsewhere, ending=found)

    def product(self, elsewhere: Callable[..., float]) -> Any:
        """``product(x, data, v, out)``: the Hessian times v, the tangent of the slope."""
        code = tangent(adjoint(self.program, self.n), ("x",), self.shapes, "_d")
        if not any(isinstance(s, Store | AddBlock) and s.array == "out_d0" for s in walk(code)):
            code.append(Loop("i", self.n, [Store("out_d0", "i", 0.0)]))  # a slope that is the same everywhere
        code = without_dead(code, {"value", "out_d0"})
        return self._function("product", "x, data, x_d0, out_d0", code, elsewhere)

    def second(self, elsewhere: Callable[..., float]) -> Any:
        """``second(x, data, v, w) -> d^2 f / dv dw``: a hyper-dual number's last part."""
        once = tangent(forward(self.program), ("x",), self.shapes, "_d")
        twice = _ending(tangent(once, ("x",), self.shapes, "_e"), ["value_d0_e0"], set())
        return self._function("second", "x, data, x_d0, x_e0", twice, elsewhere, returns="value_d0_e0")

    def _function(
        self,
        name: str,
        arguments: str,
        code: list[Statement],
        elsewhere: Callable[..., float],
        returns: str = "value",
        ending: str = "",
    ) -> Any:
        if self.tape.arrays:
            code = fused(code, self.shapes)
        if self.tape.rows_fixed and self.features[0]:
            code = [Guard("eq", "rows", float(self.features[0]), True), *code]
        return function(name, arguments, code, returns, ending, elsewhere=elsewhere)


def _ending(code: list[Statement], names: list[str], wanted: set[str]) -> list[Statement]:
    """``code`` for these results and no more; one that does not depend on x is 0."""
    made = {s.name for s in walk(code) if isinstance(s, Let)}
    code = code + [Let(name, "copy", (0.0,)) for name in names if name not in made]
    return without_dead(code, {*names, *wanted})
