"""One pass over all rows in mini-batches, as one compiled call: the loop that trains a network.

Every thread lives for the whole epoch and owns a slice of each hidden layer's units. It computes its columns of the
activations and of the slopes and moves its own weights; the last layer, a few classes wide, is shared out by rows. So a
step needs 2 barriers a hidden layer and nothing else. Nothing is allocated.

A step, for thread t (| is a barrier)::

    forward 1, own columns | forward 2 ... | gather own rows of the next batch; scores and their slope, own rows |
    for each layer from the last to the second:
        turn own rows of its weights; move them; slope of the own units below |  (none before the first layer)
    move own columns of the first layer

With SGD the products that make the slope of the weights move them; any other direction finds the slope in an array,
and after a barrier every thread moves its chunks of x by the direction's own rule.
"""

# The loops are compiled; Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import prange

from gdbench.devices.cpu.barrier import all_here, wait
from gdbench.devices.cpu.network_layout import ACTIVE, PADDED, PANEL, STRIDE, UNITS, WEIGHTS
from gdbench.devices.cpu.network_passes import activate_tanh, ask_ahead, column_sums, gather, softmax_slope, turn
from gdbench.devices.cpu.network_products import ROWS, below, forward, update
from gdbench.devices.cpu.pointer import borrowed, pack, void_function
from gdbench.philox import shuffle
from gdbench.problems.mlp_layers import RELU, TANH
from gdbench.problems.scores import penalty

#: Numbers in what the settings of an epoch are told by, see ``slice_of_epoch``.
ACTIVATION, BATCH, PLAIN, CHUNK, STATE_ROWS, STEPS_DONE, DIRECTION, SPARE, SEED, EPOCH, STRIP = range(11)


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

    ``arrays`` are (x, slope, state, active, turned, spare), flat, see ``network_layout.py``, and an empty matrix;
    ``told`` whole numbers (above); ``settings`` (l2, step size of each batch...); ``losses`` (batches, threads) sums
    over rows, penalty included.
    """
    x, slope, state = borrowed(arrays[0]), borrowed(arrays[1]), borrowed(arrays[2])
    active, turned, spare = borrowed(arrays[3]), borrowed(arrays[4]), borrowed(arrays[5])
    kind = x.dtype.type
    last, rows, batch = table.shape[1] - 1, labels.size, told[BATCH]
    classes, top = table[UNITS, last], table[ACTIVE, last]
    relu, plain, l2 = told[ACTIVATION] == RELU, told[PLAIN] == 1, settings[0]
    floor = kind(0.0) if relu else kind(-np.inf)
    curve = kind(0.0) if relu else kind(1.0)
    batches = (rows + batch - 1) // batch
    one_buffer = (batch + ROWS - 1) // ROWS * ROWS * table[STRIDE, 0]
    own_spare = told[SPARE] * t
    met = 1

    taken = min(batch, rows)
    lo, hi = taken * t // threads, taken * (t + 1) // threads
    gather(features, order[lo:hi], hi - lo, active, lo * table[STRIDE, 0], table[STRIDE, 0])
    met = wait(sync, threads, met)
    for k in range(batches):
        taken = min(batch, rows - k * batch)
        height = (taken + ROWS - 1) // ROWS * ROWS
        inputs_at = one_buffer * (k % 2)
        step = settings[1 + k]
        for layer in range(1, last):
            below_at = inputs_at if layer == 1 else table[ACTIVE, layer - 1]
            lo, hi = own(table, layer, t, threads)
            forward_columns(
                table, layer, lo, hi, 0, height, active, below_at, x, floor
            )  # fmt: skip
            if told[ACTIVATION] == TANH and hi > lo:
                activate_tanh(active, table[ACTIVE, layer] + lo, table[STRIDE, layer], height, hi - lo)
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
                if layer > 2:
                    met = wait(sync, threads, met)
        if not plain:
            met = wait(sync, threads, met)
            direct(t, threads, table, told, hyper, l2, step, k, x, slope, state, spare, own_spare, borrowed(arrays[6]))
            met = wait(sync, threads, met)


def own(table, layer, t, threads):
    """The columns of a layer that are thread ``t``'s: (first, end)."""
    columns, panel = table[PADDED, layer], table[PANEL, layer]
    panels = (columns + panel - 1) // panel
    return panels * t // threads * panel, min(panels * (t + 1) // threads * panel, columns)


