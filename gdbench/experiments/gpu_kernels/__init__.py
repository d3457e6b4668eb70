"""The kernels that cpu_vs_gpu compares, each beside its twin on the CPU. To add one: an entry in ``KERNELS``.

The twins share their sources, their dtype and their number of steps; only the loop around them differs.
"""

from __future__ import annotations

from gdbench.experiments.gpu_kernels.base import Kernel, OnGpu, Twins
from gdbench.experiments.gpu_kernels.many import (
    ADAM_IN_ARRAYS,
    ADAM_STEPS,
    BASIN_STEPS,
    DESCENT_IN_ARRAYS,
    NEWTON_STEPS,
    STEPS,
    basins,
    chains,
    newton,
    starts,
)
from gdbench.experiments.gpu_kernels.networks import epoch, flops_an_epoch, structured
from gdbench.experiments.gpu_kernels.points import differences, search, surface, surface_in_arrays
from gdbench.experiments.gpu_kernels.surfaces import ROWS, flops_a_surface, network_surface
from gdbench.experiments.gpu_kernels.vectors import product, update
from gdbench.problems.rosenbrock import rosenbrock

__all__ = ["KERNELS", "Kernel", "OnGpu", "Twins"]

DECADES = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
#: Of work that is done many times in the time a case has.
MANY = {"smoke": (100, 10_000), "default": (100, 10_000, 1_000_000), "full": DECADES}
#: Of work of a thousand steps.
FEWER = {"smoke": (100,), "default": (100, 10_000, 100_000), "full": (100, 1_000, 10_000, 100_000, 1_000_000)}
#: Entries of a vector.
LONG = {
    "smoke": (10_000, 100_000),
    "default": (10_000, 1_000_000, 10_000_000),
    "full": (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 30_000_000, 100_000_000),
}
#: Rows of a square matrix.
SIDES = {"smoke": (64, 256), "default": (128, 512, 2_048), "full": (64, 128, 256, 512, 1_024, 2_048, 4_096)}
#: Rows of a batch.
BATCHES = {"smoke": (128,), "default": (32, 128), "full": (16, 32, 64, 128, 256, 512)}
#: Points of a network's landscape, each a value over all rows.
DEARER = {"smoke": (100,), "default": (100, 1_000, 10_000), "full": (100, 300, 1_000, 3_000, 10_000, 30_000)}
#: Hidden units.
UNITS = {"smoke": (8,), "default": (8, 64, 512), "full": (8, 32, 128, 512, 1_024)}
#: Variables, of which each wants two values of the whole function.
VARIABLES = {"smoke": (100, 1_000), "default": (100, 1_000, 10_000), "full": (100, 300, 1_000, 3_000, 10_000, 30_000)}

_EPOCH = "epoch: SGD on 784-128-10, "
_ROSENBROCK = rosenbrock(n=2)
_FLOAT32 = ("float32",)
_FLOAT64 = ("float64",)

#: Of Rosenbrock-2: 8 operations a value, 14 a value with its slope; 4 more to move a point, by Adam 28; 8 to place one
#: on a plane.
KERNELS = {
    "starts": Kernel(
        f"starts: {STEPS} steps of steepest descent on Rosenbrock-2", "starts",
        starts(_ROSENBROCK, STEPS, DESCENT_IN_ARRAYS), MANY, flops=lambda n: n * (STEPS * 18.0 + 14),
    ),
    "adam": Kernel(
        f"starts: {ADAM_STEPS:,} steps of Adam on Rosenbrock-2", "starts",
        starts(_ROSENBROCK, ADAM_STEPS, ADAM_IN_ARRAYS, memory=4, direction="adam"), FEWER,
        flops=lambda n: n * (ADAM_STEPS * 42.0 + 14),
    ),
    "newton": Kernel(
        f"starts: {NEWTON_STEPS} steps of Newton on Rosenbrock-2", "starts", newton, MANY, dtypes=_FLOAT64,
    ),
    "chains": Kernel(f"chains: {STEPS} proposals of random local search on Rosenbrock-2", "chains", chains, MANY),
    "basins": Kernel(
        f"basins: up to {BASIN_STEPS} steps of steepest descent on Himmelblau", "starts", basins, MANY,
        tolerance={"float32": 1e-2, "float64": 1e-3},
    ),
    "landscape": Kernel(
        "landscape: Rosenbrock-2 on a grid", "points", surface(_ROSENBROCK, surface_in_arrays), MANY,
        flops=lambda n: 16.0 * n, numbers=lambda n: 1.0 * n,
    ),
    "landscape-network": Kernel(
        f"landscape: network 784-128-10 over {ROWS} rows, on a grid", "points", network_surface, DEARER,
        flops=flops_a_surface,
    ),
    "search": Kernel("random search: a quadratic in 8 variables", "proposals", search, MANY),
    "differences": Kernel(
        "slope: central differences of Rosenbrock-n", "variables n", differences, VARIABLES,
        flops=lambda n: 16.0 * n * n, dtypes=_FLOAT64, tolerance={"float64": 1e-5},
    ),
    "structured": Kernel(
        "slope: structured differences, network 784-n-10", "hidden units n, batch of 64 rows", structured, UNITS,
        dtypes=_FLOAT64, tolerance={"float64": 1e-7},
    ),
    "sgd-update": Kernel(
        "update: a step of SGD on a vector", "entries", update("steepest"), LONG,
        flops=lambda n: 2.0 * n, numbers=lambda n: 3.0 * n,
    ),
    "adam-update": Kernel(
        "update: a step of Adam on a vector", "entries", update("adam"), LONG,
        flops=lambda n: 14.0 * n, numbers=lambda n: 7.0 * n,
    ),
    "product": Kernel("product: two square matrices", "rows", product, SIDES, flops=lambda n: 2.0 * n**3),
    **{
        f"epoch-{mode}": Kernel(
            _EPOCH + how, "rows of a batch, of 5,000 in an epoch", epoch(mode), BATCHES,
            flops=flops_an_epoch, dtypes=_FLOAT32,
        )
        for mode, how in {
            "kernels": "kernel by kernel", "graph": "as a CUDA graph", "persistent": "one persistent kernel",
        }.items()
    },
}  # fmt: skip
