"""The data of a configuration, read once in each process."""

from functools import lru_cache
from pathlib import Path

from nnlab.cells.cache import held_out
from nnlab.config import Config, home
from nnlab.data import Dataset, painted, sandbox


def dataset(cfg: Config) -> Dataset:
    """The training and test examples, with those apart that the configuration holds out.

    The painted set is made if it is missing.
    """
    if cfg.data.name == "painted":
        painted.paint_default(Path(cfg.data.train), Path(cfg.data.test))
    whole = _load(cfg.data.train, cfg.data.test, cfg.data.memory_mb, home() / "data" / "tried")
    return held_out(whole, cfg.data.validation, cfg.data.folds, cfg.data.fold or 0)


_load = lru_cache(maxsize=2)(sandbox.load)
