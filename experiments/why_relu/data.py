"""209 painted pictures to learn from, and 1000 to choose by and to judge on."""

from pathlib import Path

from nnlab.experiments import paint


def draw(folder: Path) -> None:
    """Write train.h5 and test.h5 unless they are there."""
    paint(folder, {"train": 209, "test": 1000})
