"""All vectors of n bits with their parity, for training and (the same) for testing."""

from pathlib import Path

from nnlab.data import synthetic


def draw(folder: Path) -> None:
    """Write n_train.h5 and n_test.h5 for 2, 4, 6 and 8 bits unless they are there."""
    for n in (2, 4, 6, 8):
        synthetic.write(folder, synthetic.parity(n), synthetic.parity(n), stem=f"{n}_")
