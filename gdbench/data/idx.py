"""Reading one IDX file, the format MNIST and its relatives come in: whole and right, or refused by name.

An IDX file is a big-endian header (two zero bytes, a type code, the number of dimensions, then each
dimension as an int32) and the values behind it, nothing more. The shape is known beforehand here,
so every byte of the header is too, and a file that differs in one of them is not the file.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", file formats.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gdbench.errors import InputError

Bytes = NDArray[np.uint8]

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, shape: tuple[int, ...], below: int = 256) -> Bytes:
    """Read an IDX file of unsigned bytes that must have this shape; ``.gz`` is unpacked on the way.

    Parameters
    ----------
    path: the file; a name ending in ``.gz`` means gzip.
    shape: the shape it must have, ``(60000, 28, 28)`` for MNIST's training images.
    below: every value must be smaller than this, 10 for labels of ten classes.

    Returns
    -------
    uint8 array of ``shape``, read-only.

    Raises
    ------
    InputError: the file cannot be read, its gzip frame is torn or fails its checksum, its header
        names another shape, it is too short or too long, or a value is out of range.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "labels-idx1-ubyte")
    ...     _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 4]))
    ...     read_idx(file, (3,), below=10)
    array([9, 0, 4], dtype=uint8)
    """
    header = idx_header(shape)
    size = len(header) + math.prod(shape)
    content = _read_up_to(path, size + 1)  # one byte more shows a file too long, however long it is
    if content[:4] != header[:4]:
        starts, right = content[:4].hex(" ") or "nothing", header[:4].hex(" ")
        raise InputError(
            f"{path} starts with {starts}, and an IDX file of bytes with {len(shape)} dimensions with {right}."
        )
    if content[4 : len(header)] != header[4:]:
        raise InputError(f"{path} holds the shape {_shape_in(content)}, and {shape} is right.")
    if len(content) != size:
        ends = f"ends after {len(content)}" if len(content) < size else "goes on past the last"
        raise InputError(f"{path} {ends} of its {size} bytes.")
    values = np.frombuffer(content, np.uint8, offset=len(header))
    if values.size and values.max() >= below:
        row = int(np.argmax(values >= below))
        raise InputError(f"{path} holds {values[row]} at position {row}, and the largest valid value is {below - 1}.")
    return values.reshape(shape)


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Make the first bytes of an IDX file of unsigned bytes with this shape.

    >>> idx_header((60000,)).hex(" ")
    '00 00 08 01 00 00 ea 60'
    """
    return struct.pack(f">HBB{len(shape)}i", 0, UNSIGNED_BYTE, len(shape), *shape)


def _read_up_to(path: Path, limit: int) -> bytes:
    """Read at most ``limit`` bytes; gzip checks its own checksum where the end comes before them."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(limit)
    except EOFError:
        raise InputError(f"{path} is torn: its gzip stream ends too early.") from None
    except (gzip.BadGzipFile, zlib.error) as reason:
        raise InputError(f"{path} is no whole gzip file: {reason}.") from None
    except OSError as reason:
        raise InputError(f"{path} cannot be read: {reason.strerror or reason}.") from None


def _shape_in(content: bytes) -> str:
    """Say which shape a header (its first four bytes right) names, for a message."""
    dimensions = content[3]
    if len(content) < 4 + 4 * dimensions:
        return "of a torn header"
    return str(struct.unpack_from(f">{dimensions}i", content, 4))
