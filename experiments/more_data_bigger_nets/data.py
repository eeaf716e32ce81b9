"""5000 painted training pictures, smaller parts of them, and 2000 test pictures, all 16 x 16."""

from pathlib import Path

from nnlab.data import hdf5
from nnlab.data.painted import generator
from nnlab.experiments import paint

# The training sets as places among the 5000; their names are m or m_seed. Up to m = 1000 each seed has its
# own pictures.
TRAIN = {"5000": slice(5000)} | {
    f"{m}_{seed}": slice(1000 * (seed - 1), 1000 * (seed - 1) + m)
    for m in (1000, 200, 50)
    for seed in range(1, 6)
}


def draw(folder: Path) -> None:
    """Write the sets unless they are there."""
    paint(folder, {"train": max(places.stop for places in TRAIN.values()), "test": 2000}, side=16)
    whole = hdf5.read(folder / "train.h5", "train", 2**40)
    for name, places in TRAIN.items():
        if not (folder / f"{name}.h5").is_file():
            part = folder / f".{name}.part"
            hdf5.write(part, "train", whole.x[places], whole.y[places], generator.CLASSES)
            part.replace(folder / f"{name}.h5")
