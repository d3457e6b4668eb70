"""Shelves: what stands in a folder is found; strangers' packages add to it, or are named and passed over."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

import gdbench
from gdbench import cli, registry
from gdbench.commands import problems as commands
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
    return registry.Shelf(
        "problem", PROBLEMS.package, PROBLEMS._pick, PROBLEMS._name_of, PROBLEMS.group, PROBLEMS.remedy
    )


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


def leaves():
    raise SystemExit(3)


def test_a_plugin_that_leaves_or_is_no_family_is_named_too(monkeypatch):
    problem = plugin()
    found = shelf(
        monkeypatch, entry("leaves", leaves), entry("made", lambda: problem), entry("a-plugin", lambda: plugin)
    )
    with pytest.warns(registry.Skipped) as told:
        assert "a-plugin" in found
    assert [str(warning.message) for warning in told] == [
        "problem 'leaves' of elsewhere:leaves skipped: 3",
        "problem 'made' of elsewhere:made skipped: it is of class Problem, which is no problem family; "
        "give a function that makes the problem, decorated with gdbench.family",
    ]


def test_what_many_lines_say_is_told_in_one():
    assert registry.one_line(ValueError("one\n  two")) == "one two"
    assert registry.one_line(SystemExit()) == "SystemExit"


def test_a_family_that_raises_leaves_the_list_of_the_others(monkeypatch, capsys):
    @gdbench.family("breaks")
    def breaks():
        """It raises."""
        raise RuntimeError("no\nluck")

    found = shelf(monkeypatch, entry("breaks", lambda: breaks), entry("a-plugin", lambda: plugin))
    monkeypatch.setattr(commands, "PROBLEMS", {name: found[name] for name in ("breaks", "a-plugin", "quartic")})
    commands.list_problems(Console(width=100))
    shown = capsys.readouterr()
    assert shown.err == "gdbench: problem 'breaks' skipped: no luck\n"
    assert "a-plugin" in shown.out
    assert "flat: the smallest is 0" in shown.out


def test_the_command_line_says_it_in_one_clean_line(monkeypatch, capsys):
    def app():
        print(warnings.formatwarning("problem 'bad' skipped: why", registry.Skipped, "file.py", 3), end="")
        print(warnings.formatwarning("else", UserWarning, "file.py", 3, ""), end="")

    monkeypatch.setattr(cli, "app", app)
    before = warnings.formatwarning
    cli.main()
    assert capsys.readouterr().out == "gdbench: problem 'bad' skipped: why\nfile.py:3: UserWarning: else\n"
    assert warnings.formatwarning is before


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
