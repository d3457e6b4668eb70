"""Calling a compiled function by its address, at the price of a call.

A loop takes its problem, gradient and method as integers (addresses) and calls them as if they were
functions, so that one compiled loop serves every combination. Numba's own function type does this too,
at 20-30 ns a call (every array travels as seven words, every call through two wrappers). Here arrays
travel as a pointer to (data, shape...), the callee is entered directly, and an exception it raises
propagates: 2-4 ns.

What a loop writes::

    value = scalar_function(address, x)      # x only tells the dtype
    handle = pack(data)                      # once, outside the loop
    f = value(pack(x), handle)

and what a leaf writes (see ``leaves.py``)::

    def value(x, data):
        return plain_value(unpack(x, VECTOR), unpack(data, DATA))
"""

# Numba calls what the decorators below register; its own hooks are untyped.
# mypy: disable-error-code="no-untyped-def, misc, no-untyped-call, attr-defined, var-annotated"

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing import signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import populate_array

_BYTES = ir.IntType(8).as_pointer()


class Handle(types.Opaque):
    """A packed array or tuple: one pointer, passed on untouched."""


class Function(types.Callable, types.Opaque):
    """The address of a leaf that returns ``returns``; called like a function."""

    def __init__(self, returns) -> None:
        self.returns = returns
        super().__init__(f"gdbench.Function({returns})")

    @property
    def key(self):
        """What makes two of them the same type."""
        return self.returns

    def get_call_type(self, context, args, kws):
        """A call takes whatever it is given; the leaf knows its arguments."""
        return signature(self.returns, *args, recvr=self)

    def get_call_signatures(self):
        """None are listed."""
        return (), False

    def get_impl_key(self, sig):
        """All calls are lowered by :func:`_call`."""
        return "gdbench.call"


HANDLE = Handle("gdbench.Handle")
register_model(Handle)(models.OpaqueModel)
register_model(Function)(models.OpaqueModel)


