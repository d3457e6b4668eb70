"""How a descent ended: a closed set, the same on every device.

The loops return the small integers; everything above them speaks of :class:`Status`.
"""

from __future__ import annotations

from enum import IntEnum

RUNNING = 0
CONVERGED_G = 1
CONVERGED_F = 2
CONVERGED_X = 3
TARGET = 4
MAXITER = 5
MAXFEV = 6
MAXTIME = 7
LINESEARCH_FAILED = 8
DIVERGED = 9
NONFINITE = 10
STOPPED = 11


class Status(IntEnum):
    """Why a descent stopped.

    >>> Status.TARGET.success, Status.DIVERGED.success
    (True, False)
    >>> print(Status.MAXITER.message)
    The iteration limit was reached.
    """

    CONVERGED_G = CONVERGED_G
    CONVERGED_F = CONVERGED_F
    CONVERGED_X = CONVERGED_X
    TARGET = TARGET
    MAXITER = MAXITER
    MAXFEV = MAXFEV
    MAXTIME = MAXTIME
    LINESEARCH_FAILED = LINESEARCH_FAILED
    DIVERGED = DIVERGED
    NONFINITE = NONFINITE
    STOPPED = STOPPED

    @property
    def success(self) -> bool:
        """Whether a tolerance or the target was met."""
        return self in (Status.CONVERGED_G, Status.CONVERGED_F, Status.CONVERGED_X, Status.TARGET)

    @property
    def message(self) -> str:
        """One sentence for people."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.CONVERGED_G: "The largest slope fell to gtol.",
    Status.CONVERGED_F: "The value changed by no more than ftol, fatol or frtol.",
    Status.CONVERGED_X: "The point moved by no more than xtol, xatol or xrtol.",
    Status.TARGET: "The value reached fun_target.",
    Status.MAXITER: "The iteration limit was reached.",
    Status.MAXFEV: "The limit on value evaluations was reached.",
    Status.MAXTIME: "The time limit was reached.",
    Status.LINESEARCH_FAILED: "No acceptable step size was found along the direction.",
    Status.DIVERGED: "The descent left the finite numbers: try a smaller step size.",
    Status.NONFINITE: "The value or the slope is not finite at the start.",
    Status.STOPPED: "The callback asked to stop.",
}
