"""Axes a stranger can read: limits that leave air, few ticks, and words for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.report.tables.formats import power_of_ten, tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["count", "seconds", "power"]


def positive(values: ArrayLike) -> NDArray[np.float64]:
    """The positive finite ones of ``values``, all that a logarithmic axis can show."""
    numbers: NDArray[np.float64] = np.asarray(values, dtype=np.float64).ravel()
    return numbers[np.isfinite(numbers) & (numbers > 0)]


def log_limits(values: ArrayLike, air: float = 1.35, least: float = 4.0) -> tuple[float, float]:
    """Ends of a logarithmic axis: ``air`` times beyond the values, and at least a factor ``least`` apart.

    >>> log_limits([1, 100], air=2)
    (0.5, 200.0)
    """
    shown = positive(values)
    if not shown.size:
        return 0.1, 10.0
    low, high = float(shown.min()) / air, float(shown.max()) * air
    if high / low < least:
        centre = (low * high) ** 0.5
        low, high = centre / least**0.5, centre * least**0.5
    return low, high


def log_axis(panel: Axes, which: Literal["x", "y"], limits: tuple[float, float], kind: Kind = "count") -> None:
    """Make an axis of ``panel`` logarithmic from limit to limit, its ticks written as ``kind`` says.

    count: 1,000 (10k where a million is passed); seconds: 10 µs; power: powers of ten.
    """
    from matplotlib import ticker

    low, high = limits
    panel.set(**{f"{which}scale": "log", f"{which}lim": limits})
    axis = panel.xaxis if which == "x" else panel.yaxis
    decades = np.log10(high / low)
    few = 1 if kind == "seconds" and which == "x" else 2  # beyond, words such as 500 µs would touch
    axis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0) if decades < few else (1.0,), numticks=8))
    if decades < 4:
        axis.set_minor_locator(ticker.LogLocator(subs=tuple(np.arange(1.0, 10.0)), numticks=60))
    else:
        axis.set_minor_locator(ticker.NullLocator())
    axis.set_minor_formatter(ticker.NullFormatter())
    axis.set_tick_params(which="minor", length=2, color="#BBBBBB")
    if kind == "seconds":
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: tick(value)))
    elif kind == "power":
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: power_of_ten(value)))
    elif high > 2e6:
        axis.set_major_formatter(ticker.EngFormatter(sep=""))
    else:
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))


def named_ticks(panel: Axes, values: ArrayLike, apart: float = 0.085) -> None:
    """Put the ticks of a logarithmic x axis at the measured values, leaving out those that would touch."""
    from matplotlib.ticker import FixedLocator, NullLocator

    low, high = np.log(panel.get_xlim())
    kept: list[float] = []
    for value in np.unique(positive(values)):
        if not kept or (np.log(value) - np.log(kept[-1])) / (high - low) >= apart:
            kept.append(float(value))
    panel.xaxis.set_major_locator(FixedLocator(kept))
    panel.xaxis.set_minor_locator(NullLocator())


def inner_ticks(panel: Axes, room: float = 0.07) -> None:
    """Keep the ticks of a logarithmic x axis away from its ends, past which their labels would run."""
    from matplotlib.ticker import FixedLocator

    low, high = np.log(panel.get_xlim())
    kept = [tick for tick in panel.get_xticks() if room <= (np.log(tick) - low) / (high - low) <= 1 - room]
    panel.xaxis.set_major_locator(FixedLocator(kept))


def markers_every(points: int) -> int:
    """Step between the markers of a line of so many points: about ten markers a line."""
    return max(points // 10, 1)
