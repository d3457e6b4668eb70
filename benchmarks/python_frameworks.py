"""Training in Python alone: scikit-learn's network, and the textbook's twenty lines of NumPy.

Further contenders of ``frameworks.py``; their products go to the BLAS that NumPy and SciPy brought.
"""

from __future__ import annotations

import numpy as np
from task import STEP_SIZE, Contender


class ScikitLearn(Contender):
    """``MLPClassifier.partial_fit``, an epoch a call, its SGD without momentum.

    Where it is not the same: it draws its own weights, which are overwritten in place; it turns the labels into
    indicator columns at every call; its loss clips probabilities to [eps, 1 - eps], its slope does not. Its penalty
    (``alpha``) and its own shuffle, which would be another order, are off.
    """

    name, needs = "scikit-learn, partial_fit", "sklearn"

    def prepare(self) -> None:
        """One call makes the arrays of weights, which its optimizer goes on changing in place."""
        from sklearn.neural_network import MLPClassifier

        self.classes = np.arange(self.task.sizes[-1])
        self.model = MLPClassifier(
            self.task.sizes[1:-1], activation="relu", solver="sgd", alpha=0.0, batch_size=self.task.batch,
            learning_rate_init=STEP_SIZE, momentum=0.0, nesterovs_momentum=False, shuffle=False, random_state=0,
        )  # fmt: skip
        self._fit(np.arange(self.task.batch))

    def begin(self) -> None:
        """Take the initial weights; without momentum it remembers nothing else."""
        for own, given in zip(self._parts, self.task.weights):
            own[...] = given

    @property
    def _parts(self) -> list[np.ndarray]:
        return [part for pair in zip(self.model.coefs_, self.model.intercepts_) for part in pair]

    def _fit(self, rows: np.ndarray) -> float:
        self.model.partial_fit(self.task.problem.data[0][rows], self.task.labels[rows], classes=self.classes)
        return float(self.model.loss_)

    def train(self, epoch: int) -> None:
        """The rows in their order; it cuts them into batches itself."""
        self._fit(self.task.order(epoch))

    def losses(self, steps: int) -> list[float]:
        """Of the first batches, a call each."""
        return [self._fit(rows) for rows in self.task.batches(steps)]

    @property
    def point(self) -> np.ndarray:
        """All weights."""
        return np.concatenate([part.ravel() for part in self._parts])


class PlainNumpy(Contender):
    """Backpropagation as the textbooks write it, in NumPy."""

    name, needs = "NumPy, by hand", "numpy"

    def prepare(self) -> None:
        """Nothing but the rows."""
        self.features, self.labels = self.task.problem.data[0], self.task.labels

    def begin(self) -> None:
        """Take the initial weights."""
        self.weights = [part.copy() for part in self.task.weights]

    def _step(self, rows: np.ndarray) -> float:
        active, labels = [self.features[rows]], self.labels[rows]
        matrices, biases = self.weights[::2], self.weights[1::2]
        for matrix, bias in zip(matrices[:-1], biases[:-1]):
            active.append(np.maximum(active[-1] @ matrix + bias, 0.0))
        scores = active[-1] @ matrices[-1] + biases[-1]
        scores -= scores.max(axis=1, keepdims=True)
        delta = np.exp(scores)
        sums = delta.sum(axis=1, keepdims=True)
        each = np.arange(len(rows))
        loss = np.mean(np.log(sums[:, 0]) - scores[each, labels])
        delta /= sums
        delta[each, labels] -= 1.0
        delta /= len(rows)
        for matrix, bias, below in zip(matrices[::-1], biases[::-1], active[::-1]):
            slope, slope_of_bias = below.T @ delta, delta.sum(axis=0)
            if below is not active[0]:
                delta = (delta @ matrix.T) * (below > 0)
            matrix -= STEP_SIZE * slope
            bias -= STEP_SIZE * slope_of_bias
        return float(loss)

    def train(self, epoch: int) -> None:
        """Batch by batch."""
        order = self.task.order(epoch)
        for first in range(0, order.size, self.task.batch):
            self._step(order[first : first + self.task.batch])

    def losses(self, steps: int) -> list[float]:
        """Of the first batches."""
        return [self._step(rows) for rows in self.task.batches(steps)]

    @property
    def point(self) -> np.ndarray:
        """All weights."""
        return np.concatenate([part.ravel() for part in self.weights])
