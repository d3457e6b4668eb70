"""The lowest value that success is judged by is written down once, and nothing but a wish changes it."""

import math

import numpy as np
import pandas as pd
import pytest

from gdbench.errors import InputError
from gdbench.experiments.suite_lowest import freeze, with_lowest
from gdbench.harness.record import Record, RecordStore, Status


def store_of(folder, **lowest):
    store = RecordStore(folder)
    for name, value in lowest.items():
        parameters = {"problem": name[0]} | ({"code": name[2:]} if name[1:] else {})
        store.append(
            Record(key=f"{name}{value}", experiment="small", machine="m", parameters=parameters, status=Status.OK,
                   measured={"f_best": value, "f_star": None}, environment="e", started="", seconds_total=0.0,
                   version="0")
        )  # fmt: skip


def test_the_lowest_value_is_frozen_until_asked_anew(tmp_path):
    store_of(tmp_path, p=3.0, q_1=math.nan)
    assert freeze(tmp_path, {"p3.0", "q_1nan"}) == []
    store_of(tmp_path, p=2.0, q_1=1.0)
    keys = {"p3.0", "p2.0", "q_11.0"}
    (told,) = freeze(tmp_path, keys)
    assert told.startswith("p: a run came down to 2, below the 3 that success is judged by")
    frame = pd.DataFrame({"problem": ["p", "q", "q"], "code": [math.nan, "1", "2"]})
    np.testing.assert_equal(with_lowest(frame, tmp_path)["f_frozen"].tolist(), [3.0, 1.0, math.nan])
    assert freeze(tmp_path, keys - {"p2.0"}, anew=True) == []
    assert freeze(tmp_path, keys, anew=True) == []
    assert with_lowest(frame[["problem"]], tmp_path)["f_frozen"].tolist()[0] == 2.0
    (tmp_path / "lowest.json").write_text("[1, 2")
    with pytest.raises(InputError, match=r"lowest\.json is not what a run wrote; delete it"):
        freeze(tmp_path, keys)
