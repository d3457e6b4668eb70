"""Pictures of landscapes: they draw the numbers they were given, and refuse what is no landscape."""

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text

from gdbench.errors import InputError
from gdbench.landscape import landscape
from gdbench.minimize import minimize
from gdbench.report.plots.animation import MOST_BYTES, animate
from gdbench.report.plots.landscape import landscape_figure, levels_of, read_plane
from gdbench.report.plots.landscapes import landscapes_figure

PATH = np.array([[-1.2, 1.0], [0.0, 0.5], [1.0, 1.0]])


def bowl():
    m, n = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(0, 1, 4), indexing="ij")
    return pd.DataFrame({"m": m.ravel(), "n": n.ravel(), "value": (m**2 + n).ravel()})


def test_a_table_in_any_order_is_read_as_its_grid():
    heights = read_plane(bowl().sample(frac=1.0, random_state=1))
    np.testing.assert_allclose(heights.values, heights.m[:, None] ** 2 + heights.n[None])


def test_levels_cover_the_values_and_spread_where_the_range_is_wide():
    even, wide = levels_of(np.linspace(1, 2, 50))
    assert not wide
    np.testing.assert_allclose(np.diff(even), np.diff(even)[0])
    steep = np.geomspace(1e-6, 1e4, 200)
    ratio, wide = levels_of(steep)
    assert wide
    np.testing.assert_allclose([ratio[0], ratio[-1]], [steep[0], steep[-1]])
    np.testing.assert_allclose(np.diff(np.log(ratio[1:] - ratio[0])), np.diff(np.log(ratio[1:] - ratio[0]))[0])
    flat, _ = levels_of(np.full(9, 3.0))
    assert flat[0] < 3 < flat[-1]
    assert (np.diff(flat) > 0).all()


def test_a_map_draws_paths_where_they_went():
    seen = landscape("rosenbrock", [0, 1], directions=np.eye(2), radius=2, points=21)
    figure = seen.plot(trajectories={"adam": PATH})
    (line,) = [line for line in figure.axes[0].lines if line.get_gid() == "path"]
    np.testing.assert_allclose(line.get_xydata(), PATH - [0, 1], atol=1e-12)
    assert [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "label"] == ["adam"]
    assert figure_text(figure, "title") == "rosenbrock-2 around a point"


def test_a_line_draws_its_values_and_leaves_what_is_not_finite_blank():
    frame = pd.DataFrame({"m": [0.0, 1.0, 2.0, 3.0], "value": [2.0, 1.0, np.inf, 4.0]})
    (line,) = landscape_figure(frame, "slice").axes[0].lines
    np.testing.assert_allclose(line.get_xydata(), [[0, 2], [1, 1], [3, 4]])


def test_a_surface_names_its_paths():
    seen = landscape("rosenbrock", [0, 1], directions=np.eye(2), radius=2, points=9)
    (room,) = seen.plot("surface", {"adam": PATH, "sign": PATH[:2]}).axes
    assert [text.get_text() for text in room.texts if text.get_gid() == "label"] == ["adam", "sign"]


def test_a_flat_landscape_and_one_with_holes_are_drawn():
    frame = bowl().assign(value=1.0)
    landscape_figure(frame, "flat")
    frame.loc[3, "value"] = np.nan
    landscape_figure(frame, "a hole")
    landscape_figure(frame, "a hole", kind="surface")


@pytest.mark.parametrize(
    ("frame", "kind", "word"),
    [
        (bowl(), "line", "'contour' or 'surface'"),
        (bowl()[["m", "value"]], "contour", "drawn as 'line'"),
        (bowl(), "map", "unknown kind of plot"),
        (bowl()[:-1], None, "no grid"),
        (bowl()[:0], None, "without rows"),
        (bowl().drop(columns="value"), None, "needs the columns value"),
        (bowl().assign(value=np.nan), None, "nothing to draw"),
        (None, None, "DataFrame"),
    ],
)
def test_what_is_no_landscape_is_refused(frame, kind, word):
    with pytest.raises(InputError, match=word):
        landscape_figure(frame, "title", kind=kind)


