"""The loop of many starts in lockstep: blocks of 256 descents side by side, so that one instruction advances eight.

All that a block knows of its descents stands in one array, a row a number (a variable of the point, the value, a
number of the direction's memory), a column a descent: a lane. The loops over the lanes are the innermost ones; with n
a constant and the problem's gradient and the direction folded in, LLVM turns them into vector instructions. Most steps
glide: a sweep over the lanes with nothing asked that can be asked later. Every so often one looks: a descent that has
ended is written out and its lane given to the last one that runs, so that no work is done for it. ``lanes.py`` binds
the names that these templates leave open, and compiles them.
"""

# The names below are bound when the template is compiled.
# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import numpy as np
from numba import prange

from gdbench.counts import NFEV, NJEV
from gdbench.devices.cpu.pointer import frozen, lane_matrix, lane_vector, register_matrix, registers, rounded
from gdbench.status import NONFINITE, RUNNING

LANES = 256
#: From one row to the next: were it 2048 bytes, every second row would fall on the same place of a cache.
PITCH = LANES + 8
#: Lanes are looked at so many at a time: whole vectors, and four of them in flight.
TOGETHER = 32
#: Steps between two looks.
GLIDE = 32


def look_and_step(rows, hessian, ends, width, problem_data, h_direction, k, scale, one, wanted, limits):
    """Evaluate the first ``width`` lanes, note which end and which are at their best, move the others; how many end.

    ``one`` is 1, and ``wanted`` 0; but 1 where no step is to follow, so that every lane ends.
    """
    gtol, ftol, target = limits[0], limits[1], limits[2]
    for lane in range(width):
        x, column = lane_vector(rows, X * PITCH + lane, N, PITCH), lane_vector(rows, lane, ROWS, PITCH)
        g = registers(rows, N)
        f = rounded(gradient(x, problem_data, g), one)
        nothing = f * DTYPE(0.0)  # 0 for finite numbers, nan for all others
        for i in range(N):
            nothing += g[i] * DTYPE(0.0)
        end = nothing != wanted
        if WATCHED:
            slope = DTYPE(0.0)
            for i in range(N):
                slope = max(slope, abs(g[i]))
            before = column[F]
            change = abs(before - f)
            size = max(max(abs(before), abs(f)), DTYPE(1.0))
            end = end | (f <= target) | (slope <= gtol) | (change <= ftol * size)
            column[BEFORE] = before
        column[F] = f
        lane_vector(ends, lane, 1, 1)[0] = end
        for i in range(N):
            column[G + i] = g[i]
        if BEST:
            f_best = column[F_BEST]
            better = f < f_best
            column[F_BEST] = f if better else f_best
            for i in range(N):
                here, best = x[i], column[X_BEST + i]
                column[X_BEST + i] = here if better else best
    # A loop of its own: the slope comes from memory, as in a single descent, so sums round alike.
    for lane in range(width):
        x, g = lane_vector(rows, X * PITCH + lane, N, PITCH), lane_vector(rows, G * PITCH + lane, N, PITCH)
        d, memory = registers(rows, N), lane_matrix(rows, STATE * PITCH + lane, STATE_ROWS, N, PITCH)
        direction(x, g, hessian, memory, h_direction, k, d)
        end = lane_vector(ends, lane, 1, 1)[0]
        for i in range(N):
            here = x[i]
            moved = here + scale * rounded(d[i], one)
            x[i] = here if end else moved
    stopping = 0
    for lane in range(width):
        stopping += lane_vector(ends, lane, 1, 1)[0]
    return stopping


def copied(source, target, width):
    """Copy the first ``width`` lanes of a block."""
    for row in range(ROWS):
        for lane in range(width):
            target[row, lane] = source[row, lane]


