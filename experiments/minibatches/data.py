"""1000 painted training pictures and 1000 test pictures, shrunk to 16 x 16."""

from pathlib import Path

from nnlab.experiments import paint


def draw(folder: Path) -> None:
    """Write train.h5 and test.h5 unless they are there."""
    paint(folder, {"train": 1000, "test": 1000}, side=16)
