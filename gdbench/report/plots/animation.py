"""Descents on one landscape, side by side and step by step, as a GIF or a film."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gdbench.errors import InputError
from gdbench.report.plots.landscape import draw_map, draw_paths, read_plane
from gdbench.report.style import sheet, styled

#: Bytes a GIF may take; a coarser picture is written until it does.
MOST_BYTES = 2_000_000
#: Dots an inch, tried in this order.
RESOLUTIONS = (100, 75, 55, 40)


class Plane(Protocol):
    """What is animated: a ``gdbench.landscape.Landscape`` over two directions."""

    n: Any
    problem: str

    def to_frame(self) -> Any:
        """Rows of m, n and value."""

    def project(self, points: Any) -> Any:
        """Steps (k, 2) of points."""


@styled()
def animate(
    landscape: Plane, trajectories: Mapping[str, Any], path: str | Path, frames: int = 48, seconds: float = 5.0
) -> Path:
    """Write several methods descending, a panel each, and return the file's path.

    Parameters
    ----------
    landscape: a plane, from ``gdbench.landscape``.
    trajectories: label -> a Result of ``minimize(..., history="x")``, or points (k, variables), in the same iteration
        at the same time; one to four.
    path: ends in ``.gif``, or in ``.mp4`` where the program ffmpeg is installed.
    frames, seconds: pictures, and how long they play.

    Raises
    ------
    InputError: the landscape is a line, there are no trajectories or more than four, another ending, no ffmpeg.
    """
    from matplotlib.animation import FFMpegWriter, PillowWriter

    file = Path(path)
    if landscape.n is None:
        raise InputError("a line has no map to descend on; make the landscape of two directions.")
    if not 1 <= len(trajectories) <= 4:
        raise InputError(f"one to four trajectories go side by side, not {len(trajectories)}.")
    if frames < 2 or seconds <= 0:
        raise InputError("an animation takes at least 2 frames and a positive number of seconds.")
    if file.suffix not in (".gif", ".mp4"):
        raise InputError(f"{file.name} must end in .gif or .mp4.")
    if file.suffix == ".mp4" and not FFMpegWriter.isAvailable():
        raise InputError("a film (.mp4) needs the program ffmpeg, which was not found; write a .gif.")
    steps = {label: landscape.project(points) for label, points in trajectories.items()}
    longest = max(len(walked) for walked in steps.values())
    figure, panels = sheet(list(steps), f"Descents on {landscape.problem}", f"{longest - 1:,} iterations")
    heights = read_plane(landscape.to_frame())
    for panel in panels:
        left, bottom, width, height = panel.get_position().bounds
        panel.set_position((left, bottom, width + 0.9 / figure.get_figwidth(), height))  # the room of unneeded labels
        draw_map(panel, heights)
    subtitle = next(text for text in figure.texts if text.get_gid() == "subtitle")
    # More of the frames go to the first iterations, where most happens.
    shown = np.unique(np.concatenate([[0], np.geomspace(1, max(longest - 1, 1), frames - 1)]).round().astype(int))
    writer = (PillowWriter if file.suffix == ".gif" else FFMpegWriter)(fps=max(1, round(len(shown) / seconds)))
    for resolution in RESOLUTIONS:
        try:
            with writer.saving(figure, str(file), resolution):
                for k in shown:
                    subtitle.set_text(f"iteration {k:,} of {longest - 1:,}")
                    for panel, (label, walked) in zip(panels, steps.items()):
                        before = len(panel.lines)
                        draw_paths(panel, {label: walked[: k + 1]})
                        for line in panel.lines[:before]:
                            line.remove()
                    writer.grab_frame()
        except OSError as reason:
            raise InputError(
                f"cannot write {file}: {reason.strerror or reason}; give a file that may be written."
            ) from None
        if file.stat().st_size < MOST_BYTES:
            break
    return file
