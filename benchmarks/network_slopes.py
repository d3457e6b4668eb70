"""The slope of a network by many hands: backpropagation written out or derived, and differences, naive or not.

784-128-10, ReLU, 32 images, float64. Naive differences of all 101,770 parameters take half a minute and more, so those
contenders do a sample of the parameters, as their names say; ``scale`` is how many times as long all would take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from slope_work import sampled_flops
from slopes import Contender, Slopes, like, ours

from gdbench.experiments.gradient_cost import BATCH, problem_of
from gdbench.problems import Problem

SAMPLED = 256
#: eps^(1/3), the step of gdbench's own 3-point source.
H = float(np.finfo(np.float64).eps) ** (1 / 3)


def network() -> Problem:
    """The largest network of the experiment ``gradient_cost`` at its default size."""
    return problem_of({"problem": "network", "hidden": 128, "batch": BATCH})


def unpacked(x: Any, problem: Problem) -> list[Any]:
    """W1 (inputs, units), b1, W2, b2 out of a flat x, of NumPy, JAX or PyTorch."""
    return [x[first : first + int(np.prod(size))].reshape(size) for first, size in problem.blocks.values()]


def parts(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """The rows and their labels, int64."""
    features, labels, _ = problem.data
    return features.astype(np.float64), labels.astype(np.int64)


class Sampled(Slopes):
    """Central differences of every so many-th parameter."""

    def __init__(self, problem: Problem) -> None:
        self.coordinates = np.linspace(0, problem.n - 1, SAMPLED).astype(int)
        self.scale = problem.n / SAMPLED
        self.problem, self.x = problem, problem.x0.copy()
        self.features, self.labels = parts(problem)
        self.prepare()

    def prepare(self) -> None:
        """Once: what the library needs."""

    def value(self, x: np.ndarray) -> float:
        """Mean cross-entropy by NumPy and its BLAS."""
        w1, b1, w2, b2 = unpacked(x, self.problem)
        scores = np.maximum(self.features @ w1 + b1, 0.0) @ w2 + b2
        scores -= scores.max(axis=1, keepdims=True)
        own = scores[np.arange(len(scores)), self.labels]
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - own))

    def once(self) -> np.ndarray:
        """Parameter by parameter: up, down, back."""
        found = np.empty(SAMPLED)
        for place, i in enumerate(self.coordinates):
            kept = self.x[i]
            h = H * max(1.0, abs(kept))
            self.x[i] = kept + h
            above = self.value(self.x)
            self.x[i] = kept - h
            found[place] = (above - self.value(self.x)) / (2 * h)
            self.x[i] = kept
        return found


class JaxMapped(Sampled):
    """The same difference mapped over the parameters by ``jax.lax.map``, compiled; batches of them are slower."""

    def prepare(self) -> None:
        """The mapped difference as one compiled function."""
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        features, labels = jnp.asarray(self.features), jnp.asarray(self.labels)

        def value(x: Any) -> Any:
            return jax_loss(unpacked(x, self.problem), features, labels)

        def difference(x: Any, i: Any) -> Any:
            h = H * jnp.maximum(1.0, jnp.abs(x[i]))
            return (value(x.at[i].add(h)) - value(x.at[i].add(-h))) / (2 * h)

        self.start, self.some = jnp.asarray(self.x), jnp.asarray(self.coordinates)
        self.mapped = jax.jit(lambda x, some: jax.lax.map(lambda i: difference(x, i), some))

    def once(self) -> Any:
        """One call, to the end."""
        return self.mapped(self.start, self.some).block_until_ready()


def jax_loss(weights: list[Any], features: Any, labels: Any) -> Any:
    """Mean cross-entropy as JAX's tutorials write it."""
    import jax
    import jax.numpy as jnp

    w1, b1, w2, b2 = weights
    scores = jax.nn.relu(features @ w1 + b1) @ w2 + b2
    own = jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(scores, axis=1) - own)


class JaxGradient(Slopes):
    """``jax.jit(jax.grad(...))``, to the end of the computation."""

    def __init__(self, problem: Problem) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        features, labels = (jnp.asarray(part) for part in parts(problem))
        self.x = jnp.asarray(problem.x0)
        self.gradient = jax.jit(jax.grad(lambda x: jax_loss(unpacked(x, problem), features, labels)))

    def once(self) -> Any:
        """One call."""
        return self.gradient(self.x).block_until_ready()


class TorchGradient(Slopes):
    """``torch.autograd.grad`` of ``cross_entropy``, operation by operation."""

    def __init__(self, problem: Problem) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch, self.problem = torch, problem
        self.features, self.labels = (torch.from_numpy(part) for part in parts(problem))
        self.x = torch.from_numpy(problem.x0.copy()).requires_grad_()

    def once(self) -> Any:
        """One slope."""
        w1, b1, w2, b2 = unpacked(self.x, self.problem)
        scores = self.torch.relu(self.features @ w1 + b1) @ w2 + b2
        loss = self.torch.nn.functional.cross_entropy(scores, self.labels)
        return self.torch.autograd.grad(loss, self.x)[0]


def of_sample(problem: Problem) -> int:
    """Operations of the parameters done."""
    return sampled_flops(problem, SAMPLED)


#: gdbench's reverse mode goes by the package's name, as on the chain.
ON_NETWORK: Mapping[str, Contender] = {
    "gdbench": ours("reverse-ad"),
    "gdbench, analytic (backpropagation written out)": ours("analytic"),
    "gdbench, structured differences": ours("structured"),
    "JAX, jit(grad)": like("reverse-ad", "jax", JaxGradient),
    "PyTorch, autograd": like("reverse-ad", "torch", TorchGradient),
    f"JAX, central differences mapped ({SAMPLED} parameters)": Contender("jax", JaxMapped, of_sample),
    f"NumPy, central differences in a loop ({SAMPLED} parameters)": Contender("numpy", Sampled, of_sample),
}
