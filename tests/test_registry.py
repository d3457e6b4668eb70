"""Shelves: what stands in a folder is found; strangers' packages add to it, or are named and passed over."""

from types import SimpleNamespace

import numpy as np
import pytest

import gdbench
from gdbench import registry
from gdbench.problems import PROBLEMS


def value(x, data):
    return x[0] * x[0]


@gdbench.family("a-plugin")
def plugin():
    """A parabola from elsewhere."""
    return gdbench.Problem(name="a-plugin", value=value, x0=np.array([3.0]))


@gdbench.family("rosenbrock")
def impostor():
    """A second Rosenbrock."""
    return plugin()


def shelf(monkeypatch, *entries):
    """The problems' shelf as it would be with these entry points installed."""
    monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == "gdbench.problems" else ())
    return registry.Shelf("problem", PROBLEMS.package, PROBLEMS._pick, PROBLEMS._name_of, group="gdbench.problems")


def entry(name, load):
    return SimpleNamespace(name=name, value=f"elsewhere:{name}", load=load)


def broken():
    raise ImportError("no module named 'missing'")


def test_an_installed_package_adds_a_problem(monkeypatch):
    found = shelf(monkeypatch, entry("a-plugin", lambda: plugin))
    assert gdbench.minimize(found["a-plugin"](), step=0.25).success
    assert "rosenbrock" in found


def test_a_plugin_that_fails_is_named_and_the_rest_goes_on(monkeypatch):
    found = shelf(monkeypatch, entry("bad", broken), entry("a-plugin", lambda: plugin))
    with pytest.warns(UserWarning, match="problem 'bad' of elsewhere:bad skipped: no module named 'missing'"):
        assert "a-plugin" in found


def test_a_name_stands_once(monkeypatch):
    found = shelf(monkeypatch, entry("rosenbrock", lambda: impostor))
    with pytest.warns(UserWarning, match="two problems are called 'rosenbrock'"):
        assert found["rosenbrock"] is PROBLEMS["rosenbrock"]


def test_an_unknown_name_says_what_is_near():
    with pytest.raises(gdbench.InputError, match="did you mean 'rosenbrock'"):
        PROBLEMS["rosenbrok"]


def test_an_unknown_parameter_says_which_there_are():
    with pytest.raises(gdbench.InputError, match="its parameters are n"):
        PROBLEMS["rosenbrock"](m=3)
