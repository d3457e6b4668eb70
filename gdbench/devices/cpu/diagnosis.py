"""What a compiler says of a user's function, in one sentence: which line cannot be compiled, and why.

A user's function reaches Numba inside wrappers (``problems/function.py``, the leaf templates), along with
its helpers. Numba's report speaks of all of them, from the inside out; the line to mend is the first
that lies in one of the user's own functions. Where the report names none, the places that Numba was
looking at, kept in the traceback, are searched the same way. Serves ``cuda`` as well.
"""

from __future__ import annotations

import dis
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, TracebackType
from typing import Any

from gdbench.devices.source import helpers_of
from gdbench.problems import function as wrappers

#: What a compiled function must not return, as Numba's types begin, in words.
_RETURNED = {
    "array": "an array",
    "none": "nothing",
    "Literal[str]": "a string",
    "unicode": "a string",
    "complex": "a complex number",
    "list": "a list",
    "reflected list": "a list",
    "set": "a set",
    "Dict": "a dictionary",
    "UniTuple": "a tuple",
    "Tuple": "a tuple",
}
#: What a caller's function must return an array of, by what the wrapper is called.
_SHAPES = {"gradient": "(n,)", "hessian": "(n, n)"}
#: Lines of Numba's report that say where it was, not what was wrong.
_SCENERY = re.compile(r'(Failed in|During:|File "|<source|\^|>>>|There (is|are) \d+|Overload|- Of which|Rejected)')
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def sentence(plain: Callable[..., Any], error: Exception) -> str:
    """One sentence: the user's function behind ``plain``, file, line and source of what failed, and the reason.

    ``f cannot be compiled: line 12 of model.py: y = np.linalg.foo(x): module 'numpy.linalg' has no attribute 'foo'.``
    """
    if (value := getattr(plain, "made_from", None)) is not None:  # a slope by the complex step
        refused = sentence(value, error).replace("be compiled", "be compiled for complex numbers", 1)
        return refused[:-1] + "; use 'reverse-ad' or '3-point' instead of 'cs'."
    fun = _given(plain)
    name = getattr(fun, "__name__", repr(fun))
    if not isinstance(fun, FunctionType):
        return f"{name} cannot be compiled: it is no plain Python function; wrap it in a def f(x)."
    report = _COLOURS.sub("", str(error))
    mine = [fun, *helpers_of(fun)]
    returned = re.search(r"No conversion from (.+) to \w+ for '\$\w+return_value", report)
    told = next(_places_told(report), None)
    if returned:
        place, reason = _place_of_return(fun), f"it returns {_in_words(returned[1])}, not a real number"
    elif plain.__name__ in _SHAPES and told and _same(told[0], wrappers.__file__):  # where what it returns is read
        place, reason = _place_of_return(fun), f"it does not return an array {_SHAPES[plain.__name__]} of numbers"
    else:
        place, reason = _place(mine, report, error), _reason(report)
    file, line = place
    code = linecache.getline(file, line).strip()
    if code.startswith("except"):
        reason = "Numba knows only `except:` and `except Exception:`"
    source = f": {code.rstrip(':')}" if code else ""
    return f"{name} cannot be compiled: line {line} of {_short(file)}{source}: {reason}."


def _given(plain: Callable[..., Any]) -> Any:
    """What the user gave: ``plain`` itself, or what ``problems/function.py`` wrapped."""
    code = getattr(plain, "__code__", None)
    if code is None or code.co_filename != wrappers.__file__:
        return plain
    wrapped = {name: cell.cell_contents for name, cell in zip(code.co_freevars, plain.__closure__ or ())}
    return next((wrapped[name] for name in ("slope", "curved", "plain") if name in wrapped), plain)


def _place(mine: list[FunctionType], report: str, error: Exception) -> tuple[str, int]:
    """File and line to mend: the innermost that lies in one of the user's functions."""
    files = {f.__code__.co_filename for f in mine}
    for spoken, line in _places_told(report):
        for file in files:
            if _same(spoken, file):
                return file, line
    looked_at = [(file, line) for file, line in _places_looked_at(error.__traceback__) if file in files]
    starts = {(f.__code__.co_filename, f.__code__.co_firstlineno) for f in mine}
    for place in looked_at:
        if place not in starts:  # the place of a whole function is its def line: a line inside it says more
            return place
    for function in mine:
        if named := _line_naming(function.__code__, report):
            return function.__code__.co_filename, named
    return looked_at[0] if looked_at else (mine[0].__code__.co_filename, mine[0].__code__.co_firstlineno)


