"""The finders: their order, their names, and what happens when a folder is torn."""

import gzip

import numpy as np
import pytest

from gdbench.data import fashion_mnist
from gdbench.data.places import NotFoundError, find, places, read_folder, status_of
from gdbench.errors import InputError


@pytest.mark.parametrize("plain", [False, True])
def test_a_folder_is_read_whole(tmp_path, tiny, fill, contents, plain):
    arrays = read_folder(fill(tmp_path / "set", plain), tiny)
    assert [a.shape for a in arrays] == [(6, 28, 28), (6,), (4, 28, 28), (4,)]
    for array, (name, content) in zip(arrays, contents.items()):
        header = 16 if "images" in name else 8
        assert array.tobytes() == content[header:]


def test_places_are_asked_in_order(bare_machine, tiny, fill, monkeypatch):
    homes = {
        "torchvision's folder": [
            bare_machine / ".cache/torch/TinyClothes/raw",
            bare_machine / "data/TinyClothes/raw",
        ],
        "Keras' cache": [bare_machine / ".keras/datasets/tiny-clothes"],
        "gdbench's cache": [bare_machine / "cache/gdbench/data/tiny-clothes"],
        "$GDBENCH_DATA/tiny-clothes": [bare_machine / "mine/tiny-clothes"],
    }
    monkeypatch.setenv("GDBENCH_DATA", "~/mine")
    (bare_machine / "mine").mkdir()
    with pytest.raises(NotFoundError, match="gdbench data fetch tiny-clothes"):
        find(tiny)
    for name, folders in homes.items():
        for folder in folders:  # each is asked before those filled so far
            folder.parent.mkdir(parents=True, exist_ok=True)
            fill(folder)
            place, _ = find(tiny)
            assert (place.name, place.folder) == (name, folder)
    for file in homes["$GDBENCH_DATA/tiny-clothes"][0].iterdir():
        file.rename(bare_machine / "mine" / file.name)
    assert find(tiny)[0].name == "$GDBENCH_DATA"


def test_homes_of_keras_and_torch_may_move(bare_machine, tiny, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(bare_machine / "k"))
    monkeypatch.setenv("TORCH_HOME", str(bare_machine / "t"))
    folders = [place.folder for place in places(tiny)]
    assert bare_machine / "k/datasets/tiny-clothes" in folders
    assert bare_machine / "t/TinyClothes/raw" in folders


def test_three_of_four_files_name_the_fourth(tmp_path, tiny, fill):
    folder = fill(tmp_path / "set")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"lacks t10k-labels-idx1-ubyte\(.gz\)"):
        read_folder(folder, tiny)


def test_a_torn_folder_the_user_named_is_an_error(bare_machine, tiny, fill, monkeypatch):
    folder = fill(bare_machine / "mine")
    fill(bare_machine / ".keras/datasets/tiny-clothes")
    torn = folder / "train-images-idx3-ubyte.gz"
    torn.write_bytes(torn.read_bytes()[:-20])
    monkeypatch.setenv("GDBENCH_DATA", str(folder))
    with pytest.raises(InputError, match=f"{torn} is torn") as caught:
        find(tiny)
    assert not isinstance(caught.value, NotFoundError)
    monkeypatch.setenv("GDBENCH_DATA", str(bare_machine / "mistyped"))
    with pytest.raises(InputError, match="which is no folder"):
        find(tiny)


def test_a_torn_cache_is_passed_over_and_named(bare_machine, tiny, fill):
    keras = fill(bare_machine / ".keras/datasets/tiny-clothes")
    labels = keras / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(gzip.decompress(labels.read_bytes())[:-1] + b"\x0b"))
    with pytest.raises(NotFoundError, match=f"passed over: {labels} holds 11 at position 5"):
        find(tiny)
    rows = {row["path"]: row for row in (status_of(place, tiny) for place in places(tiny))}
    assert rows[str(keras)]["state"].startswith(f"corrupt: {labels} holds 11")
    assert rows[str(keras)]["size"] == sum(file.stat().st_size for file in keras.iterdir())
    torch = fill(bare_machine / "data/TinyClothes/raw", plain=True)
    assert find(tiny)[0].folder == torch
    assert status_of(find(tiny)[0], tiny) == {
        "place": "torchvision's folder",
        "path": str(torch),
        "state": "complete",
        "size": 10 * 784 + 10 + 2 * 16 + 2 * 8,
    }


def test_the_loader_takes_full_where_it_is_and_the_subset_elsewhere(bare_machine, tiny, fill, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "FASHION_MNIST", tiny)
    with pytest.raises(InputError, match="was not found in full"):
        fashion_mnist.load_fashion_mnist("full")
    assert len(fashion_mnist.load_fashion_mnist("auto").train_images) == 5_000
    fill(bare_machine / ".keras/datasets/tiny-clothes")
    for which in ("full", "auto"):
        images = fashion_mnist.load_fashion_mnist(which)
        assert images.train_images.shape == (6, 784)
        assert images.test_images.shape == (4, 784)
        assert images.train_labels.dtype == np.uint8
        assert images.origin.startswith("the full set, in Keras' cache")
    states = [row["state"] for row in fashion_mnist.data_status()]
    assert states == ["absent", "absent", "complete", "absent", "absent", "complete"]
    monkeypatch.setenv("GDBENCH_DATA", str(bare_machine / "mistyped"))
    with pytest.raises(InputError, match="no folder"):
        fashion_mnist.load_fashion_mnist("auto")
