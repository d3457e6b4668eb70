"""What the CUDA kernels must give, on a device or in the simulator; collected by test_cuda_simulator.py and
test_cuda_gpu.py, never by itself.

Held against a plain loop in Python, whose slopes come from the reference values by complex step, and against
the CPU's compiled loop, whose counts and statuses must be the same to the last one.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference

from gdbench.arguments import checked_plan
from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.devices.plan import Plan
from gdbench.experiments.gpu_kernels import KERNELS
from gdbench.experiments.gpu_sides import apart
from gdbench.gradients import GRADIENTS
from gdbench.methods import DIRECTIONS, STEPS, Method
from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock
from gdbench.status import CONVERGED_F, CONVERGED_G, CONVERGED_X, DIVERGED, MAXFEV, NONFINITE, RUNNING, TARGET

# Diverging starts overflow; the simulator's threads say so, a device does not.
quiet = pytest.mark.filterwarnings("ignore:.*(overflow|invalid value).*:RuntimeWarning")

SPECTRUM = [1.0, 3.0, 10.0]
#: A problem, its value by definition, and a step size that descends.
PROBLEMS = {
    "rosenbrock-2": (rosenbrock(n=2), lambda x, data: reference.rosenbrock(x), 1e-3),
    "rosenbrock-5": (rosenbrock(n=5), lambda x, data: reference.rosenbrock(x), 5e-4),
    "himmelblau": (himmelblau(), lambda x, data: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2, 5e-3),
    "quadratic": (quadratic(spectrum=SPECTRUM), lambda x, data: reference.quadratic(x, SPECTRUM), 0.1),
}
TOLERANCE = {"float64": 1e-10, "float32": 2e-4}
STEPS_DONE = 12


def plan(problem, x0, gradient="analytic", direction="steepest", step=("fixed", 1e-3), **limits):
    return Plan(problem, x0, GRADIENTS[gradient](), Method(DIRECTIONS[direction](), STEPS[step[0]](step[1])), **limits)


def starts(problem, count, dtype):
    return np.random.default_rng(3).uniform(-2, 2, (count, problem.n)).astype(dtype)


def on_device(checked_plan, steps):
    from gdbench.devices.cuda.multistart import Multistart

    runs = Multistart(checked_plan)
    runs.advance(steps)
    return runs


def on_cpu(checked_plan, steps):
    from gdbench.devices.cpu.multistart import Multistart

    runs = Multistart(checked_plan)
    runs.advance(steps)
    return runs


def assert_same_runs(runs, twin, tolerance):
    for exact in ("counts", "status", "nit"):
        np.testing.assert_array_equal(getattr(runs, exact), getattr(twin, exact), exact)
    finite = ~np.isin(twin.status, [DIVERGED, NONFINITE])
    for close in ("x", "x_best", "jac", "fun", "fun_best"):
        ours, theirs = getattr(runs, close)[finite], getattr(twin, close)[finite]
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * 10, err_msg=close)
        assert getattr(runs, close).dtype == getattr(twin, close).dtype


# Few threads a block, so that few starts make several blocks, the last one with threads to spare.
@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    from gdbench.devices.cuda import landscape, multistart

    monkeypatch.setattr(multistart, "THREADS", 8)
    monkeypatch.setattr(landscape, "BLOCK", (4, 2))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_steepest_descent_is_the_loop_it_says(name, dtype):
    problem, value, step_size = PROBLEMS[name]
    x0 = starts(problem, 19, dtype)
    runs = on_device(plan(problem, x0, step=("fixed", step_size)), STEPS_DONE)
    for s in range(len(x0)):
        x = x0[s].astype(float)
        for _ in range(STEPS_DONE):
            x = x - step_size * reference.complex_step(value, x, problem.data)
        np.testing.assert_allclose(runs.x[s], x, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
        np.testing.assert_allclose(runs.fun[s], value(x, None), rtol=10 * TOLERANCE[dtype], atol=TOLERANCE[dtype])
    assert np.all(runs.nit == STEPS_DONE)
    assert np.all(runs.status == RUNNING)
    assert np.all(runs.counts[:, [NFEV, NJEV]] == STEPS_DONE + 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_cpu_agrees(name, dtype):
    problem, _, step_size = PROBLEMS[name]
    asked = plan(problem, starts(problem, 21, dtype), step=("fixed", step_size), gtol=0.5)
    assert_same_runs(on_device(asked, STEPS_DONE), on_cpu(asked, STEPS_DONE), TOLERANCE[dtype])


@pytest.mark.parametrize("direction", [name for name in DIRECTIONS if DIRECTIONS[name].on_batches])
@pytest.mark.parametrize("gradient", ["2-point", "3-point", "analytic"])
def test_every_direction_and_source_agrees_with_the_cpu(direction, gradient):
    problem = himmelblau()
    asked = plan(problem, starts(problem, 10, "float64"), gradient, direction, ("fixed", 1e-3))
    tolerance = 1e-10 if gradient == "analytic" else 1e-6  # round-off of a value, divided by h
    runs = on_device(asked, STEPS_DONE)
    assert_same_runs(runs, on_cpu(asked, STEPS_DONE), tolerance)
    price = asked.gradient.price(problem.n)
    assert np.all(runs.counts[:, NFEV_FD] == price * (STEPS_DONE + 1))


@pytest.mark.parametrize("name", ["armijo", "polyak", "cosine", "exponential", "inverse-time", "step-decay", "warm-up"])
def test_every_step_that_a_thread_can_do_agrees_with_the_cpu(name):
    problem = rosenbrock(n=2)
    settings = {} if name in ("armijo", "polyak") else {"step_size": 1e-4}
    settings |= {"floor": 1e-5, "steps": 5} if name == "cosine" else {}
    method = Method(DIRECTIONS["momentum"](), STEPS[name](**settings).fitted(problem))
    asked = Plan(problem, starts(problem, 6, "float64"), GRADIENTS["analytic"](), method)
    assert_same_runs(on_device(asked, STEPS_DONE), on_cpu(asked, STEPS_DONE), 1e-8)


def valley(x):
    total = 0.0
    for i in range(x.size - 1):
        total += 20.0 * (x[i + 1] - x[i] ** 2) ** 2 + math.sin(x[i]) ** 2
    return total


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("problem", ["rosenbrock-5", valley])
def test_a_slope_by_automatic_differentiation_agrees_with_the_cpu(problem, dtype):
    made = PROBLEMS[problem][0] if isinstance(problem, str) else problem
    x0 = np.random.default_rng(3).uniform(-1, 1, (9, 5))
    asked = checked_plan(made, x0, gradient="reverse-ad", step=5e-4, dtype=dtype)
    assert_same_runs(on_device(asked, STEPS_DONE), on_cpu(asked, STEPS_DONE), TOLERANCE[dtype])


# The second variable is at 0 after a step, the first halves: it moves by as much as is left.
@pytest.mark.parametrize(("xatol", "xrtol"), [(1e-2, 1e-2), (1e-4, 0.0), (0.0, 1.5)])
def test_a_point_that_stops_moving_is_converged(xatol, xrtol):
    problem = quadratic(spectrum=[1.0, 2.0])
    asked = plan(problem, starts(problem, 3, "float64"), step=("fixed", 0.5), xatol=xatol, xrtol=xrtol)
    runs = on_device(asked, 60)
    assert runs.status.tolist() == [CONVERGED_X] * 3
    assert_same_runs(runs, on_cpu(asked, 60), 1e-10)


def test_a_step_that_asks_for_values_agrees_with_the_cpu():
    problem = rosenbrock(n=2)
    asked = plan(problem, starts(problem, 10, "float64"), step=("best-of", (1e-4, 1e-3, 1e-2)))
    runs = on_device(asked, STEPS_DONE)
    assert_same_runs(runs, on_cpu(asked, STEPS_DONE), 1e-8)
    assert np.all(runs.counts[:, NFEV] == 1 + STEPS_DONE * 4)


@quiet
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_start_ends_for_its_own_reason(dtype):
    problem = quadratic(spectrum=[1.0, 4.0])
    x0 = np.array([[0, 0], [1e-3, 0], [math.nan, 1], [1, 1], [1e6, 1e6]], dtype)
    asked = plan(problem, x0, step=("fixed", 0.2), gtol=1e-2, fun_target=1e-30)
    runs = on_device(asked, 60)
    assert runs.status.tolist() == [TARGET, CONVERGED_G, NONFINITE, CONVERGED_G, RUNNING]
    assert_same_runs(runs, on_cpu(asked, 60), TOLERANCE[dtype])
    too_far = plan(problem, x0[3:], step=("fixed", 1e18))
    runs = on_device(too_far, 60)
    assert runs.status.tolist() == [DIVERGED, DIVERGED]
    assert_same_runs(runs, on_cpu(too_far, 60), TOLERANCE[dtype])
    np.testing.assert_array_equal(runs.x_best, x0[3:])  # the best point of a descent that only climbed


@pytest.mark.parametrize(("maxfev", "spent"), [(20, 20), (23, 25)])  # 5 a slope, and the slope under way is paid
def test_the_limit_on_values_is_kept(maxfev, spent):
    problem = rosenbrock(n=2)
    asked = plan(problem, starts(problem, 3, "float64"), "3-point", maxfev=maxfev)
    runs = on_device(asked, 60)
    assert runs.status.tolist() == [MAXFEV] * 3
    assert_same_runs(runs, on_cpu(asked, 60), 1e-6)
    np.testing.assert_array_equal(runs.counts[:, NFEV] + runs.counts[:, NFEV_FD], spent)


# A value is a quarter of the one before.
@pytest.mark.parametrize(("fatol", "frtol"), [(1e-3, 1e-3), (1e-6, 0.0), (0.0, 0.8)])
def test_a_value_that_settles_is_converged(fatol, frtol):
    problem = quadratic(spectrum=[1.0, 2.0])
    asked = plan(problem, starts(problem, 3, "float64"), step=("fixed", 0.5), fatol=fatol, frtol=frtol)
    runs = on_device(asked, 60)
    assert runs.status.tolist() == [CONVERGED_F] * 3
    assert_same_runs(runs, on_cpu(asked, 60), 1e-10)


def test_advancing_again_goes_on_from_where_it_was():
    problem = rosenbrock(n=2)
    asked = plan(problem, starts(problem, 3, "float64"))
    runs, twin = on_device(asked, 5), on_cpu(asked, 5)
    runs.advance(5)
    twin.advance(5)
    assert_same_runs(runs, twin, 1e-10)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "shape"), [("rosenbrock-5", (7, 5)), ("himmelblau", (3, 9)), ("quadratic", (1, 1))])
def test_the_landscape_holds_the_value_at_every_point(name, shape, dtype):
    from gdbench.devices.cuda.landscape import grid

    problem, value, _ = PROBLEMS[name]
    rng = np.random.default_rng(7)
    center, first, second = rng.uniform(-1, 1, (3, problem.n)).astype(dtype)
    m, n = np.linspace(-2, 2, shape[0]), np.linspace(-1, 1, shape[1])
    surface = grid(problem, center, first, second, m, n)
    assert surface.shape == shape
    assert surface.dtype == dtype
    for i, j in np.ndindex(shape):
        expected = value(center.astype(float) + m[i] * first.astype(float) + n[j] * second.astype(float), None)
        np.testing.assert_allclose(surface[i, j], expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_rows_beyond_the_grid_are_reached_by_striding(monkeypatch):
    from gdbench.devices.cpu import landscape as cpu
    from gdbench.devices.cuda import landscape

    monkeypatch.setattr(landscape, "MOST_BLOCKS_DOWN", 2)
    problem = himmelblau()
    asked = problem, np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.linspace(-5, 5, 11), np.arange(3.0)
    np.testing.assert_allclose(landscape.grid(*asked), cpu.grid(*asked), rtol=1e-12)


def test_a_function_of_ones_own_may_speak_of_numpy():
    from gdbench.problems.function import from_function

    def ripples(x):
        return np.sin(x[0]) * np.exp(-np.square(x[1])) + np.maximum(x[0], x[1]) + np.abs(x[0]) + np.sign(x[1])

    def by_definition(x):
        return math.sin(x[0]) * math.exp(-x[1] * x[1]) + max(x) + abs(x[0]) + (x[1] > 0) - (x[1] < 0)

    from gdbench.devices.cuda.landscape import grid

    unit = np.eye(2)
    axis = np.linspace(-1, 1, 5)
    surface = grid(from_function(ripples, np.zeros(2)), np.zeros(2), unit[0], unit[1], axis, axis)
    np.testing.assert_allclose(surface, [[by_definition((a, b)) for b in axis] for a in axis], rtol=1e-12, atol=1e-15)


#: Networks of 784 inputs are more than the simulator's threads get through; they have cases of their own.
TIMED = [(name, dtype) for name in KERNELS if "784" not in KERNELS[name].words for dtype in KERNELS[name].dtypes]


@pytest.mark.parametrize(("kernel", "dtype"), TIMED)
def test_the_kernels_that_are_timed_agree_with_their_twins(kernel, dtype, monkeypatch):
    from gdbench.experiments.gpu_kernels import many

    monkeypatch.setattr(many, "BASIN_STEPS", 20)
    monkeypatch.setattr(many, "ADAM_STEPS", 20)
    twins = KERNELS[kernel].twins(16, np.dtype(dtype))
    gpu = twins.gpu()
    gpu.send()
    gpu.launch()
    gpu.fetch()
    assert apart(gpu.result(), twins.cpu()) <= KERNELS[kernel].tolerance[dtype]
