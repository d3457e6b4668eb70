"""max |g_i|, as fast as memory gives the entries: the twin of ``gdbench.devices.loop.largest`` for this device.

A comparison of floats that must notice nan is done one after another. The bits of |g_i|, read as an integer, order like
the numbers themselves, with inf above all finite ones and nan above inf: their largest is one vector instruction a
handful of entries, and the answer is the same, bit by bit.

A short slope is still on its way to memory when it is asked for, entry by entry as it was written. A load of one entry
takes it from there; a vector of several waits until all have arrived, which costs more than it saves.
"""

# Numba calls what the decorators register; its own hooks are untyped.
# mypy: disable-error-code="no-untyped-def, misc, no-untyped-call"

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

from gdbench.problems.base import Array

#: Up to so many entries are read one by one.
SHORT = 32


@intrinsic
def bits(typingctx, number):
    """The bits of a float, as an integer of its size."""
    whole = types.int32 if number == types.float32 else types.int64
    return whole(number), lambda context, builder, sig, args: builder.bitcast(args[0], context.get_value_type(whole))


@intrinsic
def number_of(typingctx, whole):
    """The float that an integer of its size has the bits of."""
    kind = types.float32 if whole == types.int32 else types.float64
    return kind(whole), lambda context, builder, sig, args: builder.bitcast(args[0], context.get_value_type(kind))


@intrinsic
def alone(typingctx, array, i):
    """array[i], never loaded together with its neighbours."""

    def codegen(context, builder, sig, args):
        vector = context.make_array(array)(context, builder, value=args[0])
        entry = cgutils.get_item_pointer(context, builder, array, vector, [args[1]])
        # What is loaded as if other threads wrote it is not joined into vectors; on x86 and Arm that is a plain load.
        return builder.load_atomic(entry, "monotonic", array.dtype.bitwidth // 8)

    return array.dtype(array, types.intp), codegen


def largest(g: Array) -> Any:
    """max |g_i|; nan if any is nan."""
    top = bits(g.dtype.type(0))
    if g.size <= SHORT:
        for i in range(g.size):
            size = bits(abs(alone(g, i)))
            if size > top:
                top = size
    else:
        for i in range(g.size):
            size = bits(abs(g[i]))
            if size > top:
                top = size
    return number_of(top)
