"""The default painted training set, shrunk to 16 x 16."""

from pathlib import Path

from nnlab.experiments import paint


def draw(folder: Path) -> None:
    """Write train.h5 and test.h5 unless they are there."""
    paint(folder, {"train": 209, "test": 1000}, side=16)
