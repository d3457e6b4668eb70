"""The ellipsoid: the quadratic bowl of black-box benchmarks, a million times steeper one way than another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gdbench.problems.base import Problem, family
from gdbench.problems.checks import whole
from gdbench.problems.quadratic import quadratic


@family("ellipsoid")
def ellipsoid(n: int = 10) -> Problem:
    """Ellipsoid: a separable quadratic of condition 1e6, whatever the number of variables.

    f(x) = sum_i 10^(6 (i - 1) / (n - 1)) x_i^2, least (0) at the origin: ``quadratic`` with eigenvalues from 2 to 2e6.

    Parameters
    ----------
    n: number of variables, at least 2. The start is x = (1, ..., 1).

    Raises
    ------
    InputError: n is not a whole number of at least 2.

    References
    ----------
    Hansen, Finck, Ros and Auger (2009), Real-parameter black-box optimization benchmarking 2009: noiseless
    functions definitions, f2 (there shifted, and transformed so that it is no longer quadratic).

    Examples
    --------
    >>> problem = ellipsoid(n=3)
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    1001001.0
    """
    n = whole("n", n, least=2)
    return replace(
        quadratic(spectrum=2.0 * np.geomspace(1.0, 1e6, n)),
        name=f"ellipsoid-{n}",
        lower=-5.0,
        upper=5.0,
        formula="sum_i 10^(6 (i - 1) / (n - 1)) x_i^2",
        source="Hansen, Finck, Ros and Auger 2009, f2",
    )
