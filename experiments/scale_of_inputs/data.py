"""Painted pictures of 16 x 16 x 3 as raw pixels, divided by 255, and centred."""

from pathlib import Path

import numpy as np

from nnlab.data import SplitName, hdf5
from nnlab.experiments import paint

COUNTS: dict[SplitName, int] = {"train": 209, "test": 1000}


def draw(folder: Path) -> None:
    """Write raw_train.h5, by_255_train.h5, centred_train.h5 and the test sets unless they are there."""
    paint(folder, COUNTS, side=16)
    mean = np.asarray(hdf5.read(folder / "train.h5", "train", 2**40).x).mean(axis=0)  # (n_0,)
    for split in COUNTS:
        pictures = hdf5.read(folder / f"{split}.h5", split, 2**40)
        x = np.asarray(pictures.x)
        for name, inputs in (("raw", 255.0 * x), ("by_255", x), ("centred", x - mean)):
            path = folder / f"{name}_{split}.h5"
            if not path.is_file():
                whole = folder / f".{path.name}.part"
                hdf5.write(whole, split, inputs, pictures.y, pictures.classes)
                whole.replace(path)