def test_slices_stand_beside_planes():
    plane = bowl().assign(problem="SVM", around="trained", what="plane")
    line = pd.DataFrame({"m": [-1.0, 0, 1], "n": np.nan, "value": [3.0, 1, 2], "problem": "SVM", "around": "trained"})
    both = pd.concat([plane, line.assign(what="slice")])
    lines, _ = landscapes_figure(both, "title").axes
    np.testing.assert_allclose(lines.lines[0].get_ydata(), [1, 0, 0.5])
    with pytest.raises(InputError, match="slices and of planes"):
        landscapes_figure(plane, "title")


def test_more_planes_stand_in_two_rows_and_no_number_at_an_edge():
    line = pd.DataFrame({"m": [-1.0, 0, 1], "n": np.nan, "value": [3.0, 1, 2], "problem": "SVM", "around": "trained"})
    planes = [
        bowl().assign(problem=name, around="trained", what="plane") for name in ("SVM", "network", "softmax", "x", "y")
    ]
    figure = landscapes_figure(pd.concat([*planes, line.assign(what="slice")]), "title")
    _, *maps = figure.axes
    assert len(maps) == 5
    assert len({round(panel.get_position().y0, 6) for panel in maps}) == 3
    assert "filter-normalised" in figure_text(figure, "notes").replace("\n", " ")
    for panel in maps:
        for text in panel.texts:
            place = panel.transAxes.inverted().transform(panel.transData.transform(text.get_position()))
            assert ((place > 0.06) & (place < 0.94)).all()


def test_a_problem_is_drawn_with_its_points():
    from gdbench.commands.problems import picture
    from gdbench.problems import PROBLEMS

    figure = picture(PROBLEMS["himmelblau"]())
    panel = next(axes for axes in figure.axes if axes.get_xlabel() == "$x_1$" and axes.name == "rectilinear")
    assert panel.get_xlim() == (-5, 5)
    at = {line.get_gid(): line.get_xydata().tolist() for line in panel.lines}
    assert at == {"start": [[5, -5]], "minimum": [[3, 2]]}
    assert figure_text(figure, "subtitle") == "f(x) = (x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2"
    (graph,) = picture(PROBLEMS["quartic"]()).axes
    assert {line.get_gid() for line in graph.lines} >= {"start", "minimum"}
    assert "plane through its minimum" in figure_text(picture(PROBLEMS["wood"]()), "subtitle").replace("\n", " ")


def test_an_animation_is_a_small_film_of_all_methods(tmp_path):
    from PIL import Image

    seen = landscape("rosenbrock", [0, 1], directions=np.eye(2), radius=2, points=15)
    file = animate(seen, {"adam": PATH, "sign": PATH[:2]}, tmp_path / "descents.gif", frames=4)
    assert file.stat().st_size < MOST_BYTES
    with Image.open(file) as film:
        assert film.n_frames == 3  # one an iteration, where there are fewer than frames
    walked = minimize("rosenbrock", maxiter=2, history="x")
    assert animate(seen, {"steepest": walked}, tmp_path / "one.gif", frames=2).exists()
    with pytest.raises(InputError, match="keeps no points; run minimize with history='x'"):
        animate(seen, {"steepest": minimize("rosenbrock", maxiter=2)}, tmp_path / "one.gif", frames=2)


@pytest.mark.parametrize(
    ("name", "paths", "word"),
    [("a.gif", {}, "one to four"), ("a.png", {"adam": PATH}, "end in"), ("none/a.gif", {"adam": PATH}, "cannot write")],
)
def test_an_animation_that_cannot_be_is_refused(tmp_path, name, paths, word):
    seen = landscape("rosenbrock", directions=np.eye(2), points=3)
    with pytest.raises(InputError, match=word):
        animate(seen, paths, tmp_path / name)
    with pytest.raises(InputError, match="two directions"):
        animate(landscape("rosenbrock", directions=1, points=3), {"adam": PATH}, tmp_path / "a.gif")