def forward_columns(table, layer, lo, hi, top, bottom, active, below_at, x, floor):
    """Columns lo ... hi - 1 of a layer's activations, rows top ... bottom - 1 of the batch."""
    inputs, columns, panel = table[PADDED, layer - 1], table[PADDED, layer], table[PANEL, layer]
    weights, stride, stride_below = table[WEIGHTS, layer], table[STRIDE, layer], table[STRIDE, layer - 1]
    out, left = table[ACTIVE, layer] + top * stride, below_at + top * stride_below
    for first in range(lo, hi, panel):
        width = min(panel, columns - first)
        forward(
            active, out + first, stride, bottom - top, active, left, stride_below, table[UNITS, layer - 1],
            x, weights + inputs * first, width, x, weights + inputs * columns + first, floor,
        )  # fmt: skip


def turn_rows(table, layer, lo, hi, x, turned):
    """Rows lo ... hi - 1 of a layer's weights, transposed panel by panel of the layer below."""
    inputs, columns, panel = table[PADDED, layer - 1], table[PADDED, layer], table[PANEL, layer - 1]
    for first in range(lo, hi, panel):
        width = min(panel, hi - first)
        turn(
            x, table[WEIGHTS, layer], inputs, table[UNITS, layer], table[PANEL, layer], columns, first, width,
            turned, table[UNITS, layer] * first,
        )  # fmt: skip


def slope_of_units(table, layer, lo, hi, height, active, turned, spare, own_spare, cut, curve):
    """The slope of units lo ... hi - 1 of the layer below, in place of their activations."""
    panel, units = table[PANEL, layer - 1], table[UNITS, layer]
    for first in range(lo, hi, panel):
        width = min(panel, hi - first)
        below(
            active, table[ACTIVE, layer - 1] + first, table[STRIDE, layer - 1], height,
            active, table[ACTIVE, layer], table[STRIDE, layer], units, turned, units * first, width,
            spare, own_spare, cut, curve,
        )  # fmt: skip


def move(
    table, layer, rows_lo, rows_hi, lo, hi, taken, active, below_at, target, alpha, beta, features, ahead, strip
):  # fmt: skip
    """target = beta target + alpha slope, for some rows and columns of a layer's weights.

    It is done strip by strip; between two, a few rows of the batch after the next are asked for out of far memory.
    """
    inputs, columns, panel = table[PADDED, layer - 1], table[PADDED, layer], table[PANEL, layer]
    strips = (rows_hi - rows_lo + strip - 1) // strip
    parts, part = (hi - lo + panel - 1) // panel * strips, 0
    for first in range(lo, hi, panel):
        width = min(panel, columns - first)
        for top in range(rows_lo, rows_hi, strip):
            update(
                target, table[WEIGHTS, layer] + inputs * first + top * width, width, min(strip, rows_hi - top),
                active, below_at + top, table[STRIDE, layer - 1], taken,
                active, table[ACTIVE, layer] + first, table[STRIDE, layer], alpha, beta,
            )  # fmt: skip
            if layer == 1:
                ask_ahead(features, ahead, part, parts)
                part += 1


def move_bias(table, layer, lo, hi, taken, active, slope, target, alpha):
    """target += alpha slope, for columns lo ... hi - 1 of a layer's bias."""
    if hi > lo:
        bias = table[WEIGHTS, layer] + table[PADDED, layer - 1] * table[PADDED, layer] + lo
        column_sums(active, table[ACTIVE, layer] + lo, table[STRIDE, layer], taken, hi - lo, slope, bias)
        if alpha != 0.0:
            for j in range(bias, bias + hi - lo):
                target[j] += alpha * slope[j]


def direct(t, threads, table, told, hyper, l2, step, k, x, slope, state, spare, own_spare, none):
    """Move thread t's chunks of x by the direction's rule, while each is in the cache."""
    kind = x.dtype.type
    twice = kind(2.0 * l2)
    size, memory = told[CHUNK], told[STATE_ROWS]
    direction = void_function(told[DIRECTION])
    chunks = (x.size + size - 1) // size
    for chunk in range(chunks * t // threads, chunks * (t + 1) // threads):
        first, end = chunk * size, min((chunk + 1) * size, x.size)
        if l2 > 0.0:
            for layer in range(1, table.shape[1]):
                start = table[WEIGHTS, layer]
                stop = start + table[PADDED, layer - 1] * table[PADDED, layer]
                for i in range(max(start, first), min(stop, end)):
                    slope[i] += twice * x[i]
        out = spare[own_spare : own_spare + end - first]
        part = x[first:end]
        kept = state[first * memory : end * memory].reshape((memory, end - first))
        direction(
            pack(part), pack(slope[first:end]), pack(none), pack(kept), pack(hyper), told[STEPS_DONE] + k, pack(out)
        )
        scale = kind(step)
        for i in range(end - first):
            part[i] += scale * out[i]
