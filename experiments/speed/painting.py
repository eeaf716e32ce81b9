"""A large painted set, made once and kept in NNLAB_HOME/data."""

from pathlib import Path

import h5py
import numpy as np

from nnlab.config import home
from nnlab.data import hdf5
from nnlab.data.painted import generator


def painted_set(count: int) -> tuple[Path, Path]:
    """The files of ``count`` training images and of 50 test images, half of them cats."""
    folder = home() / "data" / "speed"
    folder.mkdir(parents=True, exist_ok=True)
    train, test = folder / f"train_{count}.h5", folder / "test.h5"
    if not test.is_file():
        generator.write(test, "test", 50, seed=0)
    if not train.is_file():
        _write(train, count)
    return train, test


def first_images(path: Path, count: int) -> np.ndarray:
    """The first images of a set as rows (count, 12288) of float64."""
    with h5py.File(path) as file:
        rows = file["train_set_x"][:count].reshape(count, -1)
    features: np.ndarray = rows / 255.0
    return features


def _write(path: Path, count: int) -> None:
    """Image i is a cat where i is odd."""
    labels = np.arange(count) % 2
    images = np.empty((count, 64, 64, 3), np.uint8)
    for i, image in enumerate(generator.paint_all("train", labels.tolist(), seed=0)):
        images[i] = image
    part = path.with_suffix(".part")
    hdf5.write(part, "train", images, labels, generator.CLASSES)
    part.replace(path)
