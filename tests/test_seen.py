"""A function met before is not read again, and one that has changed in the meantime is another function."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
import gdbench.seen
from gdbench import InputError

CENTER = 1.0
TABLE = np.array([1.0, 2.0])


def shift(y):
    return y - CENTER


def by_global(x):
    return (x[0] - CENTER) ** 2


def by_helper(x):
    return shift(x[0]) ** 2


def by_table(x):
    return (x[0] - TABLE[0]) ** 2


def end(function, x0=(0.0,), **more):
    return gdbench.minimize(function, x0, method="bfgs", **more).x


@pytest.mark.parametrize("function", [by_global, by_helper])
def test_a_global_that_changes_changes_the_answer(function, monkeypatch):
    assert end(function) == pytest.approx([1.0], abs=1e-5)
    monkeypatch.setattr(f"{__name__}.CENTER", 3.0)
    assert end(function) == pytest.approx([3.0], abs=1e-5)
    monkeypatch.undo()
    assert end(function) == pytest.approx([1.0], abs=1e-5)


def test_a_helper_that_is_replaced_changes_the_answer(monkeypatch):
    assert end(by_helper) == pytest.approx([1.0], abs=1e-5)
    monkeypatch.setattr(f"{__name__}.shift", lambda y: y - 5.0)
    assert end(by_helper) == pytest.approx([5.0], abs=1e-5)


def test_an_array_that_is_written_to_changes_the_answer(monkeypatch):
    monkeypatch.setattr(f"{__name__}.TABLE", TABLE.copy())
    assert end(by_table) == pytest.approx([1.0], abs=1e-5)
    TABLE[0] = 4.0
    assert end(by_table) == pytest.approx([4.0], abs=1e-5)


def test_a_closure_and_new_code_change_the_answer():
    center = 2.0

    def near(x):
        return (x[0] - center) ** 2

    assert end(near) == pytest.approx([2.0], abs=1e-5)
    center = 6.0
    assert end(near) == pytest.approx([6.0], abs=1e-5)
    near.__code__ = (lambda x: (x[0] - center - 1) ** 2).__code__.replace(co_freevars=("center",))
    assert end(near) == pytest.approx([7.0], abs=1e-5)


def test_a_start_and_data_that_change_change_the_answer():
    problem = gdbench.PROBLEMS["rosenbrock"]()
    first = gdbench.minimize(problem, maxiter=0)
    problem.x0[:] = [0.5, 0.5]
    assert gdbench.minimize(problem, maxiter=0).fun != first.fun
    assert gdbench.minimize("rosenbrock", maxiter=0).fun == first.fun
    rows = gdbench.PROBLEMS["least-squares"](rows=8, columns=2)
    before = gdbench.minimize(rows, maxiter=0).fun
    rows.data[1][:] += 1.0
    assert gdbench.minimize(rows, maxiter=0).fun != before
    rows.data[1][0] = np.nan
    with pytest.raises(InputError, match="targets must be finite"):
        gdbench.minimize(rows, maxiter=0)


def test_a_function_is_recorded_once_for_a_number_of_variables():
    def bowl(x):
        total = 0.0
        for i in range(len(x)):
            total += (x[i] - 1.0) ** 2
        return total

    def branch(x):
        return x[0] ** 2 if x[0] > 0 else 3.0 * x[0] ** 2

    def kept():
        return len(gdbench.seen._slopes)

    gdbench.seen._slopes.clear()
    for x0, count in ([0.0, 0.0], 1), ([5.0, 5.0], 1), ([0.0] * 3, 2):
        assert end(bowl, x0) == pytest.approx(np.ones(len(x0)), abs=1e-5)
        assert kept() == count
    end(branch)  # which another start may take the other way
    end(bowl, gradient="3-point")
    assert kept() == 2
    assert end(bowl, [0.0, 0.0], dtype="float32").dtype == np.float32
    assert kept() == 3


def test_an_index_out_of_range_is_refused_however_often_it_is_tried():
    def third(x):
        return x[0] ** 2 + x[2] ** 2

    for _ in range(2):
        end(third, [1.0, 1.0, 1.0])
        with pytest.raises(InputError, match="fails at x0 of 2 variables"):
            end(third, [1.0, 1.0])


def test_no_more_than_so_many_are_kept(monkeypatch):
    monkeypatch.setattr(gdbench.seen, "KEPT", 3)
    monkeypatch.setattr(gdbench.seen, "_problems", {})
    for center in range(5):
        gdbench.minimize(lambda x, center=float(center): (x[0] - center) ** 2, [0.0], maxiter=1)
    assert len(gdbench.seen._problems) == 3


def test_a_check_that_a_function_passed_is_not_made_again(monkeypatch):
    asked = []

    def check(function, x, about):
        asked.append((x.size, str(x.dtype)))
        if about == "wrong":
            raise InputError("no.")

    def ask(n, dtype="f8", about=""):
        gdbench.seen.checked_once(check, by_global, np.ones(n, dtype), about)

    for _ in range(2):
        with pytest.raises(InputError):
            ask(2, about="wrong")
    for n in (2, 2, 3):
        ask(n)
    ask(2, "f4")
    assert asked[2:] == [(2, "float64"), (3, "float64"), (2, "float32")]
    monkeypatch.setattr(f"{__name__}.CENTER", 3.0)
    ask(2)
    assert len(asked) == 6
