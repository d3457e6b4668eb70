"""The chain rule forwards: from small code, the code that carries tangents along with its values.

Every variable v gets companions, its derivatives along one or several directions, computed right beside it: dual
numbers, written out. The rule takes any small code, so it also differentiates slopes: the tangent of an adjoint is a
Hessian-vector product, the tangent of a tangent a second derivative (a hyper-dual number).

Source: Griewank and Walther (2008), Evaluating Derivatives, table 3.2; Fike and Alonso (2011) for the second order.
"""

from __future__ import annotations

from dataclasses import replace

from gdbench.autodiff.adjoint import Builder
from gdbench.autodiff.blocks import BLOCKS
from gdbench.autodiff.code import AddBlock, Argument, Let, Load, Loop, Room, Shape, Statement, Store, walk
from gdbench.autodiff.fusing import shapes_of
from gdbench.autodiff.operations import OPERATIONS


def tangent(
    code: list[Statement], seeds: tuple[str, ...], known: dict[str, Shape], suffix: str, directions: int = 1
) -> list[Statement]:
    """``code``, and beside every variable that depends on the arrays ``seeds`` its tangents.

    The tangent of ``v`` along direction c is called ``v{suffix}{c}``; those of the seeds are for the caller to provide.
    ``known`` are the shapes of recorded arrays.
    """
    return _Tangents(code, seeds, shapes_of(code, known), suffix, directions).of(code)


class _Tangents:
    def __init__(
        self, code: list[Statement], seeds: tuple[str, ...], shapes: dict[str, Shape], suffix: str, directions: int
    ) -> None:
        self.shapes, self.suffix, self.directions = shapes, suffix, range(directions)
        self.active = _activity(code, set(seeds))
        self.build = Builder(f"p{suffix}")

    def dot(self, name: Argument, c: int) -> Argument:
        """The tangent of a variable or number."""
        return f"{name}{self.suffix}{c}" if isinstance(name, str) and name in self.active else 0.0

    def of(self, code: list[Statement]) -> list[Statement]:
        """The statements, each followed by its tangents."""
        outer, self.build.code = self.build.code, []
        for s in code:
            if isinstance(s, Loop):
                body = self.of(s.body)
                self.build.code.append(Loop(s.variable, s.count, body, s.backwards))
                continue
            self.build.code.append(s)
            name = s.array if isinstance(s, Store | AddBlock) else getattr(s, "name", "")
            if name in self.active:
                for c in self.directions:
                    self.along(s, c)
        result, self.build.code = self.build.code, outer
        return result

    def along(self, s: Statement, c: int) -> None:
        """One statement's tangent along direction c."""
        code = self.build.code
        if isinstance(s, Let):
            code.append(Let(f"{s.name}{self.suffix}{c}", "copy", (self.let(s, c),)))
        elif isinstance(s, Load):
            found = self.dot(s.array, c)
            code.append(
                Load(str(self.dot(s.name, c)), found, s.index)
                if isinstance(found, str)
                else Let(str(self.dot(s.name, c)), "copy", (0.0,))
            )
        elif isinstance(s, Store):
            if not (s.add and self.dot(s.name, c) == 0.0):
                code.append(Store(str(self.dot(s.array, c)), s.index, self.dot(s.name, c), s.add))
        elif isinstance(s, AddBlock):
            if s.name in self.active:
                code.append(replace(s, array=str(self.dot(s.array, c)), name=str(self.dot(s.name, c))))
        elif isinstance(s, Room):
            code.append(replace(s, name=str(self.dot(s.name, c))))

    def let(self, s: Let, c: int) -> Argument:
        """The tangent of an operation's result."""
        build = self.build
        moving = [k for k, a in enumerate(s.arguments) if isinstance(a, str) and a in self.active]
        if not moving:
            return 0.0
        parts: list[Argument] = []
        if s.op in BLOCKS:
            for k in moving:
                if BLOCKS[s.op].adjoints[k] is not None or s.op in ("view", "flat"):
                    arguments = tuple(self.dot(a, c) if i == k else a for i, a in enumerate(s.arguments))
                    parts.append(build(s.op, *arguments, extra=s.extra))
            return build.total(parts)
        for k in moving:
            partial = OPERATIONS[s.op].partials[k]
            if partial is not None:
                dot = self.dot(s.arguments[k], c)
                parts.append(build("mul", dot, partial(build, s.arguments, s.name)))
        total = build.total(parts)
        wide = self.shapes.get(s.name, ())
        narrow = any(self.shapes.get(str(s.arguments[k]), ()) != wide for k in moving) or len(moving) < len(s.arguments)
        if wide and narrow and total != 0.0:
            return build("spread", total, s.name)
        return total


def _activity(code: list[Statement], active: set[str]) -> set[str]:
    """Every variable and array that depends on the ``active`` ones, wherever it is assigned."""
    before = -1
    while len(active) != before:
        before = len(active)
        for s in walk(code):
            if isinstance(s, Let):
                table = BLOCKS[s.op].adjoints if s.op in BLOCKS else OPERATIONS[s.op].partials if s.op != "line" else ()
                moves = s.op in ("view", "flat") or any(
                    way is not None and a in active for way, a in zip(table, s.arguments)
                )
                if moves and any(a in active for a in s.arguments):
                    active.add(s.name)
            elif isinstance(s, Load) and s.array in active:
                active.add(s.name)
            elif isinstance(s, Store | AddBlock) and s.name in active:
                active.add(s.array)
    return active
