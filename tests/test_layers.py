"""Imports run downward only, only devices compile, and importing the package stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gdbench

PACKAGE = Path(gdbench.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
TYPES = {"gdbench.problems.base"}  # Array, Data, Problem: what every room speaks of

#: What a room must not import (whole rooms or single modules), and what of it is allowed all the same.
FORBIDDEN = {
    "problems": ({"gradients", "methods", "devices", "harness", "experiments", "report"}, set()),
    "gradients": ({"problems", "methods", "devices", "harness", "experiments", "report"}, TYPES),
    "autodiff": ({"gradients", "methods", "devices", "harness", "experiments", "report"}, set()),
    "methods": ({"problems", "gradients", "devices", "harness", "experiments", "report"}, TYPES),
    "devices": ({"harness", "experiments", "report", "minimize", "training", "arguments"}, set()),
    "training": ({"harness", "experiments", "report", "minimize"}, set()),
    "harness": ({"experiments", "report"}, set()),
    "experiments": (set(), set()),
    "comparing": ({"gradients", "methods", "devices", "experiments", "report"}, set()),
    "report": ({"devices", "experiments", "minimize"}, set()),
    "data": ({"gradients", "methods", "devices", "harness", "experiments", "report"}, set()),
}
BELOW = {"errors", "counts", "status", "registry", "philox", "number", "result"}
HEAVY = ("numba", "pandas", "scipy", "matplotlib", "typer", "rich", "pooch", "requests", "psutil")


def room_of(file):
    """The first folder below the package; the file's own name for one beside the rooms."""
    first = file.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def dotted(file):
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name):
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports(file):
    """Every (line, dotted module) that a file imports, inside functions too."""
    package = dotted(file) if file.name == "__init__.py" else dotted(file).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield node.lineno, whole if base.startswith("gdbench") and is_module(whole) else base


def told(file, line, module):
    return f"{file.relative_to(PACKAGE.parent)}:{line} imports {module}"


def test_imports_run_downward():
    upward = []
    for file in FILES:
        rooms, allowed = FORBIDDEN.get(room_of(file), (set(), set()))
        if room_of(file) in BELOW:
            rooms, allowed = set(FORBIDDEN), TYPES
        for line, module in imports(file):
            parts = module.split(".")
            if parts[0] == "gdbench" and len(parts) > 1 and parts[1] in rooms and module not in allowed:
                upward.append(told(file, line, module))
    assert upward == []


def test_every_room_has_its_rule():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms - set(FORBIDDEN) <= {"commands", "integrations"}  # the outermost, where everything may meet


def test_only_devices_compile():
    compiling = []
    for file in FILES:
        for line, module in imports(file):
            root = module.split(".")[0]
            cuda = module.startswith("numba.cuda") or root in ("cuda", "cupy")
            in_devices = room_of(file) == "devices"
            in_cuda = in_devices and "cuda" in file.relative_to(PACKAGE).parts
            asks = file.relative_to(PACKAGE) == Path("harness/environment.py")
            if (root in ("numba", "llvmlite") and not in_devices and not asks) or (cuda and not in_cuda):
                compiling.append(told(file, line, module))
    assert compiling == []


def test_the_guards_see_what_they_guard(tmp_path):
    text = "import numba\ndef f():\n    from gdbench import devices\n    from gdbench.report import tables\n"
    (tmp_path / "gdbench").mkdir()
    file = tmp_path / "gdbench" / "probe.py"
    file.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "PACKAGE", tmp_path / "gdbench")
        patch.setitem(globals(), "is_module", lambda name: name in ("gdbench.devices", "gdbench.report.tables"))
        assert list(imports(file)) == [(1, "numba"), (3, "gdbench.devices"), (4, "gdbench.report.tables")]


@pytest.mark.parametrize("file", FILES, ids=dotted)
def test_a_file_opens_with_a_docstring_and_stays_short(file):
    text = file.read_text()
    assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert text.count("\n") < 300, "300 lines or more: look for the seam"


def test_importing_the_package_is_light():
    code = f"import sys, gdbench; print(*sorted({HEAVY!r} & {{name.split('.')[0] for name in sys.modules}}))"
    code = code.replace(repr(HEAVY), "set(" + repr(HEAVY) + ")")
    child = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.split() == []
