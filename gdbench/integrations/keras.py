"""gdbench's directions as Keras 3 optimisers: ``model.compile(optimizer=from_method("adam"), ...)``.

Keras differentiates and keeps the books; which way the weights move is the plain rule of a file in
``methods/directions/``, run on Keras' tensors by ``tensors.py``, on whichever backend Keras has. Keras is
imported when an optimiser is made, never before.
"""

# Keras is untyped.
# mypy: disable-error-code="misc, name-defined"

from __future__ import annotations

import importlib
import math
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from gdbench.errors import InputError, unknown
from gdbench.integrations.tensors import on_tensors
from gdbench.methods import DIRECTIONS
from gdbench.methods.base import Direction
from gdbench.number import real

__all__ = ["GradientDescent", "from_method"]  # noqa: F822 (the class is made when it is asked for)


def from_method(method: str = "steepest", learning_rate: Any = 0.01, **settings: Any) -> Any:
    """A Keras optimiser that moves the weights as one of gdbench's first-order directions does.

    w <- w + learning_rate * d, where d is made of the slope by the direction's rule.

    Parameters
    ----------
    method: ``"steepest"`` (or ``"sgd"``, the same), ``"momentum"``, ``"nesterov"``, ``"adam"``, ``"rmsprop"``,
        ``"sign"``, ..., see ``gdbench list methods``.
    learning_rate: > 0, or a ``keras.optimizers.schedules.LearningRateSchedule``.
    settings: of the direction (``beta=0.9``), and of every Keras optimiser (``name``, ``clipnorm``, ``weight_decay``,
        ``use_ema``, ...).

    Returns
    -------
    GradientDescent, a ``keras.optimizers.Optimizer``; it is saved and loaded with a model.

    Raises
    ------
    InputError: Keras or its backend is missing, the method is unknown, or it cannot move weights entry by entry
        (conjugate gradients, BFGS); a setting or the learning rate is out of range.

    Examples
    --------
    >>> optimizer = from_method("momentum", 0.01, beta=0.9)  # doctest: +SKIP
    >>> model.compile(optimizer=optimizer, loss="mse")  # doctest: +SKIP
    """
    return _optimizer()(learning_rate, direction=method, **settings)


def __getattr__(name: str) -> Any:
    if name == "GradientDescent":
        return _optimizer()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def imported() -> Any:
    """Keras, or one sentence saying what is missing."""
    try:
        return importlib.import_module("keras")
    except ModuleNotFoundError as missing:
        if missing.name == "keras":
            raise InputError("Keras is not installed: pip install 'gdbench[keras]'.") from None
        raise InputError(
            f"Keras is set to a backend that is not installed ({missing.name}): install it, or name another "
            "in the environment variable KERAS_BACKEND (tensorflow, jax, torch)."
        ) from None
    except ValueError as reason:  # Keras knows no backend of that name
        raise InputError(
            f"Keras does not start ({' '.join(str(reason).split()).rstrip('.')}): name a backend in the environment "
            "variable KERAS_BACKEND (tensorflow, jax, torch)."
        ) from None


def _direction(name: str, settings: dict[str, Any]) -> Direction:
    """The direction behind ``name``, its own settings taken out of ``settings``."""
    name = "steepest" if name == "sgd" else name
    if name not in DIRECTIONS:
        raise unknown("direction", name, DIRECTIONS)
    kind = DIRECTIONS[name]
    own = {field.name: settings.pop(field.name) for field in fields(kind) if field.name in settings}
    return kind(**own)


@cache
def _optimizer() -> Any:
    """The class; made once Keras is there to be inherited from."""
    keras = imported()

    @keras.saving.register_keras_serializable(package="gdbench")
    class GradientDescent(keras.optimizers.Optimizer):
        """Weights move by learning_rate * d, where d is made of the slope by one of gdbench's directions.

        Parameters
        ----------
        learning_rate: > 0, or a ``LearningRateSchedule``.
        direction: name of a first-order direction; ``"steepest"`` is plain gradient descent.
        settings: of the direction, and of every Keras optimiser.

        Raises
        ------
        InputError: see :func:`from_method`.
        """

        def __init__(self, learning_rate: Any = 0.01, direction: str = "steepest", **settings: Any) -> None:
            chosen = _direction(direction, settings)
            move = on_tensors(chosen, keras.ops)
            scheduled = isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule)
            if not scheduled and not callable(learning_rate) and not 0 < real(learning_rate) < math.inf:
                raise InputError(f"learning_rate must be positive and finite, not {learning_rate!r}.")
            settings.setdefault("name", f"gdbench_{chosen.name.replace('-', '_')}")
            try:
                super().__init__(learning_rate=learning_rate, **settings)
            except (TypeError, ValueError) as reason:
                raise InputError(f"Keras refuses these settings: {reason}") from None
            self.direction, self._move = chosen, move
            self._memory: list[list[Any]] = []

        def build(self, variables: list[Any]) -> None:
            """A row of the direction's memory for every variable, zero at first."""
            if self.built:
                return
            super().build(variables)
            rows = range(self.direction.state_rows)
            self._memory = [
                [self.add_variable_from_reference(variable, name=f"memory_{row}") for row in rows]
                for variable in variables
            ]

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            """One variable, one step."""
            cast = keras.ops.cast
            memory = self._memory[self._get_variable_index(variable)]
            state = [keras.ops.convert_to_tensor(row) for row in memory]
            g, k = cast(gradient, variable.dtype), cast(self.iterations, variable.dtype)
            d, after = self._move(keras.ops.convert_to_tensor(variable), g, state, k)
            for row, new in zip(memory, after):
                self.assign(row, new)
            self.assign_add(variable, cast(learning_rate, variable.dtype) * d)

        def get_config(self) -> dict[str, Any]:
            """All that makes the same optimiser again."""
            return {**super().get_config(), "direction": self.direction.name, **asdict(self.direction)}

    return GradientDescent
