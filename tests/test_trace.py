"""The record shown: its table holds what the function computes, its drawing holds what the table holds."""

import re

import numpy as np
import pytest

import gdbench


def chain(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


@pytest.mark.parametrize("name", ["himmelblau", "bard", "softmax", "mlp", "least-squares", "svm", "logistic"])
def test_the_last_row_is_the_value(name):
    problem = gdbench.PROBLEMS[name]()
    record = gdbench.trace(name)
    table = record.to_frame()
    assert len(table) == len(record)
    assert table["value"].iloc[-1] == pytest.approx(problem.value(problem.x0, problem.data), rel=1e-14)
    assert table["operands"].str.len().min() > 0


def test_operands_can_be_read_and_computed_again():
    x = np.array([0.5, 2.0, -1.0])
    table = gdbench.trace(chain, x).to_frame()
    v = []
    for row in table.itertuples():
        operands = [eval(re.sub(r"v(\d+)", r"v[\1]", text), {"x": x, "v": v}) for text in row.operands.split(", ")]
        a, b = operands
        v.append({"+": a + b, "-": a - b, "*": a * b}[row.operation])
    np.testing.assert_array_equal(v, table["value"])
    assert v[-1] == pytest.approx(chain(x), rel=1e-15)


def test_data_targets_and_guards_are_told():
    def fit(x, data):
        features, targets, _ = data
        return (x[0] * features[1, 2] - targets[1]) ** 2 if x[0] > 0.0 else x[1]

    data = (np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0]), np.empty(0, np.int64))
    table = gdbench.trace(fit, [1.0, 2.0], data).to_frame()
    assert table["operands"].tolist() == ["x[0], 0", "x[0], features[1, 2]", "v1, targets[1]", "v2, v2"]
    assert table["operation"].tolist() == [">", "*", "-", "*"]
    assert table["guard"].tolist() == [True, False, False, False]
    assert table["value"].tolist() == [1.0, 5.0, 3.0, 9.0]


def test_paths_and_loops():
    short, long = gdbench.trace("himmelblau"), gdbench.trace(chain, np.linspace(0.0, 1.0, 1000))
    assert (short.path, short.loops, short.guards) == ("emitted", (), 0)
    assert long.path == "folded"
    assert [(loop.length, loop.rounds) for loop in long.loops] == [(8, 998)]
    assert len(long) == 7992
    assert str(long).startswith("chain: 7,992 operations on 1,000 variables, 0 guards; folded: ")
    assert repr(long) == f"<Trace {long}>"
    assert long.source.startswith("def gradient(x, data, out):")
    assert len(long.source.splitlines()) < 100


def boxes(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_gid() not in (None, "edge")]


def edges(figure):
    return [text for text in figure.axes[0].texts if text.get_gid() == "edge"]


def test_a_short_record_is_drawn_whole(tmp_path):
    record = gdbench.trace("himmelblau")
    figure = record.figure()
    drawn = boxes(figure)
    assert sum(text.startswith("v") for text in drawn) == len(record)
    assert {"x[0]", "x[1]", "11", "7"} <= set(drawn)
    assert len(edges(figure)) == 2 * len(record)
    assert figure.texts[1].get_text() == "all operations"
    figure.savefig(tmp_path / "trace.png")
    places = [text.get_position() for text in figure.axes[0].texts if text.get_gid() not in (None, "edge")]
    gaps = [abs(a - c) + abs(b - d) for i, (a, b) in enumerate(places) for c, d in places[:i]]
    assert min(gaps) > 0.3  # no box lies on another


def test_of_a_long_record_the_loop_is_drawn_once():
    figure = gdbench.trace(chain, np.linspace(0.0, 1.0, 1000)).draw()
    drawn = boxes(figure)
    assert {"x[1 + t]", "x[2 + t]", "v15, round t - 1"} <= set(drawn)
    assert sum(text.startswith("v") and ": " in text for text in drawn) == 8
    assert figure.texts[1].get_text() == "rows 8 to 15, the body of a loop, × 998 rounds; 8 more are not shown"


def test_a_long_record_without_a_loop_is_drawn_in_part():
    def long(x):
        total = x[0]
        for i in range(70):
            total = total * x[1] if (i * i) % 7 in (1, 2) else total + x[i % 2] * (i + 0.5) ** 0.5
            total = total - x[0] if i % 11 == 3 else total
        return total

    record = gdbench.trace(long, [0.5, 0.9])
    drawable = [loop for loop in record.loops if loop.length <= 60]
    note = record.figure().texts[1].get_text()
    assert note.startswith("rows " if drawable else f"the first 60 of {len(record)} operations")


def test_constant_and_bare_results():
    assert len(gdbench.trace(lambda x: 1.0, [1.0])) == 0
    with pytest.raises(gdbench.InputError, match="no operation to draw"):
        gdbench.trace(lambda x: x[0], [1.0]).figure()


def test_several_points_are_refused():
    with pytest.raises(gdbench.InputError, match=r"x of shape \(2, 2\) is several points; give one"):
        gdbench.trace("himmelblau", np.ones((2, 2)))
