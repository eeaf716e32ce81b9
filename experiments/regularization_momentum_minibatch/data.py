"""The default painted training set with 1000 test pictures instead of 50."""

from pathlib import Path

from nnlab.data import SplitName
from nnlab.data.painted import generator

COUNTS: dict[SplitName, int] = {"train": 209, "test": 1000}


def draw(folder: Path) -> None:
    """Write train.h5 and test.h5 unless they are there."""
    for split, count in COUNTS.items():
        if not (folder / f"{split}.h5").is_file():
            generator.write(folder / f"{split}.h5", split, count, seed=0)
