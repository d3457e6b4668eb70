"""Figures drawn in several processes are those drawn in one, and what goes wrong there is told here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gdbench.commands import drawing
from gdbench.commands.drawing import MANY, drawn_in
from gdbench.errors import InputError
from gdbench.harness.record import RECORDS

SOURCE = next(folder for folder in sorted((Path(__file__).parents[2] / "results").iterdir()) if folder.is_dir())
NAMES = ("critical_points", "finite_difference_training", "search", "steepest_direction")


@pytest.fixture
def results(tmp_path):
    for name in NAMES:
        (tmp_path / "results" / SOURCE.name / name).mkdir(parents=True)
        shutil.copy(SOURCE / name / RECORDS, tmp_path / "results" / SOURCE.name / name)
    return tmp_path / "results"


def bytes_of(results):
    return {path.relative_to(results): path.read_bytes() for path in results.rglob("*.*") if path.is_file()}


def test_two_processes_draw_what_one_draws(results, tmp_path, monkeypatch):
    assert len(NAMES) >= MANY
    monkeypatch.setattr(drawing, "cores", lambda: 2)
    told = list(drawn_in(results))
    apart = bytes_of(results)
    monkeypatch.setattr(drawing, "cores", lambda: 1)
    assert list(drawn_in(results)) == told
    assert bytes_of(results) == apart
    assert sorted(place.name for drawn in told for place, _ in drawn.places) == sorted(NAMES)
    assert all(drawn.tally.records and stems for drawn in told for _, stems in drawn.places)


def test_a_figure_that_cannot_be_written_is_one_sentence(results, monkeypatch):
    monkeypatch.setattr(drawing, "cores", lambda: 2)
    (results / SOURCE.name / "search" / "figure.svg").mkdir()
    with pytest.raises(InputError, match="cannot write the figure to"):
        list(drawn_in(results))
