"""Painted sets for experiments: of any size, and shrunk where smaller pictures do."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnlab.data import SplitName, hdf5
from nnlab.data.painted import generator

SIDE = 64


def paint(folder: Path, counts: dict[SplitName, int], side: int = SIDE, seed: int = 0) -> None:
    """Write train.h5 and test.h5 unless they are there.

    With a ``side`` below 64 each picture is shrunk, by means over squares, and written as features
    (count, 3 side^2) between 0 and 1.
    """
    for split, count in counts.items():
        path = folder / f"{split}.h5"
        if path.is_file():
            continue
        whole = folder / f".{split}.part"
        generator.write(whole, split, count, seed)
        if side < SIDE:
            pictures = hdf5.read(whole, split, 2**40)
            hdf5.write(whole, split, shrunk(np.asarray(pictures.x), side), pictures.y, generator.CLASSES)
        whole.replace(path)


def shrunk(x: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    """Pictures (m, 64, 64, 3) of bytes as features (m, 3 side^2), the means over squares of pixels."""
    block = SIDE // side
    squares = x.reshape(len(x), side, block, side, block, 3)
    means: NDArray[np.float64] = squares.mean(axis=(2, 4), dtype=np.float64) / 255.0
    return means.reshape(len(x), -1)
