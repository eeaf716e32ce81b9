"""Painted cats."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from nnlab.data import scenes
from nnlab.data.bodies import figure
from nnlab.data.cats import cat
from nnlab.data.coats import draw_coat
from nnlab.data.figure import FULL, SCALE, SIDE
from nnlab.data.others import other

Split = Literal["train", "test"]

CLASSES = (b"non-cat", b"cat")
CHUNK = 100  # images in memory at a time
# the index of each split's first picture, far enough apart that no picture is in both
_FIRST: dict[Split, int] = {"train": 0, "test": 1 << 31}


def paint(seed: int, index: int, label: int) -> NDArray[np.uint8]:
    """Paints one picture, which depends on nothing but the arguments.

    Args:
        seed: The data set's seed, 0 to 2^32 - 1.
        index: The picture's number, 0 to 2^32 - 1.
        label: 1 for a cat, 0 for anything else.

    Returns:
        The picture, (64, 64, 3).
    """
    rng = RandomState([seed, index, label])
    coat = draw_coat(rng)
    image = scenes.scene(rng, coat.base)
    spread = 9.0 if label and rng.uniform() < 0.85 else 40.0
    place = FULL / 2 + rng.normal(0.0, spread, 2)
    size = FULL * rng.uniform(0.31, 0.5)
    fig = figure(image, coat, rng, place, size, rng.normal(0.0, 0.12))
    (cat if label else other)(fig)
    if rng.uniform() < 0.3:
        scenes.cover(image, rng)
    return scenes.light(np.asarray(image.reduce(SCALE)), rng)


def write(
    path: Path,
    split: Split,
    count: int,
    seed: int,
    on_image: Callable[[int], None] | None = None,
) -> None:
    """Writes a painted set in the course's HDF5 layout, whole or not at all.

    The file holds `<split>_set_x` (count, 64, 64, 3) uint8, `<split>_set_y` (count,) int64 and
    `list_classes`. The same arguments give the same bytes. At most CHUNK pictures are held in
    memory.

    Args:
        path: Where the file goes; its folder exists.
        split: Which of the seed's two sets; they share no picture.
        count: How many pictures, half of them cats.
        seed: The data set's seed, 0 to 2^32 - 1.
        on_image: Told how many pictures are painted, after each.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with h5py.File(part, "w") as file:
            _fill(file, split, count, seed, on_image)
        with part.open("rb") as done:
            os.fsync(done.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def labels(split: Split, count: int, seed: int) -> NDArray[np.int64]:
    """Returns a set's labels (count,), half of them cats, in the seed's order."""
    order = RandomState([seed, _FIRST[split]]).permutation(count)
    return (order % 2).astype(np.int64)


def _fill(
    file: h5py.File,
    split: Split,
    count: int,
    seed: int,
    on_image: Callable[[int], None] | None,
) -> None:
    y = labels(split, count, seed)
    file[f"{split}_set_y"] = y
    file["list_classes"] = np.array(CLASSES)
    x = file.create_dataset(f"{split}_set_x", (count, SIDE, SIDE, 3), np.uint8)
    chunk = np.empty((min(CHUNK, count), SIDE, SIDE, 3), np.uint8)
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        for i in range(start, stop):
            chunk[i - start] = paint(seed, _FIRST[split] + i, int(y[i]))
            if on_image is not None:
                on_image(i + 1)
        x[start:stop] = chunk[: stop - start]
