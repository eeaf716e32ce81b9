"""Arrays whose rows are read or copied only when they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab.nn import Array, Indices


class StoredRows:
    """The rows of an HDF5 dataset, read by slice or by indices; otherwise like an array."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        """``dataset`` has passed the checks of ``hdf5_checks``. Its file stays open."""
        self._dataset = dataset
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype: np.dtype[Any] = dataset.dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Indices) -> NDArray[Any]:
        if isinstance(rows, slice):
            part: NDArray[Any] = self._dataset[rows]
            return part
        return self._take(rows)

    def _take(self, places: Indices) -> NDArray[Any]:
        """Read row by row through the low-level interface.

        Measured: this takes a fifth of the time of h5py's own indexing.
        """
        out = np.empty((len(places), *self.shape[1:]), self.dtype)  # (k, ...)
        one, rest = (1, *self.shape[1:]), (0,) * (self.ndim - 1)
        source, target = self._dataset.id.get_space(), h5py.h5s.create_simple(one)
        for i, place in enumerate(places.tolist()):
            source.select_hyperslab((place, *rest), one)
            self._dataset.id.read(target, source, out[i : i + 1])
        return out


class ChosenRows:
    """Some rows of an array, given by their indices; copied when they are asked for."""

    def __init__(self, whole: "Examples", places: Indices) -> None:
        self._whole, self._places = whole, places
        self.shape: tuple[int, ...] = (len(places), *whole.shape[1:])
        self.dtype: np.dtype[Any] = whole.dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, rows: slice | Indices) -> NDArray[Any]:
        return self._whole[self._places[rows]]


Examples: TypeAlias = NDArray[Any] | StoredRows | ChosenRows


@dataclass(frozen=True)
class FeatureRows:
    """The features of ``m`` stored examples, computed when they are asked for; otherwise like an array."""

    take: Callable[[slice | Indices], Array]
    m: int
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return self.m

    def __getitem__(self, places: slice | Indices) -> Array:
        return self.take(places)
