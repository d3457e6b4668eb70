"""Threads that wait for one another without the operating system: a counter, and a look at it.

A barrier needs every thread to be running. Whether a parallel loop really runs its slices at the same time is up to
Numba's threading layer and to what else goes on, so it is never assumed: the slices meet once, with a limit on their
patience, before anything is done, and agree for good either to go on or to leave.
"""

# Numba calls what the decorators below register; its own hooks are untyped.
# mypy: disable-error-code="no-untyped-def, misc, no-untyped-call"

from __future__ import annotations

import os

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

#: ``sync``: how many have come to the meeting, what was agreed there, how many have come to a barrier since; each in a
#: cache line of its own.
LINE = 8
SYNC = 3 * LINE
COME, AGREED, PASSED = 0, 1, 2 * LINE
GO, LEAVE = 1, 2
#: Looks at the counter before a thread lets others run, and lets of others before the meeting is called off.
LOOKS = 2000
PATIENCE = 20_000


def _place(context, builder, kind, array, at):
    return builder.gep(context.make_array(kind)(context, builder, value=array).data, [at])


@intrinsic
def add(typingctx, array, at, amount):
    """array[at] += amount for all threads at once; returns what it was."""

    def codegen(context, builder, sig, args):
        return builder.atomic_rmw("add", _place(context, builder, array, args[0], args[1]), args[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), codegen


@intrinsic
def look(typingctx, array, at):
    """array[at] as the other threads have left it."""

    def codegen(context, builder, sig, args):
        return builder.load_atomic(_place(context, builder, array, args[0], args[1]), "acquire", 8)

    return types.int64(array, types.intp), codegen


@intrinsic
def settle(typingctx, array, at, value):
    """array[at] = value if it is still 0; returns what holds from now on."""

    def codegen(context, builder, sig, args):
        place, zero = _place(context, builder, array, args[0], args[1]), ir.Constant(args[2].type, 0)
        found = builder.extract_value(builder.cmpxchg(place, zero, args[2], "seq_cst", "seq_cst"), 0)
        return builder.select(builder.icmp_signed("==", found, zero), args[2], found)

    return types.int64(array, types.intp, types.int64), codegen


@intrinsic
def let_others(typingctx):
    """Offer the core to another thread, where the system has a call for it."""

    def codegen(context, builder, sig, args):
        if os.name == "posix":
            call = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), "sched_yield")
            builder.call(call, [])
        return context.get_dummy_value()

    return types.none(), codegen


def all_here(sync, threads):
    """Whether all ``threads`` are here at the same time; the answer is the same to every one of them."""
    if add(sync, COME, 1) + 1 == threads:
        return settle(sync, AGREED, GO) == GO
    for _ in range(PATIENCE):
        for _ in range(LOOKS):
            if look(sync, AGREED) != 0:
                return look(sync, AGREED) == GO
        let_others()
    return settle(sync, AGREED, LEAVE) == GO


def wait(sync, threads, met):
    """Wait for all threads to come here the ``met``-th time; returns the number of the next meeting."""
    if threads > 1:
        add(sync, PASSED, 1)
        looks = 0
        while look(sync, PASSED) < met * threads:
            looks += 1
            if looks % LOOKS == 0:
                let_others()
    return met + 1
