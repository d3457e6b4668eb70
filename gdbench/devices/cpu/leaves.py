"""The uniform signatures: what each kind of leaf takes, as the loops call it.

Each template is compiled once per plain function and dtype, with ``plain`` bound to that function
and VECTOR, MATRIX, DATA, COUNTS and SETTINGS to the types of that dtype. See ``compile.py``.

==========  ==========================================================  ==================
value       (x, data)                                                   scalar of x's dtype
gradient    (x, data, out)                                              scalar: the value
hessian     (x, data, out (n, n))
source      (value, gradient, x, data, hyper, counts, out)              scalar: the value
direction   (x, g, H, state, hyper, k, out)
step        (value, x, f, g, d, data, hyper, k, counts, work)           float64: step size
propose     (best, lower, upper, hyper, seed, k, out)
==========  ==========================================================  ==================
"""

# The names below are bound when a template is compiled.
# mypy: ignore-errors
# ruff: noqa: D103, F821

from __future__ import annotations

from gdbench.devices.cpu.pointer import opaque, scalar_function, unpack


def value(x, data):
    return plain(unpack(x, VECTOR), unpack(data, DATA))


def gradient(x, data, out):
    return plain(unpack(x, VECTOR), unpack(data, DATA), unpack(out, VECTOR))


def hessian(x, data, out):
    plain(unpack(x, VECTOR), unpack(data, DATA), unpack(out, MATRIX))


def source(value, gradient, x, data, hyper, counts, out):
    point = unpack(x, VECTOR)
    return plain(
        scalar_function(value, point),
        scalar_function(gradient, point),
        point,
        opaque(data),
        unpack(hyper, SETTINGS),
        unpack(counts, COUNTS),
        unpack(out, VECTOR),
    )


def direction(x, g, H, state, hyper, k, out):
    plain(
        unpack(x, VECTOR),
        unpack(g, VECTOR),
        unpack(H, MATRIX),
        unpack(state, MATRIX),
        unpack(hyper, SETTINGS),
        k,
        unpack(out, VECTOR),
    )


def step(value, x, f, g, d, data, hyper, k, counts, work):
    point = unpack(x, VECTOR)
    return plain(
        scalar_function(value, point),
        point,
        f,
        unpack(g, VECTOR),
        unpack(d, VECTOR),
        opaque(data),
        unpack(hyper, SETTINGS),
        k,
        unpack(counts, COUNTS),
        unpack(work, VECTOR),
    )


def propose(best, lower, upper, hyper, seed, k, out):
    plain(unpack(best, VECTOR), lower, upper, unpack(hyper, SETTINGS), seed, k, unpack(out, VECTOR))
