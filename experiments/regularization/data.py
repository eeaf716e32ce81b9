"""The default painted training set, with 1000 test pictures to select by and 1000 to judge by."""

from pathlib import Path

from nnlab.experiments import paint


def draw(folder: Path) -> None:
    """Write train.h5 and test.h5 unless they are there."""
    paint(folder, {"train": 209, "test": 2000})
