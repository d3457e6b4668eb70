"""Many launches as one: kernels captured in a CUDA graph, which the host then starts with a single call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdbench.devices.cuda import door


class Graph:
    """A captured sequence of kernels; every :meth:`launch` runs it with the same arguments, in the same order."""

    def __init__(self, graph: Any, stream: Any) -> None:
        self._graph, self._stream = graph, stream

    def launch(self) -> None:
        """Start it behind everything launched before, on the default stream; returns before it ends."""
        self._graph.launch(self._stream)


def captured(launches: Callable[[Any], None]) -> Graph:
    """The kernels that ``launches(stream)`` starts on ``stream``, captured and not run.

    Raises
    ------
    InputError: CUDA cannot be used.
    """
    door.require()
    from cuda.core import Device

    device = Device()
    device.set_current()
    builder = device.create_graph_builder()
    builder.begin_building()
    launches(builder)
    return Graph(builder.end_building().complete(), device.default_stream)
