"""The data of a configuration, read once in each process."""

from functools import lru_cache
from itertools import chain
from pathlib import Path

from nnlab.cells.cache import held_out
from nnlab.config import Config, data_files, flatten, held_out_by, home, named_files, training_dict
from nnlab.data import Dataset, painted, sandbox
from nnlab.data import remarks as doubts


def dataset(cfg: Config) -> Dataset:
    """The training and test examples, with those apart that the configuration holds out.

    The painted set is made if it is missing; no other file is ever written.
    """
    files = data_files(cfg.data)
    if cfg.data.name == "painted" and files == named_files("painted"):
        painted.paint_default(*map(Path, files))
    whole = _load(*files, cfg.data.memory_mb, home() / "data" / "tried", _versions(files))
    return held_out(whole, cfg.data.validation, cfg.data.folds, cfg.data.fold or 0)


def remarks(*configs: Config) -> list[str]:
    """What is doubtful about the data of these configurations, to be said before they are trained."""
    different = {(data_files(cfg.data), held_out_by(flatten(training_dict(cfg)))): cfg for cfg in configs}
    return list(dict.fromkeys(chain.from_iterable(map(_remarks, different.values()))))


def _remarks(cfg: Config) -> list[str]:
    data = dataset(cfg)
    size = painted.remark(data.test.path, len(data.test.y)) if cfg.data.name == "painted" else []
    return size + doubts.of_dataset(data)


@lru_cache(maxsize=2)
def _load(train: str, test: str, memory_mb: int, tried: Path, versions: tuple[object, ...]) -> Dataset:
    """The sets of the two files; ``versions`` makes a file that was written anew another one."""
    return sandbox.load(train, test, memory_mb, tried)


def _versions(files: tuple[str, ...]) -> tuple[object, ...]:
    """What changes with a file's content: a notebook may write a file anew between two sweeps."""
    stats = [path.stat() for path in map(Path, files) if path.exists()]
    return tuple((stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)
