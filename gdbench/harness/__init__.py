"""One trustworthy measurement: case, timing, run, record, environment, machine, statistics."""
