"""The uniform signatures: what each kind of leaf takes, as the loops call it.

Each template is compiled once per plain function and dtype, with ``plain`` bound to that function
and VECTOR, MATRIX, DATA, COUNTS and SETTINGS to the types of that dtype; ``line`` once per number of
variables N too, of which it unrolls the loops. See ``compile.py``.

A line search asks for slopes at trial points, from whatever source. It is handed ``slope`` and, for data, a bundle of
all that a source wants (BUNDLE: addresses, data, the source's settings, counts), which it only passes on.

==========  ==========================================================  ==================
value       (x, data)                                                   scalar of x's dtype
line        (start, step, along, data, out)                             out: values at start + along[j] step
gradient    (x, data, out)                                              scalar: the value
hessian     (x, data, out (n, n))
product     (x, data, v, out)
kronecker   (x, data, keep, seed, draw, factors)
source      (value, gradient, x, data, hyper, counts, out)              scalar: the value
direction   (x, g, H, state, hyper, k, out)
second_order  (product, x, g, H, data, state, hyper, radius, counts, told, out)
told_product  (x, data, v, out)                               data is a bundle
slope       (x, data, out)                                              scalar: the value; data is a bundle
step        (value, x, f, g, d, data, hyper, k, counts, work)           float64: step size
line_search (slope, x, f, g, d, data, hyper, k, counts, work)           float64: step size
propose     (best, lower, upper, hyper, seed, k, out)
==========  ==========================================================  ==================
"""

# The names below are bound when a template is compiled.
# mypy: ignore-errors
# ruff: noqa: D103, F821

from __future__ import annotations

from gdbench.devices.cpu.pointer import lane_vector, opaque, registers, scalar_function, unpack, void_function


def value(x, data):
    return plain(unpack(x, VECTOR), unpack(data, DATA))


def line(start, step, along, data, out):
    first, step_, along_, data_ = unpack(start, VECTOR), unpack(step, VECTOR), unpack(along, VECTOR), unpack(data, DATA)
    values = unpack(out, VECTOR)
    for j in range(along_.size):
        x, t = registers(values, N), lane_vector(along_, j, 1, 1)[0]
        for v in range(N):
            x[v] = first[v] + t * step_[v]
        lane_vector(values, j, 1, 1)[0] = plain(x, data_)


def gradient(x, data, out):
    return plain(unpack(x, VECTOR), unpack(data, DATA), unpack(out, VECTOR))


def hessian(x, data, out):
    plain(unpack(x, VECTOR), unpack(data, DATA), unpack(out, MATRIX))


def product(x, data, v, out):
    plain(unpack(x, VECTOR), unpack(data, DATA), unpack(v, VECTOR), unpack(out, VECTOR))


def kronecker(x, data, keep, seed, draw, factors):
    plain(unpack(x, VECTOR), unpack(data, DATA), keep, seed, draw, unpack(factors, VECTOR))


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


def second_order(product, x, g, H, data, state, hyper, radius, counts, told, out):
    plain(
        void_function(product),
        unpack(x, VECTOR),
        unpack(g, VECTOR),
        unpack(H, MATRIX),
        opaque(data),
        unpack(state, MATRIX),
        unpack(hyper, SETTINGS),
        radius,
        unpack(counts, COUNTS),
        unpack(told, SETTINGS),
        unpack(out, VECTOR),
    )


def told_product(x, data, v, out):
    point = unpack(x, VECTOR)
    addresses, problem_data, hyper, counts = unpack(data, BUNDLE)
    source, product = scalar_function(addresses[2], point), void_function(addresses[3])
    value, gradient = scalar_function(addresses[0], point), scalar_function(addresses[1], point)
    plain(source, value, gradient, product, point, problem_data, hyper, counts, unpack(v, VECTOR), unpack(out, VECTOR))


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


def slope(x, data, out):
    point = unpack(x, VECTOR)
    addresses, problem_data, hyper, counts = unpack(data, BUNDLE)
    source = scalar_function(addresses[2], point)
    value, gradient = scalar_function(addresses[0], point), scalar_function(addresses[1], point)
    return plain(source, value, gradient, point, problem_data, hyper, counts, unpack(out, VECTOR))


def line_search(slope, x, f, g, d, data, hyper, k, counts, work):
    point = unpack(x, VECTOR)
    return plain(
        scalar_function(slope, point),
        point,
        f,
        unpack(g, VECTOR),
        unpack(d, VECTOR),
        opaque(data),
        unpack(hyper, SETTINGS),
        k,
        unpack(counts, COUNTS),
        unpack(work, WORK),
    )


def propose(best, lower, upper, hyper, seed, k, out):
    plain(unpack(best, VECTOR), lower, upper, unpack(hyper, SETTINGS), seed, k, unpack(out, VECTOR))
