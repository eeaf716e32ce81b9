"""Folders: the project's folder, and those where nnlab reads and writes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"
EXPERIMENTS = ROOT / "experiments"


def home() -> Path:
    """Where nnlab writes: NNLAB_HOME, or the project's root."""
    return Path(os.environ.get("NNLAB_HOME") or ROOT).resolve()


def named_data(relative: str) -> str:
    """The file of a named set: in NNLAB_DATA if it is there, else in NNLAB_HOME/data."""
    given = os.environ.get("NNLAB_DATA")
    if given and (Path(given) / relative).is_file():
        return str((Path(given) / relative).resolve())
    return str(home() / "data" / relative)
