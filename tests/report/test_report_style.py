"""Looks belong to names, labels keep apart, files repeat byte by byte, and nothing is loaded before it is needed."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from gdbench.errors import InputError
from gdbench.gradients import GRADIENTS
from gdbench.methods import method_names
from gdbench.report.labels import End, free_height, label_ends, lifted, spread
from gdbench.report.scales import log_axis, log_limits, named_ticks
from gdbench.report.style import COLOURS, LOOKS, look, pen, save, sheet

heights = st.lists(st.tuples(st.floats(-0.5, 1.5), st.floats(0.01, 0.3)), min_size=1, max_size=8)


def test_no_two_known_names_look_alike_even_where_no_dash_is_drawn():
    assert len({(known.colour, known.marker) for known in LOOKS.values()}) == len(LOOKS)


def test_every_method_and_source_that_is_offered_has_a_look_of_its_own():
    assert {*GRADIENTS, *method_names()} <= set(LOOKS)
    assert len({(look(name).colour, look(name).dash) for name in GRADIENTS}) == len(list(GRADIENTS))


def test_known_names_that_meet_in_a_figure_look_different():
    for company in (
        ("2-point", "3-point", "cs", "forward-ad", "reverse-ad", "analytic"),
        ("sgd", "momentum", "adam", "random-search", "random-local-search"),
        ("steepest", "random-search", "random-local-search"),
    ):
        assert len({look(name).colour for name in company}) == len(company)
        assert len({look(name).marker for name in company}) == len(company)


@pytest.mark.parametrize("method", ["adam", "lbfgs", "steepest", "newton-cg", "random-search"])
@pytest.mark.parametrize("rest", [", 3-point slope", ", 3-point", ", float32", "(step_size=0.1, beta=0.9)", ", qr"])
def test_a_method_keeps_its_look_whatever_follows(method, rest):
    assert look(method + rest) == look(method)


def test_a_source_has_its_look_where_the_name_is_its_own():
    assert look("3-point slope") == look("3-point, float32") == look("3-point") != look("steepest, 3-point slope")


def test_lines_of_one_method_with_two_sources_differ_in_their_dash():
    by_differences, derived = pen("steepest, 3-point slope"), pen("steepest, analytic slope")
    assert by_differences.pop("linestyle") != derived.pop("linestyle")
    assert by_differences == derived
    assert pen("steepest, float32") == pen("steepest")


@given(st.text())
def test_every_name_has_a_look_of_the_colour_blind_safe_set(name):
    assert look(name) == look(name)
    assert look(name).colour in COLOURS


@given(st.text())
def test_an_unknown_name_looks_like_no_known_one(name):
    if look(name) not in LOOKS.values():  # "adam" can be drawn, too
        assert look(name).marker not in {known.marker for known in LOOKS.values()}


def test_an_unknown_name_looks_the_same_in_another_process():
    said = subprocess.run(
        [sys.executable, "-c", "from gdbench.report.style import look; print(look('my-method'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == str(look("my-method"))
    assert "my-method" not in LOOKS


@given(heights)
def test_spread_boxes_do_not_overlap_keep_their_order_and_stay_inside(boxes):
    wanted, sizes = np.array(boxes).T
    sizes *= min(1, 1 / sizes.sum())
    placed = spread(wanted, sizes)
    order = np.argsort(wanted, kind="stable")
    low, high = (placed - sizes / 2)[order], (placed + sizes / 2)[order]
    assert np.all(low[1:] >= high[:-1] - 1e-9)
    assert low[0] >= -1e-9
    assert high[-1] <= 1 + 1e-9


@settings(max_examples=25)
@given(st.lists(st.floats(0.2, 0.8), min_size=2, max_size=5))
def test_spread_moves_as_little_as_a_general_solver(wanted):
    wanted = np.sort(wanted)
    size = 0.15
    placed = spread(wanted, np.full(len(wanted), size))
    apart = LinearConstraint(np.diff(np.eye(len(wanted)), axis=0), size, np.inf)
    start = np.linspace(0.1, 0.9, len(wanted))
    inside = [(size / 2, 1 - size / 2)] * len(wanted)
    best = minimize(lambda y: np.sum((y - wanted) ** 2), start, constraints=[apart], bounds=inside, method="SLSQP")
    assert np.sum((placed - wanted) ** 2) <= best.fun + 1e-6


def test_words_find_the_free_height():
    _, (panel,) = sheet(["p"], "t")
    panel.set(xlim=(0, 1), ylim=(0, 1))
    panel.plot([0, 1], [0.8, 0.8])
    panel.plot([0, 0.2], [0.3, 0.3])
    assert free_height(panel, 0.5, 0.9, 0, 1) == pytest.approx(0.4, abs=0.02)
    assert free_height(panel, 0.1, 0.9, 0, 1) == pytest.approx(0.55, abs=0.02)


def test_lines_that_end_near_one_height_are_named_without_crossing_and_above_the_axis():
    _, (panel,) = sheet(["p"], "t")
    panel.set(xlim=(0, 1), ylim=(0, 1))
    label_ends(panel, [End(0.9, 0.010, "right", "#000000"), End(0.2, 0.012, "left", "#FF0000")])
    heights = {text.get_text(): text.get_position()[1] for text in panel.texts}
    assert 0 < heights["left"] < heights["right"]


def test_a_lifted_line_keeps_its_data_and_moves_by_points():
    figure, (panel,) = sheet(["p"], "t")
    panel.set(xlim=(0, 1), ylim=(0, 1))
    (line,) = panel.plot([0, 1], [0.5, 0.5], transform=lifted(panel, 7.2))
    assert list(line.get_ydata()) == [0.5, 0.5]
    moved = line.get_transform().transform((0, 0.5)) - panel.transData.transform((0, 0.5))
    np.testing.assert_allclose(moved, [0, figure.dpi / 10], atol=1e-9)


def test_long_names_are_wrapped_and_cut():
    _, (panel,) = sheet(["p"], "t")
    label_ends(panel, [End(0.5, 0.5, "a name far too long to be printed beside a line, by anybody", "#000000")])
    assert panel.texts[0].get_text().count("\n") == 2
    assert panel.texts[0].get_text().endswith("…")
    label_ends(panel, [])


def test_long_titles_are_wrapped_inside_the_figure():
    figure, panels = sheet(["left", "right"], "word " * 60, "sub " * 90, ["note " * 90])
    figure.draw_without_rendering()
    for text in figure.texts:
        assert text.get_window_extent().x1 < figure.bbox.x1
    top = min(text.get_window_extent().y0 for text in figure.texts if text.get_gid() == "subtitle")
    assert max(panel.get_tightbbox().y1 for panel in panels) < top
    notes = max(text.get_window_extent().y1 for text in figure.texts if text.get_gid() == "notes")
    assert notes < min(panel.get_window_extent().y0 for panel in panels)


@given(st.lists(st.floats(1e-12, 1e12), max_size=5))
def test_logarithmic_limits_enclose_what_is_positive(values):
    low, high = log_limits([*values, -1.0, 0.0, np.nan, np.inf])
    assert 0 < low < high
    assert high / low >= 4 - 1e-9
    assert all(low < value < high for value in values)


@pytest.mark.parametrize(
    ("limits", "kind", "expected"),
    [
        ((1, 1e5), "count", ["1", "10", "100", "1,000", "10,000", "100,000"]),
        ((1, 3e6), "count", ["1", "10", "100", "1k", "10k", "100k", "1M"]),
        ((1e-6, 1e-3), "seconds", ["1 µs", "10 µs", "100 µs", "1 ms"]),
        ((0.4, 3), "count", ["0.5", "1", "2"]),
    ],
)
def test_ticks_read_as_words(limits, kind, expected):
    figure, (panel,) = sheet(["p"], "t")
    log_axis(panel, "y", limits, kind)
    figure.draw_without_rendering()
    low, high = panel.get_ylim()
    shown = [tick for tick in panel.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert [tick.label1.get_text() for tick in shown] == expected


def test_ticks_that_would_touch_are_left_out():
    _, (panel,) = sheet(["p"], "t")
    log_axis(panel, "x", (1, 1000))
    named_ticks(panel, [2, 2.1, 500, 100])
    assert panel.get_xticks().tolist() == [2, 100, 500]


def test_save_twice_stamps_once_and_repeats_the_bytes(tmp_path):
    figure, _ = sheet(["p"], "t")
    save(figure, tmp_path / "new" / "folder", records_hash="old")
    first = save(figure, tmp_path, "shape", "0a1b2c")
    before = [path.read_bytes() for path in first]
    assert [path.name for path in first] == ["shape.svg", "shape.png"]
    assert [text.get_text() for text in figure.texts if text.get_gid() == "records"] == ["records 0a1b2c"]
    assert [path.read_bytes() for path in save(figure, tmp_path, "shape", "0a1b2c")] == before
    assert b"<dc:date>" not in before[0]


def test_save_into_a_file_says_so(tmp_path):
    (tmp_path / "taken").write_text("")
    figure, _ = sheet(["p"], "t")
    with pytest.raises(InputError, match=r"cannot write the figure to .*taken"):
        save(figure, tmp_path / "taken")


def test_the_users_own_settings_change_nothing_and_are_left_alone(tmp_path):
    figure, _ = sheet(["p"], "t")
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": "other", "savefig.dpi": 7}):
        mine = dict(matplotlib.rcParams)
        theirs = save(figure, tmp_path / "a")
        assert dict(matplotlib.rcParams) == mine
    for first, second in zip(theirs, save(figure, tmp_path / "b")):
        assert first.read_bytes() == second.read_bytes()


def test_nothing_heavy_is_loaded_before_it_is_needed():
    code = (
        "import sys, gdbench; assert not any(name.startswith('gdbench.report') for name in sys.modules)\n"
        "from gdbench.report.plots import convergence, gradient_cost, search, training\n"
        "import gdbench.report.tables.write\n"
        "assert not {'matplotlib', 'pandas', 'rich', 'scipy'} & set(sys.modules)\n"
        "from gdbench.report.style import sheet; sheet(['p'], 't')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
