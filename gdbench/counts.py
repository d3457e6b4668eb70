"""The ledger of a descent: where each kind of evaluation is counted.

Loops and rules add to an ``int64`` array by these positions, so counts are exact and the same on
every machine. ``NFEV`` counts values a descent asked for itself; the values that a finite
difference spends on its slopes are apart, in ``NFEV_FD``.
"""

NFEV = 0  # values asked for by the descent (a slope brings its value along: one of each)
NJEV = 1  # gradients, from any source
NHEV = 2  # Hessians
NHVP = 3  # Hessian-vector products
NFEV_FD = 4  # values spent inside finite-difference gradients
N_COUNTS = 5

NAMES = ("nfev", "njev", "nhev", "nhvp", "nfev_fd")
