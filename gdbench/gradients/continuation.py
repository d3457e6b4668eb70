"""A function of real numbers, rewritten so that it takes complex ones: what the complex step differentiates.

People write ``math.sin``, ``x ** 3`` and ``np.zeros(n)``; the first knows no complex numbers, the second takes the
logarithm of a negative base, whose rounding drowns an imaginary part of 1e-200, the third has no room for one. So the
source of the function and of its helpers is read and these few things are exchanged, each for a function of
``holomorphic.py`` or of NumPy that does the same to a real number and is analytic around it. Line numbers are
kept, so that whoever complains about the copy names a line of the original.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import inspect
import math
from collections.abc import Callable, Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.gradients import holomorphic

REMEDY = "use 'reverse-ad' or '3-point' instead of 'cs'"

#: What NumPy does to a complex number as ``math`` does to a real one.
_IN_NUMPY = {
    "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
#: Function called in the source -> what the copy calls in its place.
EXCHANGED: dict[object, Callable[..., Any]] = {
    **{getattr(math, ours): getattr(np, theirs) for ours, theirs in _IN_NUMPY.items() if hasattr(math, ours)},
    math.pow: holomorphic.power,
    pow: holomorphic.power,
    np.power: holomorphic.power,
    math.atan2: holomorphic.atan2,
    np.arctan2: holomorphic.atan2,
    math.hypot: holomorphic.hypot,
    np.hypot: holomorphic.hypot,
    math.erf: holomorphic.erf,
    math.erfc: holomorphic.erfc,
    np.linalg.norm: holomorphic.norm,
    abs: holomorphic.absolute,
    math.fabs: holomorphic.absolute,
    np.abs: holomorphic.absolute,
    np.fabs: holomorphic.absolute,
}
FUTURE = __future__.annotations.compiler_flag
_ROOM = (np.zeros, np.empty, np.ones)  # made without a dtype, they hold real numbers only
_CONJUGATES = ("conj", "conjugate", "imag", "angle", "vdot")


def continued(
    function: Callable[..., Any], names: Mapping[str, object] | None = None, memo: dict[object, Any] | None = None
) -> FunctionType:
    """A copy of ``function``, and of its helpers however deep, that takes complex numbers.

    Parameters
    ----------
    names: what the copy calls in place of the functions of ``holomorphic.py``, by their names, and ``"number"``, the
        dtype of the arrays it makes; None for those functions themselves and complex128.

    Raises
    ------
    InputError: no source to read, or a conjugate, imaginary part or angle in it, which are not analytic.

    >>> import math
    >>> def angle(x):
    ...     return math.atan2(x[0], x[1])
    >>> continued(angle)([1.0, 1.0 + 1e-200j])
    (0.7853981633974483-5e-201j)
    """
    plain = getattr(function, "py_func", function)
    memo = {} if memo is None else memo
    if plain in memo:
        return memo[plain]  # type: ignore[no-any-return]
    assert isinstance(plain, FunctionType)
    rewriting = _Rewriting(plain)
    node = rewriting.visit(_source_of(plain))
    code = _compiled(node, plain.__code__)
    names = names or {"number": np.complex128}
    world = dict(plain.__globals__)
    world.update(rewriting.constants)
    world.update({_named(item): names.get(item, getattr(holomorphic, item, None)) for item in rewriting.used})
    world.update({_named(item.__name__): item for item in rewriting.from_numpy})
    found = dict(zip(plain.__code__.co_freevars, plain.__closure__ or ()))
    cells = {name: CellType(found[name].cell_contents) for name in code.co_freevars}
    copy = FunctionType(code, world, plain.__name__, plain.__defaults__, tuple(cells.values()))
    memo[plain] = copy  # before its helpers: one of them may call it
    for cell in cells.values():
        if (helper := _helper(cell.cell_contents)) is not None:
            cell.cell_contents = continued(helper, names, memo)
    for name in names_looked_up(code):
        if not name.startswith(_named("")) and (helper := _helper(world.get(name))) is not None:
            world[name] = continued(helper, names, memo)
    copy.__qualname__, copy.__module__, copy.__kwdefaults__ = plain.__qualname__, plain.__module__, plain.__kwdefaults__
    return copy


def _named(item: str) -> str:
    return f"_continued_{item}"


def _helper(item: object) -> FunctionType | None:
    found = getattr(item, "py_func", item)  # of an njit function: its plain source
    return found if isinstance(found, FunctionType) and not (found.__module__ or "").startswith("numpy") else None


def names_looked_up(code: CodeType) -> set[str]:
    """The globals that ``code``, or a function nested in it, may look up."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*(names_looked_up(each) for each in inner))