def glide(rows, hessian, width, problem_data, h_direction, h_step, first, steps, limits):
    """Move the first ``width`` lanes ``steps`` times, from iteration ``first`` on.

    Where something but a number that is not finite may end a descent, a lane that ends stays where it is, and STEPS
    counts those it took. Else none stays, and PASSED ends as a finite number where all values and slopes have been.
    """
    gtol, ftol, target = limits[0], limits[1], limits[2]
    for lane in range(width):
        rows[STEPS, lane] = DTYPE(0.0)
    for k in range(first, first + steps):
        scale = DTYPE(step_size(h_step, k))
        for lane in range(width):
            x, column = lane_vector(rows, X * PITCH + lane, N, PITCH), lane_vector(rows, lane, ROWS, PITCH)
            g, d, memory = registers(rows, N), registers(rows, N), register_matrix(rows, STATE_ROWS, N)
            # LLVM orders the terms of a sum by their age and contracts the first: the memory is to be older than the
            # slope, as in a single descent.
            for i in range(STATE_ROWS * N):
                memory[i // N, i % N] = column[STATE + i]
            f = gradient(x, problem_data, g)
            if BEST:
                f_best = column[F_BEST]
                better = f < f_best
                column[F_BEST] = frozen(f if better else f_best)
                for i in range(N):
                    here, best = x[i], column[X_BEST + i]
                    column[X_BEST + i] = frozen(here if better else best)
            end = False
            if WATCHED:
                nothing = f * DTYPE(0.0)
                for i in range(N):
                    nothing += g[i] * DTYPE(0.0)
                slope = DTYPE(0.0)
                for i in range(N):
                    slope = max(slope, abs(g[i]))
                before = column[F]
                size = max(max(abs(before), abs(f)), DTYPE(1.0))
                end = (nothing != DTYPE(0.0)) | (f <= target) | (slope <= gtol) | (abs(before - f) <= ftol * size)
                column[F] = f
                column[STEPS] += DTYPE(0.0) if end else DTYPE(1.0)
            else:
                total = f
                for i in range(N):
                    total += g[i]
                column[PASSED] += total
            direction(x, g, hessian, memory, h_direction, k, d)
            for i in range(STATE_ROWS * N):
                column[STATE + i] = memory[i // N, i % N]
            for i in range(N):
                here = x[i]
                moved = here + scale * d[i]
                x[i] = frozen(here if end else moved)


def descend(
    x_all, x_best_all, jac_all, problem_data, h_direction, h_step, counts, values, limits, maxfev, maxiter, statuses,
    nit,
):  # fmt: skip
    """Descend from every row of x_all (S, N); all arrays have a leading axis of starts and are updated in place."""
    starts = x_all.shape[0]
    most = max(min(maxiter, maxfev - 1), 0)
    one = DTYPE(1.0) if maxiter >= 0 else DTYPE(0.0)  # LLVM must not know
    for block in prange((starts + LANES - 1) // LANES):
        rows = np.zeros((ROWS, PITCH), DTYPE)  # one array, so that LLVM sees that no row overlaps another
        kept = np.empty((0 if WATCHED else ROWS, PITCH), DTYPE)
        start, ends = np.empty(LANES, np.int64), np.zeros(LANES, np.int8)
        hessian = np.empty((0, 0), DTYPE)
        first = block * LANES
        alive = min(LANES, starts - first)
        for lane in range(LANES):
            start[lane] = first + min(lane, alive - 1)  # spare lanes repeat the last start
            for i in range(N):
                rows[X + i, lane] = x_all[start[lane], i]
                rows[X_BEST + i, lane] = x_all[start[lane], i]
            rows[F_BEST, lane] = np.inf
            rows[F, lane] = np.nan  # no change from it is small
        k = careful = 0
        while alive > 0:
            width = (alive + TOGETHER - 1) // TOGETHER * TOGETHER
            first, ahead = k, min(GLIDE, most - k) if careful == 0 else 0
            if WATCHED:
                gliding(rows, hessian, width, problem_data, h_direction, h_step, k, ahead, limits)
                k += ahead
            elif ahead > 0:
                copied(rows, kept, width)
                gliding(rows, hessian, width, problem_data, h_direction, h_step, k, ahead, limits)
                passed = DTYPE(0.0)
                for lane in range(width):
                    passed += rows[PASSED, lane] * DTYPE(0.0)
                if passed == DTYPE(0.0):
                    k += ahead
                    continue
                copied(kept, rows, width)  # and once more, with a look after every step
                careful = ahead
            careful = max(careful - 1, 0)
            scale = DTYPE(step_size(h_step, k))
            wanted = DTYPE(0.0) if k < most else DTYPE(1.0)
            if look(rows, hessian, ends, width, problem_data, h_direction, k, scale, one, wanted, limits):
                lane = 0
                while lane < alive:
                    if not ends[lane]:
                        lane += 1
                        continue
                    s = start[lane]
                    slope = DTYPE(0.0)
                    for i in range(N):
                        size = abs(rows[G + i, lane])
                        if size > slope or size != size:
                            slope = size
                        x_all[s, i] = rows[X + i, lane]
                        x_best_all[s, i] = rows[X_BEST + i if BEST else X + i, lane]
                        jac_all[s, i] = rows[G + i, lane]
                    f, taken = rows[F, lane], k
                    if WATCHED:
                        taken = first + int(rows[STEPS, lane])
                    code = judge(f, rows[BEFORE, lane], slope, limits)
                    if taken == 0 and not (np.isfinite(f) and np.isfinite(slope)):
                        code = NONFINITE
                    if code == RUNNING and k < maxiter:
                        code = MAXFEV_REACHED
                    values[s, 0] = f
                    values[s, 1] = rows[F_BEST, lane] if BEST and taken > 0 else f
                    counts[s, NFEV] = counts[s, NJEV] = taken + 1
                    nit[s] = taken
                    statuses[s] = code
                    alive -= 1
                    start[lane], ends[lane] = start[alive], ends[alive]
                    for row in range(ROWS):
                        rows[row, lane] = rows[row, alive]
                for spare in range(alive, width):  # they follow one that runs
                    for row in range(ROWS):
                        rows[row, spare] = rows[row, 0]
            k += 1
