"""What Numba says, in one sentence: which line could not be compiled, and why."""

from __future__ import annotations

import linecache
import re
from types import FunctionType

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def sentence(plain: FunctionType, error: Exception) -> str:
    """The line and the reason out of Numba's report.

    Numba reports from the outside in, so the innermost location that lies in the user's own file is the
    line to mend; the reason is the first line that says what is wrong.
    """
    text = _COLOURS.sub("", str(error))
    file, name = plain.__code__.co_filename, plain.__name__
    lines = [int(n) for n in re.findall(re.escape(f'File "{_short(file, text)}", line ') + r"(\d+)", text)]
    line = lines[-1] if lines else _line_of(error, plain)
    code = linecache.getline(file, line).strip()
    where = f"line {line} of {file}" + (f" ({code})" if code else "")
    return f"{name} cannot be compiled: {where}: {_reason(text)}"


def _short(file: str, text: str) -> str:
    """The name under which Numba's report speaks of ``file`` (it may shorten it)."""
    for spoken in re.findall(r'File "([^"]+)", line', text):
        if file.endswith(spoken.removeprefix("..").lstrip("/")):
            return str(spoken)
    return file


def _line_of(error: Exception, plain: FunctionType) -> int:
    return int(getattr(getattr(error, "loc", None), "line", 0) or plain.__code__.co_firstlineno)


def _reason(text: str) -> str:
    for pattern in (
        r"Untyped global name '([^']+)'[^\n]*\n?([^\n]*)",
        r"NameError: name '([^']+)' is not defined",
    ):
        if found := re.search(pattern, text):
            return f"{found[1]!r} is unknown to Numba ({(found[0].splitlines()[-1]).strip()})."
    candidates = [
        part.strip()
        for part in text.splitlines()
        if part.strip()
        and not re.match(r"(Failed in|During:|File \"|<source|\^|-+$|There are \d+|Overload|- Of which|Rejected)", part.strip())
    ]
    for part in candidates:
        if re.search(r"(Unknown attribute|No implementation|Cannot|cannot|not supported|[Uu]nsupported|Undefined|[Ii]nvalid|No conversion|undefined)", part):
            return part.rstrip(".:") + "."
    return (candidates[0] if candidates else "Numba gives no reason").rstrip(".:") + "."
