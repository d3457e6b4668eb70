"""What ``peers.py`` may be asked: its arguments, and the sentences that refuse some of them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path


def parsed(about: str | None, rounds: Mapping[str, int], threads: int, least: int) -> argparse.Namespace:
    """The arguments of the command line; ``rounds``: of each question, where the command does not say."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", choices=list(rounds))
    parser.add_argument(
        "--rounds", type=int, help="samples of each contender (default: 6 epochs, 50 of the loop, 20 slopes, 12 calls)"
    )
    parser.add_argument("--rows", type=int, help="training: only so many images (default: all there are)")
    parser.add_argument("--hidden", type=_units, default=(128,), help="training: units, as in 512-256 (default: 128)")
    parser.add_argument("--batch", type=int, default=32, help="training: rows of a batch (default: 32)")
    parser.add_argument("--threads", type=int, default=threads, help=f"training: cores for each (default: {threads})")
    parser.add_argument("--only", default="", help="training: beside gdbench only these, as in JAX,PyTorch")
    parser.add_argument("--processes", type=int, default=1, help="fresh ones, one after the other; 6 for an interval")
    parser.add_argument("--seed", type=int, default=0, help="of the weights, the batches and the order of contenders")
    parser.add_argument("--json", type=Path, help="keep every sample in this file")
    words = parser.parse_args()
    # Below six samples there is no 95 % interval of a median.
    words.rounds = words.rounds if words.rounds is not None else rounds[words.question]
    if words.rounds < least:
        parser.error(f"--rounds must be at least {least}, not {words.rounds}.")
    if words.rows is not None and words.rows < 20 * words.batch:
        parser.error(f"--rows must be at least {20 * words.batch}, the first 20 batches; not {words.rows}.")
    if words.batch < 1 or words.threads < 1:
        parser.error("--batch and --threads must be at least 1.")
    if words.processes < 1 or (words.processes > 1 and words.question == "solvers"):
        parser.error("--processes must be at least 1; solvers are counted more than timed, and take 1.")
    return words


def _units(given: str) -> tuple[int, ...]:
    """512-256 as (512, 256)."""
    units = tuple(int(part) for part in given.split("-"))
    if min(units) < 1:
        raise ValueError
    return units
