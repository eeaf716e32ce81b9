"""What a cell leaves behind that has no record: why it failed, its costs so far, or a checkpoint."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab import files
from nnlab.errors import UserError
from nnlab.records import npz

PROGRESS = "progress.npz"
CHECKPOINT = "checkpoint.npz"


def failure_path(folder: Path) -> Path:
    """Where a cell's failure is noted: beside its folder, since the folder may be why it failed."""
    return folder.with_suffix(".failure.json")


def write_failure(folder: Path, error: str, trace: str, started: float, ended: float) -> None:
    """Note why a cell failed; the next sweep tries it again."""
    note = {"error": error, "traceback": trace, "started": started, "ended": ended}
    files.write(failure_path(folder), json.dumps(note, indent=1).encode(), durable=True)


def read_failure(folder: Path) -> dict[str, Any] | None:
    """The note of a cell's failure; None if the cell did not fail, or was finished since."""
    try:
        note: dict[str, Any] = json.loads(failure_path(folder).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return note


def forget_failure(folder: Path) -> None:
    """Remove the note, so that the cell is tried again."""
    failure_path(folder).unlink(missing_ok=True)


def write_progress(folder: Path, started: float, costs: NDArray[np.float64]) -> None:
    """Leave the costs so far for the driver to show. They may be lost in a crash: the cell is not done."""
    files.write(folder / PROGRESS, npz.pack({"costs": costs, "started": np.array(started)}))


def read_progress(folder: Path) -> tuple[float, NDArray[np.float64]] | None:
    """When a running cell started, and its costs so far; None if it has not left any yet."""
    try:
        arrays = npz.read(folder / PROGRESS)
    except UserError:
        return None
    return float(arrays["started"]), arrays["costs"]


def write_checkpoint(folder: Path, content: bytes) -> None:
    """Leave the state of a long training, from which it goes on after a kill."""
    files.write(folder / CHECKPOINT, content)


def read_checkpoint(folder: Path) -> bytes | None:
    """The last checkpoint of a cell; None if it has none."""
    try:
        return (folder / CHECKPOINT).read_bytes()
    except OSError:
        return None


def forget_checkpoint(folder: Path) -> None:
    """Remove the checkpoint, so that the cell is trained from its first step."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
