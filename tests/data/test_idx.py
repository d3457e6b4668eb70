"""The IDX reader: right files byte for byte, and every other file refused in one sentence."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbench.data.idx import read_idx
from gdbench.errors import InputError

CONTENT = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, *range(12)])
SHAPE = (2, 2, 3)


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_reads_what_was_written(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(gzip.compress(CONTENT) if name.endswith(".gz") else CONTENT)
    values = read_idx(file, SHAPE)
    assert values.dtype == np.uint8
    assert values.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert not values.flags.writeable


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "starts with nothing"),
        (b"<!DOCTYPE html>", "starts with 3c 21 44 4f"),
        (b"\0\0\x0d" + CONTENT[3:], "starts with 00 00 0d 03"),  # floats
        (CONTENT[:9], "of a torn header"),
        (CONTENT[:7] + b"\x05" + CONTENT[8:], r"holds the shape \(5, 2, 3\)"),
        (CONTENT[:-1], "ends after 27 of its 28 bytes"),
        (CONTENT + b"\0", "goes on past the last of its 28 bytes"),
        (CONTENT[:20] + b"\xff" + CONTENT[21:], "holds 255 at position 4, and the largest valid value is 11"),
    ],
)
@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_a_wrong_file_is_refused(tmp_path, name, content, complaint):
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(InputError, match=complaint) as caught:
        read_idx(file, SHAPE, below=12)
    assert str(file) in str(caught.value)


def test_faults_of_gzip_are_named(tmp_path):
    file = tmp_path / "file.gz"
    packed = gzip.compress(CONTENT)
    for content, complaint in [
        (packed[:-9], "torn"),
        (packed[:-3], "torn"),
        (packed[:-8] + b"\0\0\0\0" + packed[-4:], "CRC check failed"),
        (packed + b"tail", "Not a gzipped file"),
        (CONTENT, "Not a gzipped file"),
        (packed[:10] + b"\xff\xff" + packed[12:], "no whole gzip file"),
    ]:
        file.write_bytes(content)
        with pytest.raises(InputError, match=complaint):
            read_idx(file, SHAPE)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_idx(tmp_path / "absent", SHAPE)
    with pytest.raises(InputError, match="cannot be read"):
        read_idx(tmp_path, SHAPE)


@given(damage=st.binary(max_size=40), at=st.integers(0, 60), cut=st.booleans(), pack=st.booleans())
def test_damage_is_seen_or_harmless(tmp_path_factory, damage, at, cut, pack):
    whole = gzip.compress(CONTENT, mtime=0) if pack else CONTENT
    file = tmp_path_factory.mktemp("damaged") / ("file.gz" if pack else "file")
    file.write_bytes(whole[:at] + damage + (b"" if cut else whole[at + len(damage) :]))
    try:
        values = read_idx(file, SHAPE)
    except InputError as fault:
        sentence = str(fault).replace(str(file), "FILE")
    else:
        sentence = "FILE is right."
        assert values.shape == SHAPE
        if pack:  # its checksum holds, so what differs is in gzip's own header
            assert values.tobytes() == CONTENT[16:]
    assert sentence.startswith("FILE ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
