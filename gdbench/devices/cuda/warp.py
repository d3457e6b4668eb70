"""A warp a start, for slopes by differences: each lane has its own entries of the vectors, and a copy of the point.

A difference along one variable asks nothing of the others, so 32 lanes find 32 of them at once: lane t those of
variables t, t + 32, t + 64, ... It moves one entry of its copy, asks for the value, puts the entry back, by the
``component`` that ``forward.py`` and ``central.py`` use themselves. The point, the slope, the direction and its memory
are shared out likewise: a rule that looks at one entry at a time is shown the lane's entries as a vector, ``x[t::32]``.

So each lane runs ``descend.descent`` as a thread with a start of its own does. What concerns all variables comes out
the same in all lanes, bit by bit, and they branch alike: the value, which each asks of the whole point (one reading of
memory serves the warp), the largest slope, and whether the point rests. A block is one warp, so no barrier waits for
another start. Blocks beyond ``MOST_BLOCKS`` or ``ROOM`` would only want more copies: a block whose start has ended
goes on to another.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import MOST_VARIABLES
from gdbench.devices.cuda.descend import descent
from gdbench.devices.cuda.gradient import COMPONENTS, ROOM
from gdbench.devices.cuda.updates import one_entry_at_a_time
from gdbench.devices.loop import largest, still
from gdbench.devices.plan import Plan
from gdbench.devices.source import rebound
from gdbench.methods.base import Method, Schedule

#: Threads of a warp, and of a block.
LANES = 32
#: Starts beyond which a thread each is better: enough threads then for a warp on each of the four schedulers of an
#: H100's 132 multiprocessors. Below, lanes fill what would idle; far above, those that idle at the end of n and the
#: value that all ask for cost more than they bring. Reckoned, not measured: nothing here has run on a GPU.
MOST_STARTS = 132 * 4 * LANES
#: Blocks at most: no multiprocessor of an H100 holds more than 32, and fewer where they want many registers.
MOST_BLOCKS = 132 * 32
#: Vectors of n that a start has in ``room``, beside the direction's memory.
WORK_ROWS = 1

# Bound when a kernel is made.
cuda: Any = None
EACH, REMEMBERS, NUMBER, COUNT = 0, False, None, None
value: Any = None
component: Any = None
source: Any = None
direction: Any = None
step: Any = None


def multistart_by_warps(
    x, x_best, jac, room, copies, features, targets, shape, h_source, h_direction, h_step, ledger, values, limits,
    maxfev, maxiter, statuses, nit,
):  # fmt: skip
    """Descend from every row of x (S, n), a warp a start.

    ``room`` (S, WORK_ROWS and as many as the direction remembers, n) and ``copies`` (n, threads) need no initial
    values.
    """
    lane = cuda.threadIdx.x
    parts = cuda.shared.array(LANES, NUMBER)  # one of a helper that several call is linked several times, and refused
    hessian = cuda.local.array((1, 1), NUMBER)  # no direction of this kind reads it
    counts = cuda.local.array(N_COUNTS, COUNT)  # every lane counts all of the warp's evaluations
    for s in range(cuda.blockIdx.x, x.shape[0], cuda.gridDim.x):
        for i in range(N_COUNTS):
            counts[i] = ledger[s, i]
        d = room[s, 0, lane::LANES]  # and the room to work in that no step of this kind asks for
        status, done = descent(
            value, component, source, direction, step, largest_of_warp, still_of_warp, REMEMBERS,
            (x[s, lane::LANES], x_best[s, lane::LANES], (jac[s, lane::LANES], parts), d, d), hessian,
            room[s, WORK_ROWS:, lane::LANES], ((features, targets, shape), x[s], copies[:, cuda.grid(1)]),
            (h_source, h_direction, h_step), counts, values[s], limits, maxfev, maxiter,
        )  # fmt: skip
        statuses[s] = status
        nit[s] = done
        if lane == 0:
            for i in range(N_COUNTS):
                ledger[s, i] = counts[i]


def slope(value, component, x, data, hyper, counts, out):
    """A gradient source: the lane's entries of the slope into ``out``; returns the value at the whole point."""
    problem_data, whole, copy = data
    mine, _ = out
    cuda.syncthreads()  # all lanes have moved their entries of the point
    f = value(whole, problem_data)
    for i in range(whole.size):
        copy[i] = whole[i]
    for i in range(mine.size):
        mine[i] = component(value, copy, cuda.threadIdx.x + i * LANES, problem_data, hyper, f)
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += EACH * whole.size
    return f


def directed(x, g, hessian, state, hyper, k, out):
    """The direction of the lane's entries; of fewer than 32 variables some lanes have none."""
    if x.size > 0:
        direction(x, g[0], hessian, state, hyper, k, out)


def largest_of_warp(g):
    """``loop.largest`` of the warp's vector."""
    mine, parts = g
    cuda.syncthreads()  # all lanes have read what was here before, and the whole point
    parts[cuda.threadIdx.x] = largest(mine)
    cuda.syncthreads()
    return largest(parts)


def still_of_warp(x, d, step_size, limits):
    """``loop.still`` of the warp's vectors."""
    return cuda.syncthreads_and(1 if still(x, d, step_size, limits) else 0) != 0


def pays(plan: Plan) -> bool:
    """Whether a plan of many starts goes by warps: slopes by differences in more variables than a thread's registers
    hold, a step size by the count of steps, a direction of one entry at a time, and few enough starts.
    """
    starts, n = plan.x0.shape
    return (
        plan.gradient.name in COMPONENTS
        and n > MOST_VARIABLES
        and starts <= MOST_STARTS
        and isinstance(plan.method, Method)
        and isinstance(plan.method.step, Schedule)
        and plan.method.direction.on_batches
        and one_entry_at_a_time(plan.method.direction)
    )


def names(plan: Plan) -> dict[str, Any]:
    """What the kernel of a plan calls its parts, beyond what every kernel of many starts does."""
    assert isinstance(plan.method, Method)

    def bound(function: Any, **names: Any) -> Any:
        return rebound(function, {"cuda": door.module(), **names})

    return {
        "component": COMPONENTS[plan.gradient.name],
        "source": bound(slope, EACH=plan.gradient.price(1)),
        "direction": bound(directed, direction=plan.method.direction.rule),
        "largest_of_warp": bound(largest_of_warp),
        "still_of_warp": bound(still_of_warp),
    }


def blocks_for(starts: int, size: int) -> int:
    """Blocks for so many starts, each lane with a copy of the point of ``size`` bytes.

    >>> blocks_for(3, 8 * 33), blocks_for(10**4, 8 * 33), blocks_for(10**4, 8 * 4096), blocks_for(1, 2**40)
    (3, 4224, 1024, 1)
    """
    return max(1, min(starts, MOST_BLOCKS, ROOM // (LANES * size)))
