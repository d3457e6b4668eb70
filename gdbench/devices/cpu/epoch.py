"""One pass over all rows in mini-batches, as one compiled call: the loop that trains a network.

Every thread lives for the whole epoch and owns a slice of each hidden layer's units. It computes its columns of the
activations and of the slopes and moves its own weights; the last layer, a few classes wide, is shared out by rows. So a
step needs 2 barriers a hidden layer and nothing else. Nothing is allocated.

A step, for thread t (| is a barrier)::

    forward 1, own columns | forward 2 ... | gather own rows of the next batch; scores and their slope, own rows |
    for each layer from the last to the second:
        turn own rows of its weights; move them; slope of the own units below |  (none before the first layer)
    move own columns of the first layer

With SGD the products that make the slope of the weights move them; any other direction, and SGD whose slope is clipped,
finds the slope in an array, and after a barrier every thread moves its chunks of x by the direction's own rule.
``network_layers.py`` has what is done to a layer, ``network_step.py`` the step, ``dropout.py`` who sits out.
"""

# The loops are compiled; Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import prange

from gdbench.devices.cpu.barrier import all_here, wait
from gdbench.devices.cpu.dropout import drop, drop_slope
from gdbench.devices.cpu.network_layers import forward_columns, move, move_bias, own, slope_of_units, turn_rows
from gdbench.devices.cpu.network_layout import ACTIVE, PADDED, STRIDE, UNITS, WEIGHTS
from gdbench.devices.cpu.network_passes import activate_gelu, activate_sigmoid, activate_tanh, gather, softmax_slope
from gdbench.devices.cpu.network_products import ROWS
from gdbench.devices.cpu.network_step import direct, shrinkage
from gdbench.devices.cpu.pointer import borrowed
from gdbench.philox import shuffle
from gdbench.problems.mlp_layers import GELU, RELU, SIGMOID, TANH
from gdbench.problems.scores import penalty

#: Numbers in what the settings of an epoch are told by, see ``slice_of_epoch``.
ACTIVATION, BATCH, PLAIN, CHUNK, STATE_ROWS, STEPS_DONE, DIRECTION, SPARE, SEED, EPOCH, STRIP, MOST = range(12)
#: The numbers before the step sizes in its ``settings``.
L2, DROPOUT, CLIP_NORM, CLIP_VALUE, FIRST_STEP = range(5)


def epoch(threads, sync, table, told, settings, hyper, features, labels, order, arrays, losses):
    """All batches by one thread; True, as nobody had to be waited for."""
    shuffle(order, told[SEED], told[EPOCH])
    slice_of_epoch(0, 1, sync, table, told, settings, hyper, features, labels, order, arrays, losses)
    return True


def epoch_on_threads(threads, sync, table, told, settings, hyper, features, labels, order, arrays, losses):
    """The same by ``threads`` slices; False, with nothing done, if they did not all run at the same time."""
    shuffle(order, told[SEED], told[EPOCH])
    for t in prange(threads):
        if all_here(sync, threads):
            slice_of_epoch(t, threads, sync, table, told, settings, hyper, features, labels, order, arrays, losses)
    return sync[1] == 1


