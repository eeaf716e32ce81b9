"""The data of a configuration, read once in each process."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from nnlab.cells.cache import held_out
from nnlab.config import Config, home
from nnlab.data import Dataset, sandbox

# examples of the default painted set, as many as the course's
PAINTED: dict[Literal["train", "test"], int] = {"train": 209, "test": 50}


def dataset(cfg: Config) -> Dataset:
    """The training and test examples, with those apart that the configuration holds out.

    The painted set is made if it is missing.
    """
    if cfg.data.name == "painted":
        paint_default(Path(cfg.data.train), Path(cfg.data.test))
    whole = _load(cfg.data.train, cfg.data.test, cfg.data.memory_mb, home() / "data" / "tried")
    return held_out(whole, cfg.data.validation, cfg.data.folds, cfg.data.fold or 0)


def paint_default(train: Path, test: Path) -> None:
    """Make the two files of the default painted set unless they are there."""
    for (split, count), path in zip(PAINTED.items(), (train, test), strict=True):
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            from nnlab.data.painted import generator  # takes time to load, and few commands paint

            generator.write(path, split, count, seed=0)


_load = lru_cache(maxsize=2)(sandbox.load)
