"""A case's key: the same on every machine and for every spelling of the same parameters."""

import hashlib
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbench.errors import InputError
from gdbench.harness.case import Case, plain

scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
values = scalars | st.text(max_size=8) | st.lists(scalars | st.text(max_size=4), max_size=4)
parameters = st.dictionaries(st.text(max_size=6), values, max_size=5)


@given(parameters)
def test_key_survives_json_and_the_order_of_parameters(chosen):
    case = Case("search", chosen)
    reread = Case("search", json.loads(json.dumps(chosen)))
    backwards = Case("search", dict(reversed(list(chosen.items()))))
    assert case.key == reread.key == backwards.key
    assert case == reread
    assert len({case, reread, backwards}) == 1


def test_key_is_sha256_of_canonical_json():
    text = '["search",{"method":"adam","n":2}]'
    assert Case("search", {"n": 2, "method": "adam"}).key == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_any_change_makes_another_key():
    base = {"problem": "sphere", "n": 2, "seed": 0}
    others = [
        base | {"n": 3},
        base | {"seed": 0.0},
        base | {"seed": False},
        base | {"seed": None},
        {"problem": "sphere"},
    ]
    keys = {Case("search", chosen).key for chosen in [base, *others]} | {Case("newton", base).key}
    assert len(keys) == len(others) + 2


def test_numpy_values_are_their_python_twins():
    given_ = {
        "n": np.int64(4),
        "step": np.float64(0.5),
        "sizes": np.array([1, 2]),
        "nest": (np.bool_(True), np.str_("a")),
    }
    case = Case("search", given_)
    assert case == Case("search", {"n": 4, "step": 0.5, "sizes": [1, 2], "nest": [True, "a"]})
    assert {type(value) for value in case.parameters.values()} == {int, float, list}
    assert plain(np.longdouble(0.5), "x") == 0.5
    assert type(plain(np.longdouble([0.5]), "x")[0]) is float
    assert plain(np.array(3), "x") == 3


def test_later_changes_outside_do_not_reach_the_case():
    sizes = [1, 2]
    case = Case("search", {"sizes": sizes})
    sizes.append(3)
    assert case.parameters["sizes"] == [1, 2]


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, [1.0, math.nan], np.array([math.inf]), np.float32("nan")]
)
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(InputError, match=r"^parameter 'step' of search is .* finite numbers\.$"):
        Case("search", {"step": value})


@pytest.mark.parametrize("value", [1j, object(), {"a": 1}, {1}, b"x", [1, {"a": 2}], np.datetime64("2024-01-01")])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(InputError, match=r"^parameter 'step' of search is of type .*\.$"):
        Case("search", {"step": value})


def test_parameters_are_named_by_text():
    with pytest.raises(InputError, match="name it by text"):
        Case("search", {1: 2})


def test_label_says_what_speaks_for_itself_first():
    case = Case(
        "search", {"n": 2, "dtype": "float32", "problem": "sphere", "method": "adam", "gradient": None, "seed": 0}
    )
    assert case.label == "sphere, adam, float32, n=2, seed=0"
    assert Case("search", {}).label == "search"
