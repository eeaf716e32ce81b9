"""Folders: the project's folder, those where nnlab reads and writes, and paths as users give them."""

import os
from functools import lru_cache
from pathlib import Path

from nnlab.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PACKED = Path(__file__).resolve().parents[1] / "share"  # where a wheel has conf/ and experiments/
INSTALLED = PACKED.is_dir()  # from a wheel, so there is no checkout
CONF = (PACKED if INSTALLED else ROOT) / "conf"
EXPERIMENTS = (PACKED if INSTALLED else ROOT) / "experiments"


def given(text: str | os.PathLike[str]) -> Path:
    """A path that a user gave, with the home folder in the place of a leading `~` or `~name`.

    UserError if there is no such home folder. A file that is called `~name` is taken as it is; a folder
    that is called `~` is never meant.
    """
    path = os.path.expanduser(text)  # noqa: PTH111  Path's own raises for a file called ~name
    name = path.partition("/")[0]
    if name == "~" or (name.startswith("~") and not Path(path).exists()):
        raise UserError(f"{text}: there is no home folder {name}; ./{text} is a path of this name")
    return Path(path)


def absolute(text: str | os.PathLike[str]) -> Path:
    """A path that a user gave, absolute: as ``given``, else relative to the current folder."""
    return given(text).absolute()


def home() -> Path:
    """Where nnlab writes: NNLAB_HOME, or the checkout; the current folder if there is no checkout."""
    named = os.environ.get("NNLAB_HOME") or (Path.cwd() if INSTALLED else ROOT)
    return _resolved(given(named).absolute())


@lru_cache(maxsize=8)
def _resolved(path: Path) -> Path:
    """A path without links; it is asked for with every cell."""
    return path.resolve()


def verdict_folder() -> Path:
    """Where verdicts are written: beside the experiments, or in the home if nnlab is installed."""
    return home() / "experiments" if INSTALLED else EXPERIMENTS


def named_data(relative: str) -> str:
    """The file of a named set: in NNLAB_DATA if it is there, else in NNLAB_HOME/data."""
    folder = os.environ.get("NNLAB_DATA")
    if folder and (file := given(folder) / relative).is_file():
        return str(file.resolve())
    return str(home() / "data" / relative)
