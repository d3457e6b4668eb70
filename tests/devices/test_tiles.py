"""Every register tile against NumPy, in the shapes of several CPUs, with odd depths, strides and factors."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from gdbench.devices.cpu import blas_products, network_products
from gdbench.devices.cpu.tiles import Registers, below_tile, forward_tile, registers, update_tile

SHAPES = [Registers(8, 2, 64), Registers(4, 2, 32), Registers(4, 2, 16), Registers(3, 1, 32)]
CLOSE = {"float32": 2e-5, "float64": 1e-13}


def drawn(shape, dtype, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def called(tile):
    """The intrinsic as a function for Python, its numbers in the dtype of C."""

    @numba.njit
    def run(c, c_at, c_row, a, a_at, a_row, a_col, b, b_at, b_row, depth, one, two):
        kind = c.dtype.type
        tile(c, c_at, c_row, a, a_at, a_row, a_col, b, b_at, b_row, depth, kind(one), kind(two))

    return run


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_update_is_beta_c_plus_alpha_a_b(shape, dtype):
    width = shape.vectors * shape.bytes // np.dtype(dtype).itemsize
    run = called(update_tile(shape, shape.vectors))
    for depth, alpha, beta, gap, turned in [(1, 1, 0, 0, False), (7, -0.3, 1, 5, True), (33, 2, 0.5, 1, False)]:
        a = drawn((shape.rows, depth + gap), dtype, depth)
        a = np.ascontiguousarray(a.T) if turned else a
        row, column = (1, shape.rows) if turned else (depth + gap, 1)
        b, c = drawn((depth, width + gap), dtype, 2), drawn((shape.rows, width + gap + 2), dtype, 3)
        left = (a.T if turned else a)[:, :depth].astype(float)
        expected = c.astype(float)
        expected[:, 1 : 1 + width] = beta * expected[:, 1 : 1 + width] + alpha * left @ b[:, :width].astype(float)
        run(c.reshape(-1), 1, width + gap + 2, a.reshape(-1), 0, row, column, b.reshape(-1), 0, width + gap, depth,
            alpha, beta)  # fmt: skip
        np.testing.assert_allclose(c, expected, rtol=CLOSE[dtype], atol=10 * CLOSE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("cut", "curve"), [(0.0, 0.0), (-np.inf, 1.0)])
def test_below_is_the_slope_below_an_activation(shape, dtype, cut, curve):
    width = shape.bytes // np.dtype(dtype).itemsize
    a, b = drawn((shape.rows, 5), dtype, 0), drawn((5, width), dtype, 1)
    c = np.tanh(drawn((shape.rows, width), dtype, 2))
    expected = np.where(c <= cut, 0.0, (a @ b) * (1 - curve * c * c))
    called(below_tile(shape, 1))(
        c.reshape(-1), 0, width, a.reshape(-1), 0, 5, 1, b.reshape(-1), 0, width, 5, cut, curve
    )
    np.testing.assert_allclose(c, expected, rtol=CLOSE[dtype], atol=CLOSE[dtype])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_adds_the_bias_and_keeps_nan(shape):
    tile, width = forward_tile(shape, 1), shape.bytes // 8

    @numba.njit
    def run(c, a, b, bias, floor):
        tile(c, 0, width, a, 0, 3, 1, b, 0, width, 3, bias, 0, floor)

    a, b, bias = drawn((shape.rows, 3), float, 0), drawn((3, width), float, 1), drawn(width, float, 2)
    for floor in (0.0, -np.inf):
        c = np.zeros((shape.rows, width))
        run(c.reshape(-1), a.reshape(-1), b.reshape(-1), bias, floor)
        np.testing.assert_allclose(c, np.maximum(a @ b + bias, floor), rtol=1e-13)
    a[1, 2] = np.nan
    run(c.reshape(-1), a.reshape(-1), b.reshape(-1), bias, 0.0)
    assert np.isnan(c[1]).all()
    assert np.isfinite(c[0]).all()


def test_the_tile_fits_the_processor(monkeypatch):
    found = {}
    for name, features in {"512": "+avx2,+fma,+avx512f", "256": "+avx2,+fma,-avx512f", "none": "+sse2"}.items():
        monkeypatch.setattr("gdbench.devices.cpu.tiles.config.CPU_FEATURES", features)
        found[name] = registers().bytes
    assert found == {"512": 64, "256": 32, "none": 16}


@pytest.mark.parametrize("products", [network_products, blas_products], ids=["tiles", "blas"])
@pytest.mark.parametrize("vectors", [1, network_products.TILE.vectors])
def test_both_products_of_panels_do_the_same(products, vectors):
    width, rows, depth = vectors * network_products.VECTOR // 8, 2 * network_products.ROWS, 13
    forward, below, update = (numba.njit(getattr(products, name)) for name in ("forward", "below", "update"))
    a, b, bias = drawn((rows, depth), float, 0), drawn((depth, width), float, 1), drawn(width, float, 2)
    c, spare = np.zeros((rows, width + 3)), np.zeros(rows * width)

    forward(c.reshape(-1), 2, width + 3, rows, a.reshape(-1), 0, depth, depth, b.reshape(-1), 0, width, bias, 0, 0.0)
    hidden = np.maximum(a @ b + bias, 0)
    np.testing.assert_allclose(c[:, 2:-1], hidden, rtol=1e-12)
    below(
        c.reshape(-1), 2, width + 3, rows, a.reshape(-1), 0, depth, depth, b.reshape(-1), 0, width, spare, 0, 0.0, 0.0
    )  # fmt: skip
    np.testing.assert_allclose(c[:, 2:-1], np.where(hidden > 0, a @ b, 0), rtol=1e-12)
    assert (c[:, [0, 1, -1]] == 0).all()
    weights, left = np.ones((rows, width)), drawn((depth, rows + 1), float, 3)
    update(
        weights.reshape(-1), 0, width, rows, left.reshape(-1), 1, rows + 1, depth, b.reshape(-1), 0, width, -0.5, 0.9
    )  # fmt: skip
    np.testing.assert_allclose(weights, 0.9 - 0.5 * left[:, 1:].T @ b, rtol=1e-12)
