"""Numbers as a reader wants them: 12.3 µs, 3.4x, 1.23 [1.20, 1.27] ms, 101,770.

A number that is missing prints as a dash, one without bound (a target never reached) as ∞.
"""

from __future__ import annotations

import math

MISSING, ENDLESS = "–", "∞"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def seconds(value: float, digits: int = 3) -> str:
    """``value`` seconds in the unit that leaves 1 to 999 before the point, to ``digits`` significant ones.

    >>> seconds(1.234e-5), seconds(0.9999), seconds(4321)
    ('12.3 µs', '1.00 s', '4,321 s')
    """
    if not math.isfinite(value):
        return not_finite(value)
    scale, unit = _unit(value, digits)
    return f"{_fixed(value / scale, _decimals(value / scale, digits))} {unit}"


def tick(value: float) -> str:
    """Seconds beside an axis: the engineering unit, and no digit that says nothing.

    >>> tick(2.5e-3), tick(1e-5), tick(1000)
    ('2.5 ms', '10 µs', '1,000 s')
    """
    scale, unit = _unit(value, 3)
    return f"{value / scale:,.10g} {unit}"


def power_of_ten(value: float) -> str:
    """A number as a power of ten, before it what is left of it.

    >>> power_of_ten(1e-12), power_of_ten(20), power_of_ten(1)
    ('10⁻¹²', '2·10¹', '10⁰')
    """
    exponent = math.floor(math.log10(value) + 1e-9)
    left = f"{value / 10.0**exponent:.3g}"
    power = "10" + str(exponent).translate(RAISED)
    return power if left == "1" else f"{left}·{power}"


def ratio(value: float) -> str:
    """How many times as much: two significant digits below ten, whole numbers above.

    >>> ratio(3.42), ratio(0.0851), ratio(101770.6)
    ('3.4x', '0.085x', '101,771x')
    """
    if not math.isfinite(value):
        return not_finite(value)
    return f"{_fixed(value, _decimals(value, 2))}x"


def interval(median: float, low: float, high: float, unit: str = "s", digits: int = 3) -> str:
    """A median and its interval with the same decimals and one unit.

    Seconds ("s") take the engineering unit of the median; any other unit is printed as it is.
    An interval whose ends are missing is left out.

    >>> interval(1.234e-3, 1.201e-3, 1.269e-3)
    '1.23 [1.20, 1.27] ms'
    >>> interval(3.4, 3.3, 3.52, unit="x")
    '3.40 [3.30, 3.52] x'
    >>> interval(1.2, math.nan, math.nan)
    '1.20 s'
    """
    if not math.isfinite(median):
        return not_finite(median)
    scale, shown = _unit(median, digits) if unit == "s" else (1.0, unit)
    decimals = _decimals(median / scale, digits)
    ends = [_fixed(end / scale, decimals) for end in (low, high)]
    bracket = "" if math.isnan(low) and math.isnan(high) else f" [{', '.join(ends)}]"
    return f"{_fixed(median / scale, decimals)}{bracket} {shown}".rstrip()


def count(value: float) -> str:
    """A whole number with its thousands apart; a median between two whole numbers keeps one decimal.

    >>> count(101770), count(12.5), count(math.inf)
    ('101,770', '12.5', '∞')
    """
    if not math.isfinite(value):
        return not_finite(value)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _unit(value: float, digits: int) -> tuple[float, str]:
    """The largest unit in which ``value``, rounded, is at least 1; nanoseconds for all below."""
    rounded = abs(float(f"{value:.{digits - 1}e}"))  # 999.96 µs is 1.00 ms
    return next((unit for unit in _UNITS if rounded >= unit[0]), _UNITS[0] if value == 0 else _UNITS[-1])


def _decimals(value: float, digits: int) -> int:
    """Decimals that show ``digits`` significant ones of ``value``; never less than none."""
    if value == 0:
        return 0
    exponent = int(f"{value:.{digits - 1}e}".partition("e")[2])  # after rounding: 9.96 has two digits before the point
    return max(digits - 1 - exponent, 0)


def _fixed(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return not_finite(value)
    return f"{value:,.{decimals}f}"


def not_finite(value: float) -> str:
    """The dash or the ∞ that stands for a number that is none."""
    if math.isnan(value):
        return MISSING
    return ENDLESS if value > 0 else f"-{ENDLESS}"
