"""What holds for every figure: named lines, fixed colours, words for strangers, the same bytes, a guarded door."""

import math
from typing import NamedTuple

import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from report_tables import (
    SEARCH_COST,
    cost_table,
    figure_text,
    histories,
    labels,
    search_table,
    training_table,
    words,
)

from gdbench.errors import InputError
from gdbench.report.plots.convergence import convergence_figure
from gdbench.report.plots.gradient_cost import gradient_cost_figure
from gdbench.report.plots.search import search_figure
from gdbench.report.plots.training import training_figure
from gdbench.report.style import ink, look, save


def draw_convergence(table, title, subtitle=""):
    return convergence_figure(table, 3.0, title, subtitle)


class Kind(NamedTuple):
    draw: object
    table: object
    names: list


FIGURES = {
    "search": Kind(search_figure, search_table, list(SEARCH_COST)),
    "gradient_cost": Kind(gradient_cost_figure, cost_table, ["2-point", "3-point", "analytic"]),
    "training": Kind(
        training_figure, training_table, ["sgd", "momentum", "adam", "random-search", "random-local-search"]
    ),
    "convergence": Kind(draw_convergence, histories, ["steepest", "adam", "my_line_search"]),
}

TWO = ("workstation", "laptop")
ALL = pytest.mark.parametrize("kind", FIGURES.values(), ids=list(FIGURES))
WITH_MACHINES = pytest.mark.parametrize("kind", [FIGURES[k] for k in FIGURES if k != "convergence"])


def assert_apart_and_inside(figure):
    figure.draw_without_rendering()
    around = [panel.get_tightbbox() for panel in figure.axes]
    for panel, own in zip(figure.axes, around):
        boxes = [Text.get_window_extent(text) for text in labels(panel)]
        for position, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1
            assert not any(box.overlaps(other) for other in boxes[position + 1 :])
        assert not any(own.overlaps(other) for other in around if other is not own)


@ALL
def test_every_line_has_its_name_in_its_colour_and_no_legend(kind):
    figure = kind.draw(kind.table(), "a message", "a machine")
    assert figure.legends == []
    for panel in figure.axes:
        assert panel.get_legend() is None
        assert {words(text) for text in labels(panel)} - {"theory: up to 5"} == set(kind.names)
        for text in labels(panel):
            if not words(text).startswith("theory"):
                assert text.get_color() == ink(look(words(text)).colour)


@ALL
def test_the_words_a_stranger_needs_are_there(kind):
    figure = kind.draw(kind.table(), "One $ message", "a machine, 30 runs")
    assert figure_text(figure, "title") == "One $ message"
    assert figure_text(figure, "subtitle") == "a machine, 30 runs"
    for panel in figure.axes:
        assert panel.get_xlabel()
        assert panel.get_ylabel()
        assert panel.get_title(loc="left")


@ALL
def test_labels_neither_overlap_nor_leave_the_figure(kind):
    assert_apart_and_inside(kind.draw(kind.table(), "a message"))
    if kind is not FIGURES["convergence"]:
        assert_apart_and_inside(kind.draw(kind.table(TWO), "a message"))


@WITH_MACHINES
def test_neither_order_nor_company_changes_a_colour(kind):
    def colours(table):
        lines = kind.draw(table, "m").axes[0].lines
        return {to_hex(line.get_color()) for line in lines if line.get_gid() != "theory"}

    table = kind.table()
    by = "source" if "source" in table else "method"
    assert colours(table) == {to_hex(look(name).colour) for name in kind.names}
    for name in kind.names:
        assert colours(table[table[by] == name]) == {to_hex(look(name).colour)}


@ALL
def test_files_are_the_same_bytes_twice_whatever_the_order_of_rows(kind, tmp_path):
    table = kind.table()
    mixed = dict(reversed(table.items())) if isinstance(table, dict) else table.sample(frac=1, random_state=3)
    once = save(kind.draw(table, "m", "s"), tmp_path / "a", records_hash="12ab")
    again = save(kind.draw(mixed, "m", "s"), tmp_path / "b", records_hash="12ab")
    for first, second in zip(once, again):
        assert first.read_bytes() == second.read_bytes()


@WITH_MACHINES
def test_the_highlighted_machine_is_strong_and_the_other_pale_with_its_name(kind):
    figure = kind.draw(kind.table(TWO), "m", highlight="laptop")
    assert "strong lines: laptop; pale lines: workstation" in figure_text(figure, "notes")
    for panel in figure.axes:
        assert [words(text) for text in labels(panel)].count("workstation") == len(kind.names)
        assert {line.get_linewidth() for line in panel.lines if line.get_alpha() == 0.4} <= {0.8, 0.4}
    with pytest.raises(InputError, match="unknown machine 'laptp'; did you mean 'laptop'"):
        kind.draw(kind.table(TWO), "m", highlight="laptp")


@WITH_MACHINES
def test_what_cannot_be_drawn_is_refused_in_one_sentence(kind):
    table = kind.table()
    last = table.columns[-1]
    numbers = table.select_dtypes("number").columns
    for wrong, message in (
        (table.to_dict(), "DataFrame, not dict"),
        (table.head(0), "without rows"),
        (table.drop(columns=["machine", last]), f"the columns machine, {last}"),
        (table.assign(**dict.fromkeys(numbers, math.nan)), "positive and finite|nothing to draw"),
        (table.assign(**{last: "many"}), f"{last} holds what is no number"),
        (table.assign(machine=None), "empty cell"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            kind.draw(wrong, "m")
        assert str(caught.value).count(". ") == 0


@WITH_MACHINES
def test_a_single_row_is_a_figure(kind):
    kind.draw(kind.table().tail(1), "m").draw_without_rendering()
