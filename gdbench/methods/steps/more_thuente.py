"""Where a line search looks next: the safeguarded interpolation of Moré and Thuente (1994), section 4."""

from __future__ import annotations

import math


def next_trial(
    a: float,
    fa: float,
    da: float,
    b: float,
    fb: float,
    db: float,
    t: float,
    ft: float,
    dt: float,
    bracketed: bool,
    low: float,
    high: float,
) -> tuple[float, bool]:
    """(next trial, whether a minimum lies between a and the trials) from value and slope at three places.

    a is the best point, b the other end of the interval, t the trial; a trial without a bracket stays in [low, high].
    """
    if ft > fa:  # case 1: higher, so a minimum lies between; the cubic's, or half-way to the parabola's
        cubic = a + minimum(da, dt, 3.0 * (fa - ft) / (t - a) + da + dt, t < a) * (t - a)
        parabola = a + 0.5 * over(da, (fa - ft) / (t - a) + da) * (t - a)
        return (cubic if abs(cubic - a) < abs(parabola - a) else cubic + 0.5 * (parabola - cubic)), True
    secant = t + over(dt, dt - da) * (a - t)
    theta = 3.0 * (fa - ft) / (t - a) + da + dt
    if dt * da < 0.0:  # case 2: lower, and the slope has turned; the farther of cubic and secant
        cubic = t + minimum(dt, da, theta, t > a) * (a - t)
        return (cubic if abs(cubic - t) > abs(secant - t) else secant), True
    if abs(dt) < abs(da):  # case 3: lower, and the slope has flattened
        cubic = flattened(a, da, t, dt, theta, low, high)
        near = abs(cubic - t) < abs(secant - t)
        if bracketed:
            after = cubic if near else secant
            most = t + 0.66 * (b - t)
            return (min(most, after) if t > a else max(most, after)), True
        after = secant if near else cubic
        return min(max(after, low), high), False
    if bracketed:  # case 4: lower, and no flatter
        theta = 3.0 * (ft - fb) / (b - t) + db + dt
        return t + minimum(dt, db, theta, t > b) * (b - t), True
    return (high if t > a else low), False


def minimum(here: float, there: float, theta: float, backwards: bool) -> float:
    """How far the minimum of a cubic lies, as a share of the way from the slope ``here`` to the slope ``there``."""
    gamma = root(here, there, theta)
    if backwards:
        gamma = -gamma
    return over((gamma - here) + theta, ((gamma - here) + gamma) + there)


def flattened(a: float, da: float, t: float, dt: float, theta: float, low: float, high: float) -> float:
    """The minimum of the cubic if it lies beyond t, the end of the allowed interval if not."""
    gamma = root(da, dt, theta)
    if t > a:
        gamma = -gamma
    share = over((gamma - dt) + theta, (gamma + (da - dt)) + gamma)
    if share < 0.0 and gamma != 0.0:
        return t + share * (a - t)
    return high if t > a else low


def root(one: float, other: float, theta: float) -> float:
    """sqrt(theta^2 - one * other), scaled so that nothing overflows; 0 for a negative radicand."""
    scale = max(abs(theta), max(abs(one), abs(other)))
    if scale == 0.0:
        return 0.0
    return scale * math.sqrt(max(0.0, (theta / scale) ** 2 - (one / scale) * (other / scale)))


def over(above: float, below: float) -> float:
    """The quotient; 0 where there is none."""
    return above / below if below != 0.0 else 0.0
