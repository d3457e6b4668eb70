"""The embedded subset against what is published of it, and rows made of it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from gdbench.data import FETCHERS, LOADERS, as_rows, load_fashion_mnist
from gdbench.data.fashion_mnist import FASHION_MNIST
from gdbench.data.places import read_folder
from gdbench.data.subset import SUBSET_PATH, read_subset, write_subset
from gdbench.errors import InputError

# MD5 of the four unpacked files, as torchvision users and others publish them.
MD5_UNPACKED = (
    "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "9018921c3c673c538a1fc5bad174d6f9",
    "8181f5470baa50b63fa0f6fddb340f0a",
    "15d484375f8d13e6eb1aabb0c3f46965",
)
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def test_the_subset_is_the_published_one():
    images = load_fashion_mnist()
    assert images.train_images.shape == (5_000, 784)
    assert images.test_images.shape == (1_000, 784)
    for array in (images.train_images, images.train_labels, images.test_images, images.test_labels):
        assert array.dtype == np.uint8
        assert not array.flags.writeable
    assert images.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]  # as in every tutorial
    assert images.test_labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert len(images.class_names) == 10
    assert np.bincount(images.train_labels).min() > 450


def test_licence_and_checksum_stand_beside_the_file():
    text = SUBSET_PATH.with_name("fashion_mnist_subset.LICENSE.txt").read_text()
    assert hashlib.sha256(SUBSET_PATH.read_bytes()).hexdigest() in text
    assert "Copyright (c) 2017 Zalando SE" in text
    assert all(f"{file.sha256}  {file.name}.gz" in text for file in FASHION_MNIST.files)
    assert SUBSET_PATH.stat().st_size < 4_000_000


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_the_subset_is_the_first_rows_of_the_full_set():
    full = read_folder(DEBIAN, FASHION_MNIST)
    for array, file, md5 in zip(full, FASHION_MNIST.files, MD5_UNPACKED):
        header = bytes([0, 0, 8, array.ndim]) + np.array(file.shape, ">i4").tobytes()
        assert hashlib.md5(header + array.tobytes(), usedforsecurity=False).hexdigest() == md5
    for part, whole in zip(read_subset(), full):
        assert part.tobytes() == whole[: len(part)].tobytes()


def test_the_subset_is_made_again_from_what_it_holds(tmp_path):
    copy = tmp_path / "copy.npz"
    write_subset(load_fashion_mnist(), copy)
    assert all(np.array_equal(a, b) for a, b in zip(read_subset(copy), read_subset()))


def test_a_torn_subset_says_reinstall(tmp_path):
    copy = tmp_path / "copy.npz"
    whole = SUBSET_PATH.read_bytes()
    flipped = whole[:1000] + bytes([whole[1000] ^ 255]) + whole[1001:]
    for content in (b"", b"text", whole[:-100], flipped):
        copy.write_bytes(content)
        with pytest.raises(InputError, match="reinstall gdbench"):
            read_subset(copy)
    np.savez(copy, train_images=np.zeros(3))
    with pytest.raises(InputError, match="reinstall gdbench"):
        read_subset(copy)
    with pytest.raises(InputError, match="reinstall gdbench"):
        read_subset(tmp_path / "absent.npz")


def test_an_unknown_part_is_named():
    with pytest.raises(InputError, match="did you mean 'full'"):
        load_fashion_mnist("fulll")


def test_names_lead_to_functions():
    assert LOADERS.keys() == FETCHERS.keys()
    assert LOADERS["fashion-mnist"] is load_fashion_mnist


@pytest.mark.parametrize("dtype", ["float32", np.float64])
def test_rows_are_pixels_over_255(dtype):
    images = load_fashion_mnist()
    features, targets = as_rows(images.test_images[::7], images.test_labels[::7], dtype)
    assert features.dtype == targets.dtype == dtype
    assert features.flags.c_contiguous
    assert features.min() == 0
    assert features.max() == 1
    exact = images.test_images[::7].astype(np.longdouble) / 255
    assert np.abs(features - exact).max() <= np.finfo(dtype).eps / 2
    assert targets.tolist() == images.test_labels[::7].tolist()
    targets[0] = 3  # its own memory: the loaded bytes stay as they are


def test_rows_of_any_layout_are_c_contiguous():
    pictures = np.asfortranarray(np.arange(24, dtype=np.uint8).reshape(4, 3, 2))
    features, _ = as_rows(pictures, np.zeros(4, np.uint8))
    assert features.flags.c_contiguous
    assert (features * 255).round().tolist() == np.arange(24).reshape(4, 6).tolist()
    assert as_rows(np.empty((0, 784), np.uint8), np.empty(0, np.uint8))[0].shape == (0, 784)


@pytest.mark.parametrize(
    ("images", "labels", "dtype", "complaint"),
    [
        (np.zeros((2, 4)), np.zeros(2), "float64", "images are float64"),
        (np.zeros(4, np.uint8), np.zeros(4), "float64", r"of shape \(4,\)"),
        (np.zeros((2, 4), np.uint8), np.zeros(3), "float64", r"labels have shape \(3,\)"),
        (np.zeros((2, 4), np.uint8), np.zeros(2), "float16", "dtype is 'float16'"),
        (np.zeros((2, 4), np.uint8), np.zeros(2), "flaot64", "dtype is 'flaot64'"),
    ],
)
def test_rows_refuse_what_is_no_image_set(images, labels, dtype, complaint):
    with pytest.raises(InputError, match=complaint):
        as_rows(images, labels, dtype)
