"""Helper: what the tests of results look at."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from harness import write_h5

import nnlab


class Home(NamedTuple):
    """A home with a published sweep and a training."""

    folder: Path
    sweep: nnlab.Sweep
    run: nnlab.Run
    data: list[str]  # the overrides that name the files


def pictures(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Colour images (m, 4, 4, 3) and their classes, 1 for bright ones; some of the test are wrong."""
    random = np.random.RandomState(split == "test")
    m = 20 if split == "test" else 30
    y = np.arange(m) % 3 // 2
    x = random.randint(0, 120, (m, 4, 4, 3)) + 120 * y[:, None, None, None]
    wrong = 3 if split == "test" else 0
    return x.astype(np.uint8), np.where(np.arange(m) < wrong, 1 - y, y)


def write_pictures(folder: Path) -> list[str]:
    """Write both sets; returns the overrides that name the files."""
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        x, y = pictures(split)
        write_h5(folder / f"{split}.h5", split, x=x, y=y, classes=np.array([b"dark", b"bright"]))
    return ["data=hdf5", *(f"data.{split}={folder}/{split}.h5" for split in ("train", "test"))]
