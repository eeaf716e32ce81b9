"""Painted pictures as they are, with one shuffle of the pixels for all, and with one for each picture."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnlab.data import SplitName, hdf5
from nnlab.experiments import paint

COUNTS: dict[SplitName, int] = {"train": 209, "test": 1000}
N = 64 * 64 * 3


def orders(split: SplitName, m: int) -> dict[str, NDArray[np.int64]]:
    """For each set the place (m, N) from which a number of an unrolled picture is taken."""
    same = np.random.RandomState(0).permutation(N)
    random = np.random.RandomState(1 + (split == "test"))
    return {
        "as_is": np.tile(np.arange(N), (m, 1)),
        "shuffled": np.tile(same, (m, 1)),
        "own": np.array([random.permutation(N) for _ in range(m)]),
    }


def draw(folder: Path) -> None:
    """Write as_is_train.h5, shuffled_train.h5, own_train.h5 and the test sets unless they are there."""
    paint(folder, COUNTS)
    for split in COUNTS:
        pictures = hdf5.read(folder / f"{split}.h5", split, 2**40)
        m = len(pictures.y)
        x = np.asarray(pictures.x).reshape(m, N)
        for name, order in orders(split, m).items():
            path = folder / f"{name}_{split}.h5"
            if not path.is_file():
                whole = folder / f".{path.name}.part"
                images = np.take_along_axis(x, order, axis=1).reshape(m, 64, 64, 3)
                hdf5.write(whole, split, images, pictures.y, pictures.classes)
                whole.replace(path)
