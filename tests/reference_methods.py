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


# --- directions that look at x too, or at two points: called as direction(x, g) -----------------------------------


class OfSlope:
    """A twin above, with the later signature."""

    def __init__(self, twin):
        self.twin = twin

    def __call__(self, x, g):
        return self.twin(g)


class Nesterov:
    """Sutskever et al. (2013), eq. 3-4, for a step size that is told: y is where it is, x where it looks."""

    def __init__(self, beta=0.9, step_size=1.0):
        self.beta, self.step_size, self.y, self.v = beta, step_size, None, 0.0

    def __call__(self, x, g):
        self.y = x if self.y is None else self.y
        self.v = self.beta * self.v - self.step_size * g
        self.y = self.y + self.v
        return (self.y + self.beta * self.v - x) / self.step_size


class Adagrad:
    """Duchi, Hazan, Singer (2011), figure 1: every slope so far is kept."""

    def __init__(self, epsilon=1e-10):
        self.epsilon, self.slopes = epsilon, []

    def __call__(self, x, g):
        self.slopes.append(g)
        return -g / (np.sqrt(np.sum(np.square(self.slopes), axis=0)) + self.epsilon)


class RMSProp:
    """Tieleman and Hinton (2012): the mean square written out as a sum over all slopes."""

    def __init__(self, beta=0.9, epsilon=1e-8):
        self.beta, self.epsilon, self.slopes = beta, epsilon, []

    def __call__(self, x, g):
        self.slopes.append(g)
        weights = (1 - self.beta) * self.beta ** np.arange(len(self.slopes))[::-1]
        return -g / (np.sqrt(weights @ np.square(self.slopes)) + self.epsilon)


class AdamW:
    """Loshchilov and Hutter (2019), algorithm 2, line 12, without the common factor."""

    def __init__(self, decay=1e-2):
        self.adam, self.decay = Adam(), decay

    def __call__(self, x, g):
        return self.adam(g) - self.decay * x


class AMSGrad:
    """Reddi, Kale, Kumar (2018), algorithm 2: the largest of all second moments so far; Adam's corrections."""

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.m, self.seconds, self.t = 0.0, [], 0

    def __call__(self, x, g):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        before = self.seconds[-1] if self.seconds else np.zeros_like(g)
        self.seconds.append(self.beta2 * before + (1 - self.beta2) * g**2)
        v_hat = np.max(self.seconds, axis=0) / (1 - self.beta2**self.t)
        return -self.m / (1 - self.beta1**self.t) / (np.sqrt(v_hat) + self.epsilon)


class Nadam:
    """Dozat (2016), algorithm 2, with mu_t = beta1 at every t."""

    def __init__(self, mu=0.9, nu=0.999, epsilon=1e-8):
        self.mu, self.nu, self.epsilon = mu, nu, epsilon
        self.m, self.n, self.t = 0.0, 0.0, 0

    def __call__(self, x, g):
        self.t += 1
        products = np.cumprod(np.full(self.t + 1, self.mu))
        self.m = self.mu * self.m + (1 - self.mu) * g
        self.n = self.nu * self.n + (1 - self.nu) * g**2
        m_hat = self.mu * self.m / (1 - products[self.t]) + (1 - self.mu) * g / (1 - products[self.t - 1])
        return -m_hat / (np.sqrt(self.n / (1 - self.nu**self.t)) + self.epsilon)


class Lion:
    """Chen et al. (2023), algorithm 2."""

    def __init__(self, beta1=0.9, beta2=0.99, decay=0.0):
        self.beta1, self.beta2, self.decay, self.m = beta1, beta2, decay, 0.0

    def __call__(self, x, g):
        c = self.beta1 * self.m + (1 - self.beta1) * g
        self.m = self.beta2 * self.m + (1 - self.beta2) * g
        return -(np.sign(c) + self.decay * x)


class Conjugate:
    """Nocedal and Wright (2006), algorithm 5.4, with a beta of the caller's."""

    def __init__(self, beta):
        self.beta, self.g, self.d = beta, None, None

    def __call__(self, x, g):
        d = -g if self.g is None else -g + self.beta(self.g, g, self.d) * self.d
        self.g, self.d = g, d if d @ g < 0 else -g
        return self.d


def fletcher_reeves(old, new, d):
    """Nocedal and Wright (2006), eq. 5.41a, and 5.52 with nu = 0.1."""
    return 0.0 if abs(new @ old) >= 0.1 * (new @ new) else (new @ new) / (old @ old)


def polak_ribiere(old, new, d):
    """Nocedal and Wright (2006), eq. 5.44 and 5.45."""
    return max(0.0, new @ (new - old) / (old @ old))


def hager_zhang(old, new, d):
    """Hager and Zhang (2005), eq. 1.3, 1.5 and 1.6."""
    y = new - old
    beta = (y - 2 * d * (y @ y) / (d @ y)) @ new / (d @ y)
    return max(beta, -1 / (np.linalg.norm(d) * min(0.01, np.linalg.norm(old))))


class BFGS:
    """Nocedal and Wright (2006), eq. 6.17 as a product of matrices, 6.20 before the first update."""

    def __init__(self):
        self.H, self.x, self.g = None, None, None

    def __call__(self, x, g):
        unit = np.eye(len(x))
        if self.x is not None:
            s, y = x - self.x, g - self.g
            if s @ y > 1e-16 * (y @ y):
                before = (s @ y) / (y @ y) * unit if self.H is None else self.H
                left = unit - np.outer(s, y) / (y @ s)
                self.H = left @ before @ left.T + np.outer(s, s) / (y @ s)
        self.x, self.g = x, g
        return -g if self.H is None else -self.H @ g


class LBFGS:
    """Nocedal and Wright (2006), eq. 7.19, as a matrix: BFGS from a scaled identity, by the last m pairs alone."""

    def __init__(self, m=10):
        self.m, self.pairs, self.x, self.g = m, [], None, None

    def __call__(self, x, g):
        if self.x is not None:
            s, y = x - self.x, g - self.g
            if s @ y > 1e-16 * (y @ y):
                self.pairs = [*self.pairs, (s, y)][-self.m :]
        self.x, self.g = x, g
        if not self.pairs:
            return -g
        unit = np.eye(len(x))
        s, y = self.pairs[-1]
        H = (s @ y) / (y @ y) * unit
        for s, y in self.pairs:
            left = unit - np.outer(s, y) / (y @ s)
            H = left @ H @ left.T + np.outer(s, s) / (y @ s)
        return -H @ g


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
