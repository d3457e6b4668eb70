"""What cannot be recorded is refused in one sentence, which names the function and its line and says what to do."""

import math
import random

import numpy as np
import pytest
from scipy.optimize import rosen

from gdbench.autodiff.tape import TraceError
from gdbench.autodiff.tracing import record
from gdbench.errors import InputError
from gdbench.problems.base import NO_DATA
from gdbench.problems.function import from_function


class Model:
    rate = 0.3

    def decay(self, a):
        return math.exp(-self.rate * a)


MODEL = Model()
BUFFER = np.zeros(2)


def fourier(x):
    return abs(np.fft.fft(x)[0])


def changed(x):
    x[0] = 1.0
    return x[0]


def changed_whole(x):
    x += 1.0
    return x[0]


def vector(x):
    return 2.0 * x


def text(x):
    return float(str(x[0]))


def formatted(x):
    return float(f"{x[0]:.3f}")


def listed(x):
    return sum(x.tolist())


def unknown(x):
    return math.lgamma(x[0])


def hidden(x):
    return MODEL.decay(x[0])


def buffered(x):
    BUFFER[0] = x[0]
    return BUFFER[0]


def with_out(x):
    y = np.zeros(2)
    np.multiply(x, x, out=y)
    return y[0]


def masked(x):
    return np.sum(x[x > 0.0])


def truth(x):
    return x[0] if x > 0.0 else x[1]


def noisy(x):
    return x[0] ** 2 + random.gauss(0.0, 1.0)


def noisy_too(x):
    return x[0] ** 2 + np.random.default_rng(0).normal()


def modulo(x):
    return x[0] % 0.5


def by_a_library(x):
    return rosen(x) + 1.0


def nothing(x):
    x[0] + 1.0


def failing(x):
    return x[0] + [1.0][3]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (fourier, "fft cannot be recorded; write it with"),
        (changed, r"must not be changed in place; copy them first, say y = x.copy\(\)"),
        (changed_whole, "must not be changed in place"),
        (text, "a recorded number has no text"),
        (formatted, "a recorded number has no text"),
        (listed, r"\.tolist of an array cannot be recorded; write it with operators"),
        (unknown, "lgamma cannot be recorded"),
        (hidden, "takes plain numbers only"),
        (buffered, "takes plain numbers only"),
        (with_out, r"multiply with options .* write y = multiply\(x\)"),
        (masked, r"for a mask, write np.where\(mask, a, 0.0\)"),
        (truth, "the truth of a whole array decides a branch; compare single entries"),
        (noisy, "draws random numbers"),
        (noisy_too, "draws random numbers"),
        (by_a_library, "use '3-point'"),
        (modulo, r"TypeError: unsupported operand type\(s\) for %"),
        (failing, "IndexError: list index out of range; gradient='3-point' needs no record"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_one_sentence_with_the_line_and_a_remedy(function, words):
    x = np.array([0.5, 2.0])
    problem = from_function(function, x)
    line = function.__code__.co_firstlineno
    with pytest.raises(
        TraceError, match=rf"^{function.__name__} cannot be recorded \(line \d+: .*\): .*{words}"
    ) as caught:
        record(problem.value, x, NO_DATA)
    told = str(caught.value)
    assert "\n" not in told
    if function is not hidden:
        assert line < int(told.partition("(line ")[2].partition(":")[0]) < line + 5
    assert x.tolist() == [0.5, 2.0]


@pytest.mark.parametrize(("function", "words"), [(vector, r"not an array of shape \(2,\)"), (nothing, "not None")])
def test_what_is_returned_is_one_number(function, words):
    problem = from_function(function, np.array([0.5, 2.0]))
    with pytest.raises(InputError, match=rf"^{function.__name__} must return one number, {words}; jacobian"):
        record(problem.value, problem.x0, NO_DATA)


def test_something_written_in_c_is_refused_at_once():
    with pytest.raises(InputError, match="is no plain Python function"):
        record(math.sin, np.ones(1), NO_DATA)