def _places_told(report: str) -> Iterator[tuple[str, int]]:
    """Every (file, line) of a report, in its order."""
    for told in re.finditer(r'File "([^"]+)", line (\d+)|\b(?:at|[Rr]aised from) (.+?) \((\d+)\)', report):
        yield told[1] or told[3], int(told[2] or told[4])


def _same(spoken: str, file: str) -> bool:
    """Whether a report means ``file``: it may write it relative to the working directory, or cut its front."""
    return spoken == file or (file[:1] != "<" and Path(spoken).resolve() == Path(file).resolve())


def _places_looked_at(traceback: TracebackType | None) -> list[tuple[str, int]]:
    """Every (file, line) that Numba's own frames hold in their variables, innermost frame first."""
    places = []
    while traceback is not None:
        for held in traceback.tb_frame.f_locals.values():
            place: Any = getattr(held, "loc", None)
            if isinstance(getattr(place, "line", None), int):
                places.append((str(place.filename), int(place.line)))
        traceback = traceback.tb_next
    return places[::-1]


def _line_naming(code: CodeType, report: str) -> int | None:
    """The first line that loads a name the report says is missing, or opens a ``with`` it cannot compile."""
    missing = re.search(r"(?:name|attribute) '(\w+)'", report)
    for instruction in dis.get_instructions(code):
        by_name = missing and instruction.argval == missing[1]
        by_kind = "'with " in report and instruction.opname == "BEFORE_WITH"
        if (by_name or by_kind) and instruction.positions and instruction.positions.lineno:
            return instruction.positions.lineno
    return None


def _place_of_return(fun: FunctionType) -> tuple[str, int]:
    """The line of the only return; the def line where there are several."""
    code = fun.__code__
    lines = {
        i.positions.lineno
        for i in dis.get_instructions(code)
        if i.opname.startswith("RETURN_") and i.opname != "RETURN_GENERATOR" and i.positions
    }
    line = lines.pop() if len(lines) == 1 else None
    return code.co_filename, line or code.co_firstlineno


def _in_words(kind: str) -> str:
    if "generator" in kind:
        return "a generator"
    return next((words for begins, words in _RETURNED.items() if kind.startswith(begins)), kind)


def _short(file: str) -> str:
    """The path, relative to the working directory where it lies below it."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def _reason(report: str) -> str:
    """What is wrong, out of Numba's report."""
    if found := re.search(r"Untyped global name '([^']+)'.*?<class '(?:__main__\.)?([^']+)'>", report):
        kind = "a class" if found[2] == "type" else f"of class {found[2]}"
        return f"{found[1]!r} is {kind}, which Numba does not know"
    if found := re.search(r"Unknown attribute '(\w+)' of type Module\(<module '([\w.]+)'", report):
        if isinstance(getattr(sys.modules.get(found[2]), found[1], None), FunctionType) and found[2][:5] != "numpy":
            return f"a helper is found by its own name only; write `from {found[2]} import {found[1]}`"
        return f"Numba has no {found[2]}.{found[1]}"
    if found := re.search(r"Cannot bind 'args=.*' to signature '(\(.*\))' due to \"TypeError: (.*)\"", report):
        called = re.search(r"resolving callee type: type\(CPUDispatcher\(<function ([\w.<>]+)", report)
        name = called[1].rpartition(".")[2] if called else "a function"
        return f"{name}{found[1]} is called with other arguments ({found[2]})"
    if "(IMPORT_NAME)" in report:
        return "Numba compiles no import inside a function; import at the top of the file"
    if found := re.search(r"unsupported opcode \((\w+)\)", report):
        return f"Numba does not know this construct ({found[1]})"
    if found := re.search(r"raised a specific error:\s*\w*(?:Error|Exception): (.+)", report):
        return _plainly(found[1])
    if found := re.search(r"No implementation of function Function\(.*\) found for signature:\s+>>> (.+)", report):
        return f"Numba has no {_plainly(found[1])}"
    for line in (line.strip() for line in report.splitlines()):
        if line and not _SCENERY.match(line):
            return _plainly(line)
    return "Numba gives no reason"


def _plainly(text: str) -> str:
    """Without Numba's trailing places, and with its types in fewer words."""
    text = re.sub(r"^NameError: |\.* Raised from .*|, defined at .*", "", text)
    text = re.sub(r"Literal\[(\w+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(?:readonly )?array\((?:readonly )?(\w+), (\d)d, \w\)", r"\2-d array of \1", text)
    return text.replace("unicode_type", "str").rstrip(". :")