def slice_of_epoch(t, threads, sync, table, told, settings, hyper, features, labels, order, arrays, losses):
    """All batches of an epoch, thread ``t``'s part.

    ``arrays`` are (x, slope, state, active, turned, spare, masks, steep), flat, see ``network_layout.py``, an empty
    matrix and the chunks' sums of squares; ``told`` whole numbers, ``settings`` (above), the step size of each batch
    last; what clips is inf if nothing is clipped; ``losses`` (batches, threads) sums over rows, penalty included. After
    ``told[MOST]`` batches, or at the first loss that is not finite, before its step, all threads leave together.
    ``steep`` holds the slopes of units where their answers, with dropout in them, do not tell: sigmoid and GELU.
    """
    x, slope, state = borrowed(arrays[0]), borrowed(arrays[1]), borrowed(arrays[2])
    active, turned, spare = borrowed(arrays[3]), borrowed(arrays[4]), borrowed(arrays[5])
    masks, steep, none, squares = borrowed(arrays[6]), borrowed(arrays[7]), borrowed(arrays[8]), borrowed(arrays[9])
    kind = x.dtype.type
    last, rows, batch = table.shape[1] - 1, labels.size, told[BATCH]
    classes, top = table[UNITS, last], table[ACTIVE, last]
    relu, plain, l2 = told[ACTIVATION] == RELU, told[PLAIN] == 1, settings[L2]
    dropout, clip_norm, clip_value = settings[DROPOUT], settings[CLIP_NORM], settings[CLIP_VALUE]
    floor = kind(0.0) if relu else kind(-np.inf)
    # The slope of tanh is read off what dropout has made of it, tanh / (1 - dropout).
    curve = kind((1.0 - dropout) * (1.0 - dropout)) if told[ACTIVATION] == TANH else kind(0.0)
    kept = told[ACTIVATION] == SIGMOID or told[ACTIVATION] == GELU
    batches = (rows + batch - 1) // batch
    one_buffer = (batch + ROWS - 1) // ROWS * ROWS * table[STRIDE, 0]
    own_spare = told[SPARE] * t
    met = 1

    taken = min(batch, rows)
    lo, hi = taken * t // threads, taken * (t + 1) // threads
    gather(features, order[lo:hi], hi - lo, active, lo * table[STRIDE, 0], table[STRIDE, 0])
    met = wait(sync, threads, met)
    for k in range(min(batches, told[MOST])):
        taken = min(batch, rows - k * batch)
        height = (taken + ROWS - 1) // ROWS * ROWS
        inputs_at = one_buffer * (k % 2)
        step = settings[FIRST_STEP + k]
        for layer in range(1, last):
            below_at = inputs_at if layer == 1 else table[ACTIVE, layer - 1]
            lo, hi = own(table, layer, t, threads)
            forward_columns(table, layer, lo, hi, 0, height, active, below_at, x, floor)
            if not relu and hi > lo:
                place = table[ACTIVE, layer] + lo
                if told[ACTIVATION] == TANH:
                    activate_tanh(active, place, table[STRIDE, layer], height, hi - lo)
                elif told[ACTIVATION] == SIGMOID:
                    activate_sigmoid(active, steep, place, table[STRIDE, layer], height, hi - lo)
                else:
                    activate_gelu(active, steep, place, table[STRIDE, layer], height, hi - lo)
            if dropout > 0.0:
                drop(
                    active, masks, table[ACTIVE, layer], table[STRIDE, layer], taken, lo, hi,
                    told[SEED], told[STEPS_DONE] + k, layer, dropout,
                )  # fmt: skip
            met = wait(sync, threads, met)
        if last == 1:
            met = wait(sync, threads, met)

        if k + 1 < batches:
            ahead = min(batch, rows - (k + 1) * batch)
            lo, hi = ahead * t // threads, ahead * (t + 1) // threads
            first = (k + 1) * batch
            place = one_buffer * ((k + 1) % 2) + lo * table[STRIDE, 0]
            gather(features, order[first + lo : first + hi], hi - lo, active, place, table[STRIDE, 0])
        first = min((k + 2) * batch, rows)
        ahead = min(batch, rows - first)
        ahead_order = order[first + ahead * t // threads : first + ahead * (t + 1) // threads]
        blocks = height // ROWS
        lo, hi = blocks * t // threads * ROWS, blocks * (t + 1) // threads * ROWS
        below_at = inputs_at if last == 1 else table[ACTIVE, last - 1]
        forward_columns(table, last, 0, table[PADDED, last], lo, hi, active, below_at, x, kind(-np.inf))
        hi = min(hi, taken)
        lost = 0.0
        if hi > lo:
            lost = softmax_slope(
                active, top + lo * table[STRIDE, last], table[STRIDE, last], hi - lo, classes, table[PADDED, last],
                labels, order[k * batch + lo : k * batch + hi], 1.0 / taken,
            )  # fmt: skip
        if l2 > 0.0 and t == 0:
            for layer in range(1, last + 1):
                start = table[WEIGHTS, layer]
                lost += taken * penalty(x[start : start + table[PADDED, layer - 1] * table[PADDED, layer]], l2)
        losses[k, t] = lost
        met = wait(sync, threads, met)
        if not np.isfinite(losses[k, :threads].sum()):
            break

        for layer in range(last, 0, -1):
            # The first layer is shared out by its own units, the others by the units below.
            rows_lo, rows_hi = 0, table[PADDED, layer - 1]
            columns_lo, columns_hi = own(table, layer, t, threads)
            below_at = inputs_at if layer == 1 else table[ACTIVE, layer - 1]
            if plain:
                move_bias(table, layer, columns_lo, columns_hi, taken, active, slope, x, kind(-step))
            else:
                move_bias(table, layer, columns_lo, columns_hi, taken, active, slope, slope, kind(0.0))
            if layer > 1 or last == 1:
                columns_lo, columns_hi = 0, table[PADDED, layer]
                if layer > 1:
                    rows_lo, rows_hi = own(table, layer - 1, t, threads)
                else:
                    blocks = rows_hi // ROWS
                    rows_lo, rows_hi = blocks * t // threads * ROWS, blocks * (t + 1) // threads * ROWS
            if layer > 1:
                turn_rows(table, layer, rows_lo, rows_hi, x, turned)
            if plain:
                keep = kind(1.0 - 2.0 * l2 * step)
                move(
                    table, layer, rows_lo, rows_hi, columns_lo, columns_hi, taken, active, below_at, x, kind(-step),
                    keep, features, ahead_order, told[STRIP],
                )  # fmt: skip
            else:
                move(
                    table, layer, rows_lo, rows_hi, columns_lo, columns_hi, taken, active, below_at, slope,
                    kind(1.0), kind(0.0), features, ahead_order, told[STRIP],
                )  # fmt: skip
            if layer > 1:
                slope_of_units(table, layer, rows_lo, rows_hi, height, active, turned, spare, own_spare, floor, curve)
                under = layer - 1
                if kept:
                    drop_slope(active, steep, table[ACTIVE, under], table[STRIDE, under], taken, rows_lo, rows_hi)
                if dropout > 0.0:
                    drop_slope(active, masks, table[ACTIVE, under], table[STRIDE, under], taken, rows_lo, rows_hi)
                if layer > 2:
                    met = wait(sync, threads, met)
        if not plain:
            met = wait(sync, threads, met)
            shrink, missing = 1.0, l2
            if clip_norm < np.inf:
                met, shrink = shrinkage(t, threads, sync, met, table, told[CHUNK], l2, clip_norm, x, slope, squares)
                missing = 0.0  # the penalty's slope has been added
            direct(
                t, threads, table, told[CHUNK], told[STATE_ROWS], told[DIRECTION], hyper, missing, step,
                told[STEPS_DONE] + k, clip_value, shrink, x, slope, state, spare[own_spare:], none,
            )  # fmt: skip
            met = wait(sync, threads, met)