class _Rewriting(ast.NodeTransformer):
    """The exchange, node by node; remembers which names the copy will look up."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
        free = {name: cell.cell_contents for name, cell in cells.items()}
        self.scope = {**vars(builtins), **function.__globals__, **free}
        self.local = set(function.__code__.co_varnames)
        self.used: set[str] = set()
        self.from_numpy: set[Callable[..., Any]] = set()
        self.constants: dict[str, object] = {}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = self._known(node.func)
        if called in (np.array, np.eye, np.full, np.diag) and self._is_real_matrix(node):
            return ast.copy_location(ast.BinOp(node, ast.Mult(), ast.copy_location(ast.Constant(1 + 0j), node)), node)
        if called is np.dot:
            node.args = [self._complex_constant(argument) for argument in node.args]
        elif called in _ROOM and self._holds_real_numbers(node):
            node.args, node.keywords = [node.args[0], self._call_name("number", node)], []
        elif called in (pow, math.pow, np.power) and len(node.args) == 2:
            return self._power(node.args[0], node.args[1], node)
        elif isinstance(exchange := EXCHANGED.get(called) if _hashable(called) else None, np.ufunc):
            self.from_numpy.add(exchange)
            node.func = ast.copy_location(ast.Name(_named(exchange.__name__), ast.Load()), node)
        elif exchange is not None:
            node.func = self._call_name(exchange.__name__, node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return self._power(node.left, node.right, node)
        if isinstance(node.op, ast.MatMult):
            node.left, node.right = self._complex_constant(node.left), self._complex_constant(node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.op, ast.Pow):
            return self.generic_visit(node)
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        right = ast.copy_location(ast.BinOp(ast.copy_location(read, node), ast.Pow(), node.value), node)
        return ast.copy_location(ast.Assign([node.target], self.visit(right)), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr in _CONJUGATES and isinstance(node.ctx, ast.Load):
            raise not_analytic(self.function, node.lineno, f"{node.attr} is not analytic")
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        return self.generic_visit(node)

    def _power(self, base: ast.expr, exponent: ast.expr, node: ast.expr) -> ast.AST:
        """``base ** exponent``, kept where it is safe as it stands."""
        number = _literal(exponent)
        if number is not None and float(number).is_integer() and abs(number) <= 64:
            whole = ast.copy_location(ast.Constant(int(number)), node)
            return ast.copy_location(ast.Call(self._call_name("whole_power", node), [base, whole], []), node)
        if number is not None or (_literal(base) or 0) > 0:
            return ast.copy_location(ast.BinOp(base, ast.Pow(), exponent), node)
        return ast.copy_location(ast.Call(self._call_name("power", node), [base, exponent], []), node)

    def _call_name(self, item: str, node: ast.AST) -> ast.Name:
        self.used.add(item)
        return ast.copy_location(ast.Name(_named(item), ast.Load()), node)

    def _holds_real_numbers(self, node: ast.Call) -> bool:
        asked = [*node.args[1:], *(k.value for k in node.keywords if k.arg == "dtype")]
        return len(node.args) >= 1 and all(self._known(kind) in (float, np.float64, np.float32) for kind in asked)

    def _is_real_matrix(self, node: ast.Call) -> bool:
        """Written out with a point somewhere, or an eye: a matrix of numbers, not of indices."""
        points = any(isinstance(part, ast.Constant) and isinstance(part.value, float) for part in ast.walk(node))
        return not node.keywords and (points or self._known(node.func) is np.eye)

    def _complex_constant(self, node: ast.expr) -> ast.expr:
        """A real matrix among the globals, at a product with complex numbers: compilers want one dtype."""
        array = self._known(node)
        if not (isinstance(array, np.ndarray) and array.dtype.kind in "iuf"):
            return node
        name = _named("constant_" + ast.unparse(node).replace(".", "_"))
        self.constants[name] = np.ascontiguousarray(array, np.complex128)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def _known(self, node: ast.expr) -> object:
        """What a name, or an attribute of a module or array, stands for; None where only a run can tell."""
        if isinstance(node, ast.Name):
            return None if node.id in self.local else self.scope.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._known(node.value)
            if isinstance(owner, ModuleType) or (isinstance(owner, np.ndarray) and node.attr == "T"):
                return getattr(owner, node.attr, None)
        return None


def _hashable(item: object) -> bool:
    return callable(item) and getattr(type(item), "__hash__", None) is not None


def _literal(node: ast.expr) -> int | float | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    number = node.value if isinstance(node, ast.Constant) else None
    return sign * number if isinstance(number, int | float) else None


def not_analytic(function: FunctionType, line: int, reason: str) -> InputError:
    """The sentence that refuses a function, with its line."""
    import linecache
    from pathlib import Path

    file = function.__code__.co_filename
    code = linecache.getline(file, line).strip()
    return InputError(
        f"{function.__name__} cannot take the complex step: line {line} of {Path(file).name}: "
        f"{code + ': ' if code else ''}{reason}; {REMEDY}."
    )


def _source_of(function: FunctionType) -> ast.FunctionDef:
    """The def (or lambda, as a def) that ``function`` was compiled from."""
    code = function.__code__
    try:
        lines, _ = inspect.findsource(function)
        tree = ast.parse("".join(lines))
        known = _all_code(compile(tree, code.co_filename, "exec", code.co_flags & FUTURE, dont_inherit=True))
    except (OSError, SyntaxError, TypeError, ValueError):
        raise InputError(
            f"{function.__name__} cannot take the complex step: its source is not to be found; "
            f"keep it in a file, or {REMEDY}."
        ) from None
    arguments = list(code.co_varnames[: code.co_argcount])
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.Lambda)
        and getattr(node, "name", "<lambda>") == code.co_name
        and min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) == code.co_firstlineno
        and [a.arg for a in (*node.args.posonlyargs, *node.args.args)] == arguments
    ]
    if code not in known or len(found) != 1:  # files change after they are loaded
        raise InputError(
            f"{function.__name__} cannot take the complex step: its source has changed since it was loaded, or shares "
            f"its line with another; load it again, write it as a def, or {REMEDY}."
        )
    node = found[0]
    return node if isinstance(node, ast.FunctionDef) else _as_def(node)


def _all_code(code: CodeType) -> set[CodeType]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {code}.union(*(_all_code(each) for each in inner))


def _as_def(node: ast.Lambda) -> ast.FunctionDef:
    made = ast.FunctionDef("anonymous", node.args, [ast.copy_location(ast.Return(node.body), node)], [])
    made.type_params = []  # type: ignore[attr-defined]
    return ast.copy_location(made, node)


def _compiled(node: ast.FunctionDef, like: CodeType) -> CodeType:
    """The code of ``node``, nested where the names that ``like`` finds in its closure are free."""
    free = [ast.arg(name) for name in like.co_freevars]
    taken = ast.arguments(posonlyargs=[], args=free, kwonlyargs=[], kw_defaults=[], defaults=[])
    node.args.defaults = [ast.copy_location(ast.Constant(None), node) for _ in node.args.defaults]
    factory = ast.FunctionDef("factory", taken, [node, ast.Return(ast.Name(node.name, ast.Load()))], [])
    factory.type_params = []  # type: ignore[attr-defined]
    module = ast.fix_missing_locations(ast.Module([factory], []))
    whole = compile(module, like.co_filename, "exec", dont_inherit=True)
    outer = next(c for c in whole.co_consts if isinstance(c, CodeType))
    return next(c for c in outer.co_consts if isinstance(c, CodeType) and c.co_name == node.name)