def _packed(context, builder, kind, value):
    """Store (data, shape...) of an array, or the parts of a tuple, on the stack; scalars pass by value."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value=value)
        shape = [builder.extract_value(array.shape, axis) for axis in range(kind.ndim)]
        fields = [builder.bitcast(array.data, _BYTES), *shape]
    elif isinstance(kind, types.BaseTuple):
        fields = [_packed(context, builder, k, builder.extract_value(value, i)) for i, k in enumerate(kind.types)]
    else:
        return value
    slot = cgutils.alloca_once(builder, ir.LiteralStructType([field.type for field in fields]))
    for i, field in enumerate(fields):
        builder.store(field, cgutils.gep_inbounds(builder, slot, 0, i))
    return builder.bitcast(slot, _BYTES)


def _unpacked(context, builder, kind, pointer):
    """Build the array (or tuple of arrays) again; it owns nothing, so no reference is ever counted."""
    if isinstance(kind, types.BaseTuple):
        parts = builder.load(builder.bitcast(pointer, ir.LiteralStructType([_BYTES] * len(kind)).as_pointer()))
        members = [_unpacked(context, builder, k, builder.extract_value(parts, i)) for i, k in enumerate(kind.types)]
        return context.make_tuple(builder, kind, members)
    intp = context.get_value_type(types.intp)
    layout = ir.LiteralStructType([_BYTES] + [intp] * kind.ndim)
    fields = builder.load(builder.bitcast(pointer, layout.as_pointer()))
    shape = [builder.extract_value(fields, axis + 1) for axis in range(kind.ndim)]
    itemsize = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    strides, stride = [], itemsize
    for extent in reversed(shape):  # C order: the last axis is the densest
        strides.insert(0, stride)
        stride = builder.mul(stride, extent)
    array = context.make_array(kind)(context, builder)
    populate_array(
        array,
        data=builder.bitcast(builder.extract_value(fields, 0), array.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=itemsize,
        meminfo=None,
    )
    return array._getvalue()


@intrinsic
def pack(typingctx, item):
    """A :class:`Handle` to an array or tuple of arrays, valid until the calling function returns."""
    return HANDLE(item), lambda context, builder, sig, args: _packed(context, builder, item, args[0])


@intrinsic
def unpack(typingctx, handle, kind):
    """The array or tuple of type ``kind`` behind a handle."""
    target = kind.instance_type
    return target(handle, kind), lambda context, builder, sig, args: _unpacked(context, builder, target, args[0])


@intrinsic
def borrowed(typingctx, array):
    """The same array, owning nothing: a loop that slices or passes it on counts no references (5 ns each)."""

    def codegen(context, builder, sig, args):
        return _unpacked(context, builder, array, _packed(context, builder, array, args[0]))

    return array(array), codegen


def _strided(context, builder, kind, block, lane, shape, strides):
    """An array of type ``kind`` over one lane of ``block``, owning nothing; its shape is what is passed in."""
    source = context.make_array(block[0])(context, builder, value=block[1])
    return _array_at(context, builder, kind, builder.gep(source.data, [lane]), shape, strides)


def _array_at(context, builder, kind, data, shape, strides):
    """An array of type ``kind`` that begins at ``data``, owning nothing; strides count items."""
    itemsize = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    array = context.make_array(kind)(context, builder)
    populate_array(
        array,
        data=data,
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, [builder.mul(stride, itemsize) for stride in strides]),
        itemsize=itemsize,
        meminfo=None,
    )
    return array._getvalue()


@intrinsic
def lane_vector(typingctx, block, lane, n, lanes):
    """block[:, lane] of an (n, lanes) block; with n and lanes constants, loops over it unroll."""
    kind = types.Array(block.dtype, 1, "A")

    def codegen(context, builder, sig, args):
        return _strided(context, builder, kind, (block, args[0]), args[1], [args[2]], [args[3]])

    return kind(block, types.intp, types.intp, types.intp), codegen


@intrinsic
def lane_matrix(typingctx, block, lane, rows, n, lanes):
    """block[:, :, lane] of a (rows, n, lanes) block."""
    kind = types.Array(block.dtype, 2, "A")

    def codegen(context, builder, sig, args):
        strides = [builder.mul(args[3], args[4]), args[4]]
        return _strided(context, builder, kind, (block, args[0]), args[1], [args[2], args[3]], strides)

    return kind(block, types.intp, types.intp, types.intp, types.intp), codegen


@intrinsic(prefer_literal=True)
def registers(typingctx, like, n):
    """A scratch vector of ``n`` numbers, a constant, of ``like``'s dtype that LLVM keeps out of memory.

    One a place in the code, so what is written in one iteration of a loop is not for the next.
    """
    kind = types.Array(like.dtype, 1, "A")
    apart = 16  # neighbours would be joined to short vectors, across variables instead of lanes

    def codegen(context, builder, sig, args):
        slot = cgutils.alloca_once(builder, ir.ArrayType(context.get_value_type(kind.dtype), apart * n.literal_value))
        stride, length = context.get_constant(types.intp, apart), context.get_constant(types.intp, n.literal_value)
        return _array_at(context, builder, kind, cgutils.gep_inbounds(builder, slot, 0, 0), [length], [stride])

    return (kind(like, n), codegen) if isinstance(n, types.IntegerLiteral) else None


@intrinsic(prefer_literal=True)
def register_matrix(typingctx, like, rows, n):
    """As :func:`registers`, but ``rows`` times ``n`` numbers."""
    kind = types.Array(like.dtype, 2, "A")
    apart = 16

    def codegen(context, builder, sig, args):
        height, width = rows.literal_value, n.literal_value
        room = ir.ArrayType(context.get_value_type(kind.dtype), max(1, apart * height * width))
        shape = [context.get_constant(types.intp, extent) for extent in (height, width)]
        strides = [context.get_constant(types.intp, extent) for extent in (apart * width, apart)]
        slot = cgutils.alloca_once(builder, room)
        return _array_at(context, builder, kind, cgutils.gep_inbounds(builder, slot, 0, 0), shape, strides)

    known = isinstance(rows, types.IntegerLiteral) and isinstance(n, types.IntegerLiteral)
    return (kind(like, rows, n), codegen) if known else None


@intrinsic
def rounded(typingctx, number, one):
    """``number`` as it is once stored: times ``one``, which LLVM must not know, and never contracted with a sum."""
    return number(number, number), lambda context, builder, sig, args: builder.fmul(args[0], args[1])


@intrinsic
def opaque(typingctx, handle):
    """A leaf's raw pointer argument as a :class:`Handle`, for a rule that only passes it on."""
    return HANDLE(handle), lambda context, builder, sig, args: args[0]


def _address(context, builder, sig, args):
    return args[0] if isinstance(args[0].type, ir.PointerType) else builder.inttoptr(args[0], _BYTES)


@intrinsic
def scalar_function(typingctx, address, like):
    """The leaf at ``address`` that returns a scalar of ``like``'s dtype."""
    return Function(like.dtype)(address, like), _address


@intrinsic
def float_function(typingctx, address):
    """The leaf at ``address`` that returns a float64."""
    return Function(types.float64)(address), _address


@intrinsic
def void_function(typingctx, address):
    """The leaf at ``address`` that returns nothing."""
    return Function(types.none)(address), _address


@lower_builtin("gdbench.call", types.VarArg(types.Any))
def _call(context, builder, sig, args):
    convention = context.call_conv
    kinds = [
        types.voidptr if isinstance(kind, types.Array | types.Opaque | types.BaseTuple) else kind
        for kind in sig.args[1:]
    ]
    packed = [_packed(context, builder, kind, value) for kind, value in zip(sig.args[1:], args[1:])]
    callee = builder.bitcast(args[0], convention.get_function_type(sig.return_type, kinds).as_pointer())
    status, result = convention.call_function(builder, callee, sig.return_type, kinds, packed)
    with cgutils.if_unlikely(builder, status.is_error):
        convention.return_status_propagate(builder, status)
    return result


@intrinsic
def frozen(typingctx, number):
    """The same number; a choice between a new one and the one in memory, stored there, is so no masked store.

    Some processors take twenty times as long for a masked store as for a plain one.
    """

    def codegen(context, builder, sig, args):
        freeze = ir.Instruction(builder.block, args[0].type, "freeze", args)
        builder._insert(freeze)  # llvmlite has no name for it
        return freeze

    return number(number), codegen
