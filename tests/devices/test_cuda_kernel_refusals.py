"""What CUDA's updates, searches and Newton refuse, before they compile or send anything: one sentence each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from gdbench.arguments import checked_plan
from gdbench.devices.cuda.chains import Chains
from gdbench.devices.cuda.newton import ManyNewton
from gdbench.devices.cuda.search import SearchRun
from gdbench.devices.cuda.updates import Updates, one_entry_at_a_time
from gdbench.errors import InputError
from gdbench.methods import DIRECTIONS, STEPS
from gdbench.methods.base import Direction
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem

FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")


def refused(make, *arguments):
    with pytest.raises(InputError) as raised:
        make(*arguments)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def unit_rule(x, g, H, state, hyper, k, out):
    total = 0.0
    for i in range(x.size):
        total += g[i] * g[i]
    for i in range(x.size):
        out[i] = -g[i] / total**0.5


@dataclass(frozen=True)
class Unit(Direction):
    """A stranger's direction: the slope at length 1, which every entry decides."""

    name = "unit"
    rule = staticmethod(unit_rule)


def whole_rule(x, g, H, state, hyper, k, out):
    out[:] = -np.dot(g, g) * g


@dataclass(frozen=True)
class Whole(Unit):
    name = "whole"
    rule = staticmethod(whole_rule)


@pytest.mark.parametrize("name", list(DIRECTIONS))
def test_a_rule_of_single_entries_is_told_from_one_of_the_whole_vector(name):
    assert one_entry_at_a_time(DIRECTIONS[name]()) is DIRECTIONS[name].on_batches


def test_updates_take_what_looks_at_one_entry_at_a_time():
    fixed, adam = STEPS["fixed"](0.1), DIRECTIONS["adam"]()
    assert "unit looks at all entries at once" in refused(Updates, Unit(), fixed, 10, FLOAT32)
    assert "cg-pr looks at all entries at once" in refused(Updates, DIRECTIONS["cg-pr"](), fixed, 10, FLOAT32)
    assert "whole asks for np.dot" in refused(Updates, Whole(), fixed, 10, FLOAT32)
    assert "not in float16" in refused(Updates, adam, fixed, 10, np.dtype("float16"))
    assert "at least 1 entry, not 0" in refused(Updates, adam, fixed, 0, FLOAT32)
    assert "the count of steps alone" in refused(Updates, adam, STEPS["armijo"](), 10, FLOAT32)


def searching(method, x0, problem="rosenbrock", **asked):
    return checked_plan(problem, x0, method=method, **asked)


def test_a_search_that_goes_on_from_its_best_wants_many_starts():
    says = refused(SearchRun, searching("random-local-search", np.zeros(2)))
    assert "give device='cuda' x0 of shape (S, n)" in says
    assert "shape (S, n), not (2,)" in refused(Chains, searching("random-search", np.zeros(2)))
    assert "use history=True" in refused(SearchRun, searching("random-search", np.zeros(2), history="x"))


@pytest.mark.parametrize("make", [SearchRun, Chains])
def test_a_search_refuses_what_no_thread_can_do(make):
    shape = (1, 17) if make is Chains else 17
    long = PROBLEMS["rosenbrock"](n=17)
    assert "at most 16 a thread" in refused(make, searching("random-search", np.zeros(shape), long))
    rows = PROBLEMS["softmax"](columns=2, classes=2)
    shape = (1, 6) if make is Chains else 6
    assert "np.dot" in refused(make, searching("random-search", np.zeros(shape), rows))


def matrix_hessian(x, data, out):
    out[:] = np.dot(out, out)


def test_newton_holds_small_hessians_in_float64():
    def plan(n, dtype="float64", **asked):
        return checked_plan(PROBLEMS["rosenbrock"](n=n), np.zeros((3, n)), dtype=dtype, **asked)

    assert "9 variables, and a thread holds Hessians of at most 8" in refused(ManyNewton, plan(9))
    assert "computes in float64, not in float32" in refused(ManyNewton, plan(2, "float32"))
    assert "not from 'noise-aware'" in refused(ManyNewton, plan(2, gradient="noise-aware"))
    assert "give x0 of shape (S, n)" in refused(ManyNewton, checked_plan("rosenbrock", np.zeros(2)))
    rosenbrock = PROBLEMS["rosenbrock"]()
    odd = Problem(
        name="odd", value=rosenbrock.value, gradient=rosenbrock.gradient, hessian=matrix_hessian, x0=np.zeros(2)
    )
    assert "odd asks for np.dot" in refused(ManyNewton, checked_plan(odd, np.zeros((1, 2))))
