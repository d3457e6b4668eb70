"""Training networks: the verb ``gdbench.train``, what it checks, what it keeps, and how it ends."""

from gdbench.training.result import TrainingResult
from gdbench.training.verb import train

__all__ = ["TrainingResult", "train"]
