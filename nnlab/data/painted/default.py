"""The default painted set: as many training pictures as the course's set, and enough to test on.

On 50 test pictures one is two points of accuracy, and most nets of a sweep cannot be told apart; on 1000 it
is a tenth of a point.
"""

import sys
from pathlib import Path

from nnlab.data.hdf5 import SplitName

SIZES: dict[SplitName, int] = {"train": 209, "test": 1000}
NAMES: dict[SplitName, str] = {"train": "training", "test": "test"}


def paint_default(train: Path, test: Path) -> None:
    """Paint the files of the default set that do not exist yet, and say so, since it takes some seconds."""
    files = {split: path for split, path in zip(SIZES, (train, test), strict=True) if not path.is_file()}
    if not files:
        return
    from nnlab.data.painted import generator  # loads PIL; most commands paint nothing

    counts = " and ".join(f"{SIZES[split]} {NAMES[split]} pictures" for split in files)
    print(f"painting {counts}, once", file=sys.stderr, flush=True)
    for split, path in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        generator.write(path, split, SIZES[split], seed=0)


def remark(test: Path, count: int) -> list[str]:
    """What to say where the home has a default set of another size, which an earlier version painted."""
    if count == SIZES["test"]:
        return []
    return [
        f"{test}: an earlier version painted it, with {count} test pictures instead of {SIZES['test']}; "
        "move it away to get those (the runs on it need it to be rerun)"
    ]
