"""Loops found in a record: which, and that a folded record gives the value and slope of the same record unfolded."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slope_checks import assert_close, exact

from gdbench.autodiff.adjoint import adjoint
from gdbench.autodiff.derived import Derived
from gdbench.autodiff.elsewhere import Elsewhere, depart
from gdbench.autodiff.folding import Round, Stretch, fold
from gdbench.autodiff.program import Program
from gdbench.autodiff.tracing import record
from gdbench.autodiff.writing import function
from gdbench.problems import PROBLEMS
from gdbench.problems.base import NO_DATA


def regions(value, n):
    return fold(record(value, np.linspace(0.1, 0.9, n), NO_DATA)[0])


def test_a_short_list_is_one_stretch():
    assert regions(lambda x, data: x[0] * x[1] + x[0], 2) == [Stretch(0, 2)]


def test_a_loop_is_its_body_and_its_rounds():
    def chain(x, data):
        total = 0.0
        for i in range(len(x) - 1):
            total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
        return total

    stretch, loop = regions(chain, 50)
    assert isinstance(stretch, Stretch)
    assert (loop.length, loop.count, loop.stop) == (8, 48, 49 * 8)  # the first round begins with the constant 0
    few, many = regions(chain, 50), regions(chain, 500)
    assert len(few) == len(many)  # so that compiling takes no longer


def test_every_row_is_in_one_region():
    problem = PROBLEMS["broyden-tridiagonal"]()
    tape, _ = record(problem.value, problem.x0, problem.data)
    place = 0
    for region in fold(tape):
        assert region.start == place
        place = region.stop
    assert place == len(tape)


def test_nested_loops_fold_into_their_inner_loops():
    def nested(x, data):
        total = 0.0
        for i in range(6):
            for k in range(20):
                total += x[i] * math.sin(x[k])
        return total

    found = regions(nested, 20)
    assert sum(region.length * region.count for region in found if isinstance(region, Round)) > 0.9 * 360


def test_a_guard_that_comes_out_otherwise_is_another_operation():
    def steps(x, data):
        total = 0.0
        for i in range(len(x)):
            total += x[i] if x[i] > 0.5 else x[i] * x[i]
        return total

    tape, _ = record(steps, np.array([0.9] * 10 + [0.1] * 10), NO_DATA)
    rounds = [(region.length, region.count) for region in fold(tape) if isinstance(region, Round)]
    assert [length for length, _ in rounds] == [2, 3]


def both(value, x):
    """Value and slope, folded and unfolded."""
    tape, result = record(value, x, NO_DATA)
    found = []
    for folded in (True, False):
        made = function(
            "gradient", "x, data, out", adjoint(Program(tape, result, folded), x.size), "value", elsewhere=depart
        )
        out = np.full(x.size, np.nan)
        found.append((float(made(x, NO_DATA, out)), out))
    return found, Program(tape, result)


OPERANDS = ("x[i]", "x[i+1]", "x[n-1-i]", "x[0]", "s", "t", "last", "kept[i]", "early[i]", "c", "i", "w")
statement = st.tuples(
    st.sampled_from(("+", "-", "*", "sin", "max")), st.sampled_from(OPERANDS), st.sampled_from(OPERANDS)
)
body = st.lists(st.tuples(st.sampled_from(("s", "t", "w")), statement), min_size=1, max_size=7)


def program(first, second, rounds):
    """A function of loops: carried numbers s and t, what an earlier loop gave, constants and a moving table."""

    def value(x, data):
        n = len(x)
        s, t, last, w = x[1] * 0.5, 0.25, x[n - 1] * x[0], 0.5
        early = [x[i] * 0.5 for i in range(rounds + 1)]
        kept = list(early)
        for statements in (first, second):
            history = []
            for i in range(rounds):
                state = {
                    "x[i]": x[i], "x[i+1]": x[i + 1], "x[n-1-i]": x[n - 1 - i], "x[0]": x[0], "s": s, "t": t,
                    "last": last, "kept[i]": kept[i], "early[i]": early[i], "c": 0.75, "i": 0.1 * i, "w": w,
                }  # fmt: skip
                for target, (op, left, right) in statements:
                    a, b = state[left], state[right]
                    state[target] = {
                        "+": lambda a, b: 0.5 * (a + b),
                        "-": lambda a, b: 0.5 * (a - b),
                        "*": lambda a, b: a * b,
                        "sin": lambda a, b: math.sin(a + b),
                        "max": lambda a, b: max(a, b),
                    }[op](a, b)
                s, t, w = state["s"], state["t"], state["w"]
                history.append(s)
            kept = [*history, s]
        return s + t * 0.5 + w * x[0] + kept[1]

    return value


@settings(max_examples=120, deadline=None)
@given(body, body, st.integers(3, 9))
@example([("s", ("*", "s", "x[i]"))], [("t", ("+", "t", "kept[i]"))], 5)
@example([("s", ("sin", "s", "t")), ("t", ("*", "s", "early[i]"))], [("s", ("-", "kept[i]", "s"))], 4)
def test_folded_and_unfolded_agree(first, second, rounds):
    x = np.linspace(0.3, 1.1, rounds + 2)
    ((folded, slope), (plain, wanted)), _ = both(program(first, second, rounds), x)
    assert folded == plain
    assert_close(slope, wanted, 1e-13)


def test_a_program_of_loops_against_fifty_digits():
    first = [("s", ("*", "s", "x[i]")), ("t", ("+", "t", "s")), ("w", ("-", "w", "t"))]
    second = [("s", ("+", "kept[i]", "s")), ("t", ("*", "x[n-1-i]", "s"))]
    x = np.linspace(0.3, 1.1, 8)
    value = program(first, second, 6)
    ((_, slope), _), made = both(value, x)
    assert made.loops
    assert_close(slope, exact(lambda point: value(point, None), x), 1e-14)


@pytest.mark.parametrize("name", ["broyden-tridiagonal", "bard", "trid", "variably-dimensioned", "dixon-price"])
def test_problems_folded_and_unfolded(name):
    problem = PROBLEMS[name]()
    ((folded, slope), (plain, wanted)), made = both(problem.value, problem.x0 + 0.01)
    assert made.loops
    assert folded == plain
    assert_close(slope, wanted)


@pytest.mark.parametrize("share", [0.6, 1.0, 1.3])
def test_a_list_too_long_to_compile_is_interpreted_alike(share, monkeypatch):
    def value(x, data):
        total = 0.0
        for i in range(7):
            total += math.sin(x[i % 3] * (i * i % 5 + 1)) * (x[(i * i) % 3] if x[(i * 2) % 3] > 0.2 else 1.0 / x[0])
            total = max(total, -x[1]) + math.hypot(x[0], x[2]) ** 1.5
        return total + abs(x[2])

    x, found, wanted = np.array([0.3, 0.7, -0.4]), np.empty(3), np.empty(3)
    written = Derived(value, x, NO_DATA)
    plain = Elsewhere(value)(x * share, NO_DATA, wanted)
    monkeypatch.setattr("gdbench.autodiff.derived.WRITTEN", 3)
    assert written.path == "interpreted"
    assert Elsewhere(value)(x * share, NO_DATA, found) == plain
    assert_close(found, wanted)
