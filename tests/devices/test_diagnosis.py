"""A function that cannot be compiled: one sentence that names its file, the line to mend, and the reason."""

from __future__ import annotations

import functools
import importlib.util
import linecache
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import gdbench
from gdbench import CompileError, InputError

HELPERS = """
import numpy as np

def unfinished(y):
    z = y + 1
    return np.linalg.foo(z)  # here
"""

MODEL = """
import math
import numpy as np
import spare_parts
from spare_parts import unfinished

class Thing:
    pass

THING = Thing()

def unknown_attribute(x):
    y = np.linalg.foo(x)  # here: module 'numpy.linalg' has no attribute 'foo'
    return y[0]

def unknown_to_numba(x):
    return np.poly1d(x)  # here: poly1d

def import_inside(x):
    import os  # here: import at the top of the file
    return x[0]

def returns_an_array(x):
    return x * 2  # here: it returns an array, not a real number

def returns_a_string(x):
    return "a"  # here: it returns a string, not a real number

def returns_nothing(x):  # here: it returns nothing, not a real number
    if x[0] > 0:
        return
    y = x[0]

def adds_a_string(x):
    y = x[0]
    return y + "a"  # here: Numba has no add(float64, str)

def makes_an_object(x):
    thing = Thing()  # here: 'Thing' is a class, which Numba does not know
    return x[0]

def uses_an_object(x):
    return THING.a * x[0]  # here: 'THING' is of class model.Thing, which Numba does not know

def opens_a_file(x):
    with open("a") as f:  # here: not supported
        return x[0]

def undefined_name(x):
    y = x[0]
    return y + nowhere  # here: name 'nowhere' is not defined

def indexes_by_name(x):
    return x["a"]  # here: Unsupported array index type str

def generates(x):
    yield x[0]  # here: it returns a generator, not a real number

def catches(x):
    try:
        return 1 / x[0]
    except ZeroDivisionError as e:  # here: Numba knows only
        return 0.0

def matches(x):
    match x:
        case [a, b]:  # here: MATCH_SEQUENCE
            return a
    return 0.0

def called_through_a_module(x):
    return spare_parts.unfinished(x)[0]  # here: write `from spare_parts import unfinished`

nameless = lambda x: np.nope(x)  # here: module 'numpy' has no attribute 'nope'
"""


def saved(folder, name, text):
    path = folder / f"{name}.py"
    path.write_text(text.lstrip())
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    saved(folder, "spare_parts", HELPERS)
    yield saved(folder, "model", MODEL)
    del sys.modules["model"], sys.modules["spare_parts"]


def complaint(fun, x0=(1.0, 2.0), **settings):
    with pytest.raises(InputError) as caught:
        gdbench.minimize(fun, x0, **settings)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    assert len(said.split(": ")[-1]) < 150
    assert "function.py" not in said
    assert caught.value.__context__ is None or caught.value.__suppress_context__  # no traceback of Numba's
    return said


def marked(file, near):
    """Number, source and expected reason of the marked line of a function of ``file``."""
    text = Path(file).read_text().splitlines()
    number = next(i for i, line in enumerate(text) if near in line)
    while "# here" not in text[number]:
        number += 1
    source, _, reason = text[number].partition("# here")
    return number + 1, source.strip().rstrip(":"), reason.removeprefix(": ")


NAMES = re.findall(r"^def (\w+)", MODEL, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_the_sentence_names_line_and_reason(model, name):
    line, source, reason = marked(model.__file__, f"def {name}(")
    said = complaint(getattr(model, name))
    assert said.startswith(f"{name} cannot be compiled: line {line} of {model.__file__}: {source}")
    assert reason in said


def test_a_lambda(model):
    line, _, reason = marked(model.__file__, "nameless =")
    said = complaint(model.nameless)
    assert f"line {line} of {model.__file__}: nameless = lambda" in said
    assert reason in said


def test_a_helper_in_another_file_is_named_by_its_own_line(model):
    def user(x):
        y = x * 2
        return helper(y)[0]

    helper = model.unfinished
    path = model.spare_parts.__file__
    line, _, _ = marked(path, "def unfinished")
    assert f"user cannot be compiled: line {line} of {path}: return np.linalg.foo(z)" in complaint(user)


def test_a_function_typed_in_has_no_file_but_a_line():
    typed = {"np": np}
    exec("def typed_in(x):\n    y = x[0]\n    return np.foo(y)\n", typed)
    linecache.checkcache()
    said = complaint(typed["typed_in"])
    assert said == "typed_in cannot be compiled: line 3 of <string>: module 'numpy' has no attribute 'foo'."


def test_a_file_below_the_working_directory_is_named_from_there(model, monkeypatch):
    monkeypatch.chdir(Path(model.__file__).parent)
    assert " of model.py: y = np.linalg.foo(x)" in complaint(model.unknown_attribute)


@pytest.mark.parametrize("given", [math.sin, functools.partial(lambda a, x: a * x[0], 2.0), "bound"])
def test_what_is_no_plain_function(given):
    class Wave:
        def at(self, x):
            return x[0]

    said = complaint(Wave().at if given == "bound" else given)
    assert "is no plain Python function; wrap it" in said


def test_async_and_keyword_only_stop_at_the_door():
    async def later(x):
        return x[0]

    def scaled(x, *, scale=2.0):
        return scale * x[0]

    assert complaint(later) == "later is async; write it as a plain def f(x)."
    assert "scaled has keyword-only arguments (scale)" in complaint(scaled)


def bowl(x):
    return x[0] * x[0] + x[1] * x[1]


def test_a_slope_that_cannot_be_compiled():
    def slope(x):
        return np.foo(x)

    def number(x):
        return 2 * x[0]

    def silent(x, data, out):
        out[0] = x[0]

    assert "slope cannot be compiled: line" in complaint(bowl, gradient=slope)
    assert "return np.foo(x)" in complaint(bowl, gradient=slope)
    assert complaint(bowl, gradient=number).startswith("bowl: its slope has shape () at x0 of 2 variables; let jac(x)")
    assert "silent cannot be compiled: line" in complaint(bowl, gradient=silent)
    assert "it returns nothing" in complaint(bowl, gradient=silent)


def test_reading_past_the_end_stops_at_the_door():
    def fourth(x):
        return x[3]

    def short_slope(x):
        return 2 * x[:1]

    assert complaint(fourth) == "fourth fails at x0 of 2 variables: index 3 is out of bounds for axis 0 with size 2."
    assert complaint(bowl, gradient=short_slope).startswith("bowl: its slope has shape (1,) at x0 of 2 variables")


def test_a_compile_error_is_an_input_error(model):
    with pytest.raises(CompileError):
        gdbench.minimize(model.unknown_attribute, [1.0, 2.0])
