"""The figures of critical points and of basins draw what their tables hold."""

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text, labels, words

from gdbench.errors import InputError
from gdbench.problems import PROBLEMS
from gdbench.report.plots.basins import COLOURS, NONE, basins_figure, from_text, to_text
from gdbench.report.plots.critical_points import critical_points_figure, points_and_ends_figure


def points():
    rows = [
        ("minimum", 3.0, 2.0, 0.0),
        ("minimum", -2.8, 3.1, 0.0),
        ("saddle", 0.1, 2.9, 67.7),
        ("maximum", -0.3, -0.9, 181),
    ]
    return pd.DataFrame(rows, columns=["kind", "x", "y", "fun"]).assign(
        task="points", problem="himmelblau", reached_by=5.0
    )


def ends():
    rows = [("svm", 0.2, 8), ("mlp", 0.4, 5), ("mlp", 0.5, 3)]
    return pd.DataFrame(rows, columns=["problem", "fun", "reached_by"]).assign(
        task="ends", kind="minimum", x=np.nan, y=np.nan
    )


def grids():
    text = to_text(np.array([[0, 0, 1], [1, -1, -1], [0, 1, 1], [0, 0, 0]]))
    minima = [[[3.0, 2.0], [-2.8, 3.1]]] * 2
    return pd.DataFrame(
        {"method": ["steepest", "newton"], "labels": [text, text], "lower": -5, "upper": 5, "minima": minima}
    )


def marks(panel, kind):
    return next(np.asarray(found.get_offsets()) for found in panel.collections if found.get_gid() == kind)


def test_every_point_is_marked_by_its_kind_and_named():
    (panel,) = critical_points_figure(points(), PROBLEMS["himmelblau"](), "title").axes
    for kind, rows in points().groupby("kind"):
        np.testing.assert_allclose(marks(panel, kind), rows[["x", "y"]])
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["minimum (2)", "saddle (1)", "maximum (1)"]
    assert {t.get_text() for t in panel.texts} == {"(3.00, 2.00)", "(-2.80, 3.10)", "(0.10, 2.90)", "(-0.30, -0.90)"}


def test_no_minus_stands_before_a_zero():
    (panel,) = critical_points_figure(
        points()[:1].assign(x=-1e-24, y=-0.0, kind="inconclusive"), PROBLEMS["monkey-saddle"](), "title"
    ).axes
    assert [text.get_text() for text in panel.texts] == ["(0.00, 0.00)"]


def test_ends_are_sorted_and_counted():
    tidy = pd.concat([points(), ends()], ignore_index=True)
    figure = points_and_ends_figure(tidy, PROBLEMS["himmelblau"](), "nine points", "sub")
    drawn = {len(np.unique(line.get_ydata())): line for line in figure.axes[1].lines if line.get_gid() == "ends"}
    np.testing.assert_allclose(drawn[1].get_ydata(), np.ones(9))
    np.testing.assert_allclose(drawn[2].get_ydata(), [1.0] * 6 + [1.25] * 3)
    np.testing.assert_allclose(drawn[2].get_xdata(), 12.5 * np.arange(9))
    told = {words(text) for text in labels(figure.axes[1])}
    assert told == {"SVM + L2: 1 distinct end", "network, 2-3-2 tanh: 2 distinct ends"}
    assert figure_text(figure, "title") == "nine points"
    tidy.loc[len(tidy)] = tidy.iloc[0].to_dict() | {"problem": "quartic", "kind": "inconclusive"}
    figure = points_and_ends_figure(tidy, PROBLEMS["himmelblau"](), "nine points")
    assert "elsewhere, x^4: 1 inconclusive" in figure_text(figure, "notes")


def test_a_basin_has_the_colour_of_its_minimum():
    figure = basins_figure(grids(), "title")
    assert [panel.get_title("left") for panel in figure.axes] == ["steepest", "newton"]
    image = next(artist for artist in figure.axes[0].images if artist.get_gid() == "basins")
    np.testing.assert_array_equal(image.get_array(), from_text(grids()["labels"][0]))
    assert image.origin == "lower"
    shown = image.to_rgba(np.array([[-1.0, 0.0, 1.0]]))[0]
    from matplotlib.colors import to_rgba

    np.testing.assert_allclose(shown, [to_rgba(colour) for colour in (NONE, *COLOURS[:2])])
    shares = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "share"]
    assert shares == ["(3.0, 2.0)\n50%", "(-2.8, 3.1)\n33%", "none\n17%"]
    # the first cell's middle is the first start
    assert image.get_extent() == pytest.approx([-7.5, 7.5, -5 - 5 / 3, 5 + 5 / 3])


def test_a_few_starts_are_not_none():
    labels_ = np.zeros((20, 20), int)
    labels_[0, 0] = -1
    grid = grids()[:1].assign(labels=to_text(labels_), lower_y=-1.0, upper_y=18.0)
    (panel,) = basins_figure(grid, "title").axes
    shares = [text.get_text() for text in panel.texts if text.get_gid() == "share"]
    assert shares == ["(3.0, 2.0)\n100%", "(-2.8, 3.1)\n0%", "none\n<1%"]
    assert panel.get_ylim() == pytest.approx((-1.5, 18.5))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: critical_points_figure(points().drop(columns="kind"), PROBLEMS["himmelblau"](), ""), "kind"),
        (lambda: critical_points_figure(points().assign(kind="pass"), PROBLEMS["himmelblau"](), ""), "no kind 'pass'"),
        (lambda: critical_points_figure(points(), PROBLEMS["cubic"](), ""), "two variables"),
        (lambda: basins_figure(grids().drop(columns="minima"), ""), "minima"),
        (lambda: basins_figure(pd.concat([grids()] * 2), ""), "three methods"),
        (lambda: basins_figure(grids().assign(minima=[[[0.0, 0.0]] * 9] * 2), ""), "colours"),
    ],
)
def test_a_table_that_will_not_do_is_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        wrong()
