"""Random numbers: the published vectors, the same bits compiled, and the distributions they claim."""

from __future__ import annotations

import math
import platform
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from llvmlite.binding import get_host_cpu_features
from numba import config, njit
from scipy import stats

from gdbench import philox
from gdbench.devices.cpu.compile import OPTIONS, inlined
from gdbench.methods.search import propose_anywhere

# Random123's own known answers for philox4x32, 10 rounds (its file kat_vectors): counter, key, output.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),  # the digits of pi
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_the_published_answers(counter, key, answer):
    assert philox.philox4x32(*counter, *key) == answer


def test_seed_stream_and_index_take_their_place_in_counter_and_key():
    (c0, c1, c2, c3), (k0, k1), answer = KNOWN[2]
    assert philox.bits(k0 | k1 << 32, c2 | c3 << 32, c0 | c1 << 32) == answer


def test_compiled_draws_are_the_same_bits():
    from numba import njit

    from gdbench.devices.cpu.compile import inlined

    uniform, normal, shuffle = map(inlined, (philox.uniform_pair, philox.normal_pair, philox.shuffle))

    @njit
    def draws(seed, stream, n):
        out = np.empty((n, 4))
        order = np.empty(n, np.int64)
        for i in range(n):
            out[i, 0], out[i, 1] = uniform(seed, stream, i)
            out[i, 2], out[i, 3] = normal(seed, stream, i)
        shuffle(order, seed, stream)
        return out, order

    for seed, stream in ((0, 0), (2**63 - 1, 7), (123456789, 2**62)):
        out, order = draws(seed, stream, 200)
        plain = np.array(
            [philox.uniform_pair(seed, stream, i) + philox.normal_pair(seed, stream, i) for i in range(200)]
        )
        np.testing.assert_array_equal(out[:, :2], plain[:, :2])
        np.testing.assert_allclose(out[:, 2:], plain[:, 2:], rtol=1e-13)  # log and cos are the libraries' own
        twin = np.empty(200, np.int64)
        philox.shuffle(twin, seed, stream)
        np.testing.assert_array_equal(order, twin)


def test_a_compiled_point_of_the_box_is_rounded_once_as_cuda_does_it():
    """lower + (upper - lower) u as one fused operation, or CPU and GPU would propose different points."""
    features = set((config.CPU_FEATURES or get_host_cpu_features().flatten()).split(","))
    if platform.machine() in ("x86_64", "AMD64") and "+fma" not in features:
        pytest.skip("this CPU fuses nothing")
    propose, nothing = inlined(propose_anywhere), np.zeros(1)

    @njit(**OPTIONS)
    def drawn(lower, upper, k):
        out = np.zeros(2)
        propose(nothing, lower, upper, nothing, 3, k, out)
        return out[0], out[1]

    lower, upper = -2.048, 2.048
    for k in range(200):
        fused = [float(Fraction(lower) + Fraction(upper - lower) * Fraction(u)) for u in philox.uniform_pair(3, k, 0)]
        assert drawn(lower, upper, k) == tuple(fused)


def test_uniform_draws_are_uniform():
    draws = philox.uniforms(20_000, seed=1)
    assert draws.shape == (20_000,)
    assert draws.min() >= 0
    assert draws.max() < 1
    assert stats.kstest(draws, "uniform").pvalue > 0.01
    assert draws.mean() == pytest.approx(1 / 2, abs=4 / math.sqrt(12 * 20_000))
    assert draws.var() == pytest.approx(1 / 12, rel=0.02)
    assert abs(np.corrcoef(draws[0::2], draws[1::2])[0, 1]) < 0.04  # the two of a pair
    assert len(np.unique(draws)) == 20_000


def test_normal_draws_are_normal():
    draws = np.array([philox.normal_pair(2, 5, i) for i in range(10_000)])
    assert stats.kstest(draws.ravel(), "norm").pvalue > 0.01
    assert draws.mean() == pytest.approx(0, abs=4 / math.sqrt(20_000))
    assert draws.var() == pytest.approx(1, rel=0.04)
    assert stats.kurtosis(draws.ravel()) == pytest.approx(0, abs=0.15)
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.04


def test_other_seeds_and_streams_are_other_draws():
    draws = {philox.bits(seed, stream, 0) for seed in (0, 1, 2**32, 2**62) for stream in (0, 1, 2**32, 2**62)}
    assert len(draws) == 16
    a, b = philox.uniforms(5000, seed=0), philox.uniforms(5000, seed=1)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.06


@pytest.mark.parametrize("n", [0, 1, 2, 97])
def test_a_shuffle_is_a_permutation(n):
    order = np.empty(n, np.int64)
    philox.shuffle(order, 3, 4)
    np.testing.assert_array_equal(np.sort(order), np.arange(n))


def test_every_permutation_is_equally_likely():
    counts = dict.fromkeys(permutations(range(4)), 0)
    order = np.empty(4, np.int64)
    for stream in range(4800):
        philox.shuffle(order, 9, stream)
        counts[tuple(order.tolist())] += 1
    assert stats.chisquare(list(counts.values())).pvalue > 0.01
