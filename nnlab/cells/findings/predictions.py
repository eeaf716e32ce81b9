"""What a net predicted for its test set: classes, which of them are right, the true class's probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.cells.findings import significance
from nnlab.nn import Array, Labels, classes


@dataclass(frozen=True)
class Predictions:
    """The outputs of one net on its test set, and the true classes."""

    A: Array  # (n_L, m)
    y: Labels  # (m,)

    @classmethod
    def of_record(cls, arrays: Mapping[str, NDArray[Any]]) -> "Predictions":
        """From the arrays of a record's predictions.npz."""
        return cls(arrays["test"], arrays["y_test"])

    @property
    def classes(self) -> Labels:
        """The predicted classes (m,); -1 where the output is not a number."""
        return classes(self.A)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which predicted classes are the true ones (m,)."""
        return np.equal(self.classes, self.y)

    @property
    def p_true(self) -> Array:
        """The probability of the true class (m,)."""
        if len(self.A) == 1:
            p: Array = np.where(self.y == 1, self.A[0], 1.0 - self.A[0])
            return p
        chosen: Array = self.A[self.y, np.arange(len(self.y))]
        return chosen

    @property
    def right_text(self) -> str:
        """`41/50`: how many are right, of how many."""
        return f"{int(self.right.sum())}/{len(self.y)}"

    @property
    def interval(self) -> tuple[float, float]:
        """The exact 95 % interval of the accuracy."""
        return significance.interval(int(self.right.sum()), len(self.y))

    @property
    def interval_text(self) -> str:
        """The same as `0.683–0.914`."""
        low, high = self.interval
        return f"{low:.3f}–{high:.3f}"
