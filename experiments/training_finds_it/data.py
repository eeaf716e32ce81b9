"""256 + 1000 points of three curves: one is smooth, one has a kink, one oscillates."""

from pathlib import Path

from nnlab.data import synthetic


def draw(folder: Path) -> None:
    """Write NAME_train.h5 and NAME_test.h5 of each curve unless they are there."""
    for name in synthetic.CURVES:
        synthetic.write(
            folder, synthetic.curve(name, 256, 1), synthetic.curve(name, 1000, 2), stem=f"{name}_"
        )
