"""The types of data sets: splits of examples, a training and a test split, held-out examples."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.data.lazy_rows import Examples, FeatureRows, StoredRows
from nnlab.nn import Array, Indices, features, targets

PART_MB = 16  # megabytes of a split that are digested or checked at a time


@dataclass(frozen=True, eq=False)  # compared and hashed by identity, since it is a key of caches
class Split:
    """The examples of one file."""

    path: Path
    x: Examples  # (m, height, width, channels) uint8 images, or (m, n) features
    y: NDArray[Any]  # labels (m,) int64, or targets of a regression (m, n_L) float64
    classes: tuple[str, ...]  # their names; empty for a regression

    @property
    def regression(self) -> bool:
        """Whether y holds real targets instead of classes."""
        return not self.classes

    def targets(self, n_outputs: int, dtype: np.dtype[np.floating]) -> Array:
        """Y (n_L, m): real targets as they are, or the labels as 0 and 1 (see ``nn.metrics.targets``)."""
        return self.y.T.astype(dtype) if self.regression else targets(self.y, n_outputs, dtype)

    @property
    def streamed(self) -> bool:
        """Whether the examples stay on disk and are read when they are needed."""
        return isinstance(self.x, StoredRows)

    def features(self, dtype: str = "float64", places: slice | Indices = slice(None)) -> Array:
        """Examples as rows (k, n_0), flattened in C order; uint8 images are divided by 255."""
        return features(self.x[places], dtype)

    def rows(self, dtype: str) -> Array | FeatureRows:
        """The features of all examples (m, n_0): an array, or rows that are read when asked for."""
        if not self.streamed:
            return self.features(dtype)
        return FeatureRows(lambda places: self.features(dtype, places), len(self.y), np.dtype(dtype))

    def parts(self) -> Iterator[NDArray[Any]]:
        """The examples in their order, at most ``PART_MB`` megabytes at a time."""
        row_bytes = int(np.prod(self.x.shape[1:])) * self.x.dtype.itemsize
        length = max(1, PART_MB * 2**20 // row_bytes)
        for start in range(0, len(self.x), length):
            yield self.x[start : start + length]

    @cached_property
    def digest(self) -> str:
        """sha256 over the arrays' content; the file's name and compression do not change it."""
        sha = hashlib.sha256()
        sha.update(f"{self.x.dtype.str} {self.x.shape}".encode())
        for part in self.parts():
            sha.update(np.ascontiguousarray(part).data)
        sha.update(f"{self.y.dtype.str} {self.y.shape}".encode())
        sha.update(self.y.data)
        sha.update("\0".join(self.classes).encode())
        return sha.hexdigest()


@dataclass(frozen=True, eq=False)
class Part(Split):
    """Some examples of a split."""

    whole: Split
    places: Indices  # (k,) of these examples in the whole split

    @property
    def streamed(self) -> bool:
        """Whether the whole split stays on disk."""
        return self.whole.streamed


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split of the same kind of examples."""

    train: Split
    test: Split
    validation: Split | None = None  # held out of the training examples

    @property
    def n_0(self) -> int:
        """How many inputs an example has."""
        return int(np.prod(self.train.x.shape[1:]))

    @property
    def m(self) -> int:
        """How many training examples there are."""
        return len(self.train.y)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; a label is an index into them."""
        return self.train.classes

    @property
    def splits(self) -> dict[str, Split]:
        """The splits by name: train, validation if examples are held out, test."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}

    @property
    def digest(self) -> str:
        """sha256 over the digests of the training and the test split."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class HeldOut(Dataset):
    """A data set whose training examples are divided into training and validation examples."""

    whole: Dataset

    @property
    def digest(self) -> str:
        """The digest of the whole set: the data are the same, the configuration says what is held out."""
        return self.whole.digest
