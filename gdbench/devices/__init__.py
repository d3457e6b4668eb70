"""WHERE loops run: the only rooms that compile. ``cpu`` and ``cuda`` hold the same file names."""
