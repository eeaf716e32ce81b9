"""128 + 500 points in 32 dimensions; a plane separates the classes."""

from pathlib import Path

from nnlab.data import synthetic


def draw(folder: Path) -> None:
    """Write train.h5 and test.h5 unless they are there."""
    synthetic.write(folder, synthetic.half_space(128, 32, 1), synthetic.half_space(500, 32, 2))
