"""A layer of a network under training, panel by panel: who owns which units, forward, backward, and its weights moved.

The loop in ``epoch.py`` calls these for every layer of every batch; ``table`` and the flat arrays are those of
``network_layout.py``. ``forward``, ``below`` and ``update`` are the register tiles', until a loop is made that asks the
BLAS (``training.py``).
"""

# The loops are compiled; Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from gdbench.devices.cpu.network_layout import ACTIVE, PADDED, PANEL, STRIDE, UNITS, WEIGHTS
from gdbench.devices.cpu.network_passes import ask_ahead, column_sums, turn
from gdbench.devices.cpu.network_products import below, forward, update


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
