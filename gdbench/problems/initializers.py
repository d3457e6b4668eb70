"""Where a network begins: the initial weights of its matrices, by the name the literature knows them by.

A weight matrix W (inputs, units) is drawn so that scores (and slopes, on their way back) neither grow nor die from
layer to layer; biases begin at 0. The normal ones are not truncated, as in PyTorch; Keras cuts its off at two
standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gdbench.errors import unknown
from gdbench.problems.base import Array
from gdbench.problems.synthetic import generator

Initializer = Callable[[np.random.Generator, int, int], Array]


def glorot_uniform(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """Uniform on +-sqrt(6 / (inputs + units)). Source: Glorot and Bengio (2010), AISTATS, equation 16."""
    bound = np.sqrt(6.0 / (inputs + units))
    return rng.uniform(-bound, bound, (inputs, units))


def glorot_normal(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """N(0, 2 / (inputs + units)). Source: Glorot and Bengio (2010), AISTATS, equation 12."""
    return rng.normal(0.0, np.sqrt(2.0 / (inputs + units)), (inputs, units))


def he_uniform(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """Uniform on +-sqrt(6 / inputs), the variance of :func:`he_normal`. Source: He et al. (2015), ICCV, equation 10."""
    bound = np.sqrt(6.0 / inputs)
    return rng.uniform(-bound, bound, (inputs, units))


def he_normal(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """N(0, 2 / inputs): a ReLU passes half of its variance on. Source: He et al. (2015), ICCV, equation 10."""
    return rng.normal(0.0, np.sqrt(2.0 / inputs), (inputs, units))


def lecun_normal(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """N(0, 1 / inputs). Source: LeCun, Bottou, Orr and Mueller (1998), Efficient BackProp, equation 16."""
    return rng.normal(0.0, np.sqrt(1.0 / inputs), (inputs, units))


def orthogonal(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """Orthonormal columns, or rows where there are fewer of them: singular values all 1 (gain 1).

    Drawn uniformly: the factor Q of a Gaussian matrix, its signs fixed by the diagonal of R (Mezzadri 2007).
    Source: Saxe, McClelland and Ganguli (2014), ICLR, section 3.
    """
    tall = rng.standard_normal((max(inputs, units), min(inputs, units)))
    q, r = np.linalg.qr(tall)
    q *= np.copysign(1.0, np.diag(r))
    return q if inputs >= units else q.T


def zeros(rng: np.random.Generator, inputs: int, units: int) -> Array:
    """All 0, to see why not: units that begin alike get the same slope and stay alike for ever."""
    return np.zeros((inputs, units))


INITIALIZERS: Mapping[str, Initializer] = {
    "glorot-uniform": glorot_uniform,
    "glorot-normal": glorot_normal,
    "he-uniform": he_uniform,
    "he-normal": he_normal,
    "lecun-normal": lecun_normal,
    "orthogonal": orthogonal,
    "zeros": zeros,
}


def initial_weights(blocks: Mapping[str, tuple[int, tuple[int, ...]]], initializer: str, seed: int) -> Array:
    """A start for the flat x (n,) of a network, float64: matrices by the initializer's name, biases 0.

    Parameters
    ----------
    blocks: name -> (offset, shape) of each matrix and bias, in order.
    initializer: a name of ``INITIALIZERS``.
    seed: whole number of at least 0.

    Raises
    ------
    InputError: an unknown initializer, or a seed that is none.

    >>> blocks = {"W1": (0, (2, 2)), "b1": (4, (2,))}
    >>> x = initial_weights(blocks, "orthogonal", 0)
    >>> bool(np.allclose(x[:4].reshape(2, 2).T @ x[:4].reshape(2, 2), np.eye(2))), x[4:].tolist()
    (True, [0.0, 0.0])
    """
    if initializer not in tuple(INITIALIZERS):  # which asks for no hash
        raise unknown("initializer", initializer, INITIALIZERS)
    rng = generator(seed)
    parts = []
    for _, shape in blocks.values():
        if len(shape) == 2:
            parts.append(INITIALIZERS[initializer](rng, *shape).ravel())
        else:
            rng.random(shape)  # a bias takes its turn at the generator, so that a seed goes on naming the same network
            parts.append(np.zeros(shape))
    return np.concatenate(parts)
