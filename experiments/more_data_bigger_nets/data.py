"""20,000 painted training pictures, smaller sets that are parts of them, and 2000 test pictures for all."""

from pathlib import Path

import numpy as np

from nnlab.data import hdf5
from nnlab.data.hdf5 import SplitName
from nnlab.data.painted import generator

# The training sets as places among the 20,000; their names are m or m_seed. Up to m = 1000 each seed has
# its own pictures.
TRAIN = {"20000": slice(20_000), "5000": slice(5000)} | {
    f"{m}_{seed}": slice(1000 * (seed - 1), 1000 * (seed - 1) + m)
    for m in (1000, 200, 50)
    for seed in range(1, 6)
}
TEST = {"test": slice(2000)}


def draw(folder: Path) -> None:
    """Write the sets unless they are there."""
    _write(folder, "train", TRAIN)
    _write(folder, "test", TEST)


def _write(folder: Path, split: SplitName, sets: dict[str, slice]) -> None:
    if all((folder / f"{name}.h5").is_file() for name in sets):
        return
    count = max(places.stop for places in sets.values())
    print(f"painting {count} {split} pictures, once", flush=True)
    y = np.arange(count) % 2  # half of each set are cats
    x = np.empty((count, 64, 64, 3), np.uint8)
    for i, picture in enumerate(generator.paint_all(split, y.tolist(), seed=0)):
        x[i] = picture
    for name, places in sets.items():
        part = folder / f".{name}.part"
        hdf5.write(part, split, x[places], y[places], generator.CLASSES)
        part.replace(folder / f"{name}.h5")
