"""450 painted training pictures, smaller sets that are parts of them, and 300 test pictures."""

from pathlib import Path

import numpy as np

from nnlab.data import hdf5
from nnlab.experiments import paint

SIZES = (50, 150, 450)


def draw(folder: Path) -> None:
    """Write m_50.h5, m_150.h5, m_450.h5 and test.h5 unless they are there."""
    paint(folder, {"train": SIZES[-1], "test": 300})
    pictures = hdf5.read(folder / "train.h5", "train", 2**40)
    for m in SIZES:
        path = folder / f"m_{m}.h5"
        if not path.is_file():
            whole = folder / f".{path.name}.part"
            hdf5.write(whole, "train", np.asarray(pictures.x)[:m], pictures.y[:m], pictures.classes)
            whole.replace(path)
