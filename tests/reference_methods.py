"""Slow, obvious twins of the loops: each method as its paper writes it, on NumPy vectors, one step at a time.

Nothing here is shared with the package but the random numbers, which are tests' own matter (test_philox.py).
"""

from __future__ import annotations

import math

import numpy as np


def forward_slope(value, x, h):
    """Nocedal and Wright (2006), eq. 8.1; towards the side on which x lies, so that |x| grows."""
    slope = np.empty(len(x))
    for i, unit in enumerate(np.eye(len(x))):
        signed = -h if x[i] < 0 else h
        slope[i] = (value(x + signed * unit) - value(x)) / signed
    return slope


def central_slope(value, x, h):
    """Nocedal and Wright (2006), eq. 8.7."""
    return np.array([(value(x + h * e) - value(x - h * e)) / (2 * h) for e in np.eye(len(x))])


class Steepest:
    """Cauchy (1847)."""

    def __call__(self, g):
        return -g


class Sign:
    """Goodfellow, Bengio, Courville (2016), section 4.3."""

    def __call__(self, g):
        return -np.sign(g)


class Momentum:
    """Sutskever et al. (2013), eq. 1, with the learning rate outside of the velocity."""

    def __init__(self, beta=0.9):
        self.beta, self.v = beta, 0.0

    def __call__(self, g):
        self.v = self.beta * self.v - g
        return self.v


class Adam:
    """Kingma and Ba (2015), algorithm 1, line by line."""

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.m, self.v, self.t = 0.0, 0.0, 0

    def __call__(self, g):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        return -m_hat / (np.sqrt(v_hat) + self.epsilon)


def fixed(size):
    """The same step size at every step."""
    return lambda value, x, d: size


def best_of(sizes):
    """Goodfellow, Bengio, Courville (2016), section 4.3: several step sizes, the lowest value wins."""
    return lambda value, x, d: min(sizes, key=lambda size: value(x + size * d))


def descend(value, slope, x, direction, step, steps):
    """All points (steps + 1, n), values and step sizes of a descent."""
    x = np.array(x, dtype=float)
    points, values, sizes = [x], [value(x)], [math.nan]
    for _ in range(steps):
        d = direction(slope(x))
        size = step(value, x, d)
        x = x + size * d
        points.append(x)
        values.append(value(x))
        sizes.append(size)
    return np.array(points), np.array(values), np.array(sizes)


def stochastic_descend(slope_on, x, direction, step_size, steps, rows, batch_size, order_of_epoch):
    """Points of a mini-batch descent; ``slope_on(x, chosen_rows)``, ``order_of_epoch(epoch) -> permutation``."""
    x = np.array(x, dtype=float)
    points, epoch, waiting = [x], 0, []
    for _ in range(steps):
        if not waiting:
            order = list(order_of_epoch(epoch))
            assert len(order) == rows
            waiting = [order[i : i + batch_size] for i in range(0, rows, batch_size)]
            epoch += 1
        x = x + step_size * direction(slope_on(x, waiting.pop(0)))
        points.append(x)
    return np.array(points)


def search(value, x, propose, steps):
    """Best points (steps + 1, n) of a search; ``propose(best, k)``."""
    best = np.array(x, dtype=float)
    points = [best]
    for k in range(steps):
        trial = propose(best, k)
        if value(trial) < value(best):
            best = trial
        points.append(best)
    return np.array(points)
