"""What the CUDA device refuses, before it compiles or sends anything: one sentence each, on any machine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdbench
from gdbench import BestOf
from gdbench.arguments import checked_plan
from gdbench.devices.cuda import door, scalars, surface
from gdbench.devices.cuda import matmul as matmul_module
from gdbench.devices.cuda.compile import MOST_VARIABLES, check
from gdbench.devices.cuda.landscape import grid
from gdbench.devices.cuda.matmul import matmul
from gdbench.devices.cuda.minibatch import Training
from gdbench.devices.cuda.multistart import MOST_IN_COLUMNS, Multistart
from gdbench.devices.cuda.tile import Tile
from gdbench.devices.cuda.trainable import elementwise
from gdbench.devices.plan import Plan
from gdbench.errors import CompileError, InputError
from gdbench.gradients import GRADIENTS
from gdbench.methods import DIRECTIONS, SEARCHES, STEPS, Method
from gdbench.methods.base import Direction
from gdbench.methods.second_order.newton import Newton
from gdbench.problems import PROBLEMS
from gdbench.problems.function import from_function

FLOAT64 = np.dtype("float64")


@dataclass(frozen=True)
class Normalised(Direction):
    """A direction that looks at all variables."""

    name = "normalised"

    @staticmethod
    def rule(x, g, H, state, hyper, k, out):
        length = math.sqrt(sum(g[i] * g[i] for i in range(x.size)))
        for i in range(x.size):
            out[i] = -g[i] / length


def method(batch_size=None):
    return Method(DIRECTIONS["steepest"](), STEPS["fixed"](1e-3), batch_size)


def refused(plan):
    with pytest.raises(InputError) as raised:
        Multistart(plan)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "quadratic"])
def test_problems_of_numbers_are_taken(name):
    problem = PROBLEMS[name]()
    check(problem, problem.n, FLOAT64)


@pytest.mark.parametrize("name", ["softmax", "svm", "least-squares"])
def test_problems_of_whole_arrays_are_not(name):
    problem = PROBLEMS[name](columns=2)
    says = refused(Plan(problem, np.zeros((3, problem.n)), GRADIENTS["3-point"](), method()))
    assert "which a thread of device='cuda' cannot do" in says
    assert "np.dot" in says
    with pytest.raises(InputError, match=r"np\.dot"):
        grid(problem, problem.x0, problem.x0, problem.x0, np.zeros(2), np.zeros(2))


def surface_of(problem, dtype="float32"):
    """What the surface of a model is refused with, before anything is compiled or sent."""
    with pytest.raises(InputError) as raised:
        surface.Grid(problem, surface.layers_of(problem), *np.zeros((3, problem.n), dtype), np.zeros(2), np.zeros(2))
    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_surfaces_of_models_that_learn(monkeypatch):
    for name in ("softmax", "svm", "logistic", "least-squares", "mlp"):
        assert surface.layers_of(PROBLEMS[name]()) is not None
    for other in (PROBLEMS["rosenbrock"](), from_function(dot, np.zeros(2))):
        assert surface.layers_of(other) is None
    wide = PROBLEMS["mlp"](hidden=(1030, 600), columns=2, rows=8)
    says = "needs 1,630 numbers a row of data, in layers of 1,030 and 600 units, and a block of device='cuda' has room"
    assert f"{says} for 1,536 in float32; use device='cpu'" in surface_of(wide)
    assert f"{says} for 768 in float64; use device='cpu'" in surface_of(wide, "float64")
    fitting = PROBLEMS["mlp"](hidden=(1024, 512), columns=2, rows=8)
    assert "for 768 in float64; use dtype='float32' or device='cpu'" in surface_of(fitting, "float64")
    assert "computes in float32 or float64, not in float16" in surface_of(wide, "float16")
    monkeypatch.setattr(matmul_module, "MOST_NUMBERS", 3 * 128 * 8 - 1)
    says = surface_of(PROBLEMS["mlp"](columns=2, rows=8))
    assert "a matrix of 3,072 numbers, and device='cuda' counts to 3,071; give fewer rows, or use device='cpu'" in says


@pytest.mark.parametrize("dtype", ["float16", "int64", "complex128"])
def test_only_two_dtypes_are_taken(dtype):
    problem = PROBLEMS["rosenbrock"]()
    says = refused(Plan(problem, np.zeros((3, 2), dtype), GRADIENTS["analytic"](), method()))
    assert says == f"device='cuda' computes in float32 or float64, not in {dtype}."


def test_too_many_variables_are_counted():
    problem = PROBLEMS["rosenbrock"](n=MOST_IN_COLUMNS + 1)
    says = refused(Plan(problem, problem.x0[np.newaxis], GRADIENTS["analytic"](), method()))
    assert says.startswith("rosenbrock-4097 has 4097 variables and device='cuda' keeps at most 4096 a thread")
    with pytest.raises(InputError, match="rosenbrock-17 has 17 variables and device='cuda' keeps at most 16 a thread"):
        check(PROBLEMS["rosenbrock"](n=MOST_VARIABLES + 1), MOST_VARIABLES + 1, FLOAT64)


def test_plans_a_thread_cannot_follow():
    problem, x0 = PROBLEMS["rosenbrock"](), np.zeros((3, 2))
    analytic = GRADIENTS["analytic"]()
    assert "give x0 of shape (S, n)" in refused(Plan(problem, x0[0], analytic, method()))
    assert "give x0 of shape (S, n)" in refused(Plan(problem, x0[:0], analytic, method()))
    assert "neither a search" in refused(Plan(problem, x0, analytic, SEARCHES["random-search"]()))
    assert "nor mini-batches" in refused(Plan(problem, x0, analytic, method(batch_size=2)))
    curved = Method(Newton(), STEPS["fixed"](1e-3))
    assert "has no curvature for newton" in refused(Plan(problem, x0, analytic, curved))
    searching = Method(DIRECTIONS["steepest"](), STEPS["strong-wolfe"]())
    assert "asks for slopes, like strong-wolfe" in refused(Plan(problem, x0, analytic, searching))
    unknown_slope = from_function(lambda x: x[0], x0[0])
    assert "brings no derived slope" in refused(Plan(unknown_slope, x0, analytic, method()))


def network(**given):
    """A plan that the device would train, but for what is given."""
    made = {name: given.pop(name) for name in ("l2", "activation") if name in given}
    problem = given.pop("problem", None) or PROBLEMS["mlp"](hidden=3, columns=2, **made)
    settings = {"batch_size": 8, "gradient": "analytic", "gtol": None} | given
    return checked_plan(problem, None, **settings)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"problem": PROBLEMS["softmax"](columns=2)}, "trains one mlp at a time on mini-batches, not softmax-2-3"),
        ({"batch_size": None}, "give batch_size, or use device='cpu'"),
        ({"l2": 0.1}, "trains networks without l2"),
        ({"activation": "gelu"}, "which gelu's does not tell"),
        ({"gradient": "reverse-ad"}, "by its analytic slope, not by 'reverse-ad'"),
        ({"history": "x"}, "keeps no trajectory of a network"),
        ({"step": BestOf((1e-3, 1e-2))}, "only the step's number changes, not best-of"),
    ],
)
def test_training_that_the_device_does_not_do(given, says):
    with pytest.raises(InputError) as raised:
        Training(network(**given))
    assert says in str(raised.value)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"threads": 1}, "threads are cores of the CPU: leave threads out, or use device='cpu'"),
        ({"dropout": 0.5}, "drops no hidden units: leave dropout out, or use device='cpu'"),
        ({"clip_norm": 1.0}, "clips no slopes: leave clip_norm out, or use device='cpu'"),
        ({"clip_value": 1.0}, "clips no slopes: leave clip_value out, or use device='cpu'"),
        ({"product": "blas"}, "has no product 'blas': leave product out, or take one of auto, tensor-cores"),
        ({"product": "tiles"}, "device='cuda' has no product 'tiles': leave product out"),
        ({"product": "tensor-core"}, "unknown product 'tensor-core'; did you mean 'tensor-cores'"),
        ({"product": "tensor-cores", "dtype": "float64"}, "rounds to TF32: leave it out, or use dtype='float32'"),
        ({"product": "tensor-cores", "device": "cpu"}, "device='cpu' has no product 'tensor-cores': leave product out"),
        ({"mode": "graphs"}, "unknown mode 'graphs'; did you mean 'graph'"),
        ({"mode": "graph", "device": "cpu"}, "mode says how a GPU is launched: leave it out, or use device='cuda'"),
        ({"device": "gpu"}, "unknown device 'gpu'"),
        (
            {"problem": PROBLEMS["mlp"](l2=0.1)},
            "trains networks without l2, which mlp-8-128-3-relu-l2=0.1 has; use device='cpu'",
        ),
        ({"problem": PROBLEMS["mlp"](activation="gelu")}, "which gelu's does not tell"),
        ({"method": Normalised(), "epochs": 1}, "looks at all; use device='cpu'"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_whole_epochs_that_a_device_does_not_do(given, says, tmp_path):
    if isinstance(given.get("method"), Direction):
        given = given | {"method": Method(given["method"], STEPS["fixed"](1e-3), 8)}
    with pytest.raises(InputError) as raised:
        gdbench.train(**{"problem": "mlp", "device": "cuda", "checkpoint": tmp_path / "a"} | given)
    assert says in str(raised.value)
    assert str(raised.value).endswith(".")
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(door.state().usable, reason="there is a device")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_training_without_a_device_says_what_is_missing(device):
    with pytest.raises(InputError) as raised:
        gdbench.train("mlp", device=device)
    assert str(raised.value) == door.state().reason


def test_a_mode_of_training_nobody_knows():
    with pytest.raises(InputError, match="did you mean 'graph'"):
        Training(network(), "graphs")


def test_a_direction_that_looks_at_all_weights_is_refused():
    with pytest.raises(InputError, match="moves each weight by itself, and normalised looks at all"):
        Training(network(direction=Normalised()))
    assert {name for name in DIRECTIONS if elementwise(DIRECTIONS[name]())} == {
        name for name in DIRECTIONS if DIRECTIONS[name].on_batches
    }


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), "multiplies (m, k) by (k, n), not (2, 3) by (2, 3)"),
        (np.ones(3), np.ones((3, 2)), "not (3,) by (3, 2)"),
        (np.ones((2, 0)), np.ones((0, 2)), "not (2, 0) by (0, 2)"),
        (np.ones((2, 2)), np.ones((2, 2), np.float32), "not float64 and float32"),
        (np.ones((2, 2), int), np.ones((2, 2), int), "not int64 and int64"),
    ],
)
def test_matrices_that_do_not_multiply(a, b, says):
    with pytest.raises(InputError) as raised:
        matmul(a, b)
    assert says in str(raised.value)


def test_a_tile_is_shared_evenly():
    with pytest.raises(InputError, match="cannot be shared evenly by its threads; take powers of two"):
        Tile(6, 4, 4, 4)


def test_slopes_by_other_sources_and_of_whole_arrays():
    for source in ("analytic", "reverse-ad", "auto", "cs"):
        with pytest.raises(InputError, match=r"takes slopes by '2-point' or '3-point', not by '.*'; name one of them"):
            gdbench.gradient("rosenbrock", [1.0, 2.0], source, device="cuda")
    with pytest.raises(InputError, match=r"np\.dot"):
        gdbench.gradient("softmax", None, "3-point", device="cuda")
    with pytest.raises(InputError, match="device"):
        gdbench.gradient("rosenbrock", None, device="gpu")
    with pytest.raises(InputError, match="several points"):
        gdbench.gradient("rosenbrock", [[1.0, 2.0]], "3-point")


def test_differences_of_networks():
    with pytest.raises(InputError, match="cores of the CPU"):
        gdbench.structured_differences("mlp", threads=2, device="cuda")
    with pytest.raises(InputError, match="device"):
        gdbench.structured_differences("mlp", device="tpu")
    with pytest.raises(InputError, match="is no network"):
        gdbench.structured_differences("rosenbrock", device="cuda")


def dot(x):
    return x @ x


def hidden(x):
    return dot(x) + x[0]


def summed(x):
    return (x * x).sum()


def cubic_root(x):
    return np.cbrt(x[0])


def fenced(x):
    if x[0] < 0:
        raise ValueError("beyond the fence")
    return x[0]


def ordinary(x):
    return np.exp(-np.abs(x[0])) + math.sin(x[1]) * np.float32(2) + np.pi


@pytest.mark.parametrize(
    ("fun", "named"), [(dot, "@"), (hidden, "@"), (summed, ".sum"), (cubic_root, "np.cbrt"), (fenced, "raise")]
)
def test_what_asks_for_arrays_is_named(fun, named):
    with pytest.raises(InputError, match="cannot do") as raised:
        check(from_function(fun, np.zeros(2)), 2, FLOAT64)
    assert f"{fun.__name__} asks for {named}, which" in str(raised.value)


def test_what_does_not_is_taken():
    check(from_function(ordinary, np.zeros(2)), 2, FLOAT64)


def test_a_function_not_written_in_python_is_refused():
    with pytest.raises(CompileError, match="no plain Python function"):
        check(gdbench.problems.Problem(name="builtin", value=max, x0=np.zeros(2)), 2, FLOAT64)


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(numbers, numbers)
def test_numpy_in_a_kernel_means_what_numpy_means(a, b):
    for name in ("maximum", "minimum", "copysign"):
        np.testing.assert_array_equal(scalars.FUNCTIONS[name](a, b), getattr(np, name)(a, b))
    for name in ("sign", "abs", "isnan", "isinf", "isfinite"):
        np.testing.assert_array_equal(scalars.FUNCTIONS[name](a), getattr(np, name)(a))


@pytest.mark.parametrize("name", sorted(scalars.FUNCTIONS))
def test_every_function_of_a_kernel_is_the_one_of_its_name(name):
    ufunc = getattr(np, name)
    arguments = (1.25, 1.5)[: ufunc.nin] if name == "arccosh" else (0.25, 0.5)[: ufunc.nin]
    np.testing.assert_allclose(scalars.FUNCTIONS[name](*arguments), ufunc(*arguments), rtol=1e-14)
