"""What does a slope cost in the libraries people use? Each beside gdbench's sources, on the same function.

``peers.py gradients`` asks the same with all contenders interleaved in one run, which is what a ratio should rest on.
"""

from __future__ import annotations

import pytest
from network_slopes import ON_NETWORK, network
from slope_work import slope_bytes
from slopes import GATE, ON_CHAIN, VARIABLES, analytic, chain, off

ASKED = [("rosenbrock", n, name) for n in VARIABLES for name in ON_CHAIN]
ASKED += [("network", 101_770, name) for name in ON_NETWORK]


@pytest.mark.parametrize(("kind", "n", "name"), ASKED, ids=[f"{kind}-{n}-{name}" for kind, n, name in ASKED])
@pytest.mark.filterwarnings("default")  # other libraries warn of their own affairs
def test_slope(timed, benchmark, kind, n, name):
    contender = (ON_CHAIN if kind == "rosenbrock" else ON_NETWORK)[name]
    if reason := contender.missing(n):
        pytest.skip(reason)
    problem = chain(n) if kind == "rosenbrock" else network()
    found = None

    def build():
        nonlocal found
        found = contender.make(problem)
        return found

    def check():
        apart = off(found, analytic(problem))
        # scale: all parameters take so many times as long as those of a sample, whose seconds are told
        benchmark.extra_info.update(error=apart, scale=found.scale)
        if not apart <= GATE:
            pytest.fail(f"the slope is {apart:.1e} off the analytic one; excluded")

    timed(
        f"one slope of {kind}-{n}",
        build,
        check,
        problem=problem.name,
        contender=name,
        n=n,
        dtype="float64",
        **({"flops": contender.flops(problem)} if contender.flops else {}),
        bytes=slope_bytes("analytic", problem),
    )
