"""The record of a cell on disk: fingerprint, atomic writing, reading.

A record is a folder ``runs/<first 16 digits of the fingerprint>/``. Its files are written first and
its marker ``record.json`` last (temporary file, fsync, rename): no marker, no record. Arrays are
plain .npz files read without pickle.
"""

import hashlib
import io
import json
import math
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from nnlab.errors import UserError
from nnlab.records import npz as archive
from nnlab.records import provenance

FORMAT = 1
MARKER, PROGRESS = "record.json", "progress.npz"
ARRAYS = ("history", "weights", "predictions")  # the .npz files
FILES = {
    "config.yaml", "dirty.diff", *(f"{name}.npz" for name in ARRAYS),
    *(f"{name}.{kind}" for name in ("first_layer", "misclassified") for kind in ("jpg", "png")),
}  # fmt: skip
DIGEST = re.compile("[0-9a-f]{64}")
NUMERIC_MODULES = (
    "nn/arrays", "nn/options", "nn/tape", "nn/activations", "nn/initializers", "nn/losses",
    "nn/optimizers", "nn/metrics", "nn/gram", "nn/inputs",
    "nn/network", "nn/first_layer", "nn/inference", "nn/training", "nn/diagnostics", "data/folds",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """What is kept of a finished cell. Arrays are read when asked for."""

    folder: Path
    fingerprint: str
    status: str  # "finished" or "diverged"
    config: dict[str, Any]  # nested, resolved
    metrics: dict[str, float]  # the figures of the end
    data_digest: str
    code_digest: str
    started: float  # seconds since 1970
    ended: float
    provenance: dict[str, Any]  # see ``provenance.gather``
    files: dict[str, str] = field(default_factory=dict)  # name -> sha256
    shape: list[int] = field(default_factory=list)  # of one example: (height, width, channels) or (n_0,)
    classes: list[str] = field(default_factory=list)  # their names; both empty in records of long ago

    @property
    def regression(self) -> bool:
        """Was the net trained on real targets, and not on classes?"""
        return bool(self.shape) and not self.classes

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of history.npz, weights.npz or predictions.npz."""
        path = self.folder / f"{name}.npz"
        arrays = archive.read(path)
        costless = name == "history" and arrays.get("train/cost", np.empty(0)).shape <= (0,)
        if costless or any(array.dtype.kind == "U" for array in arrays.values()):
            raise UserError(f"{path}: damaged (no costs or no numbers); train again")
        return arrays


# -- identity ------------------------------------------------------------------------------------


@cache
def code_digest() -> str:
    """sha256 over the source of the numeric modules."""
    sha = hashlib.sha256()
    for name in NUMERIC_MODULES:
        sha.update((Path(__file__).parent.parent / f"{name}.py").read_text("utf-8").encode())
    return sha.hexdigest()


def fingerprint(canonical: Mapping[str, Any], data_digest: str) -> str:
    """sha256 over the canonical training configuration, the data digest and the code digest."""
    parts = {"config": dict(canonical), "data": data_digest, "code": code_digest()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# -- the folder ----------------------------------------------------------------------------------


def folder(home: Path, fingerprint: str) -> Path:
    """Where the record of this fingerprint stands, or will."""
    return home / "runs" / fingerprint[:16]


def exists(folder: Path) -> bool:
    """Is there a whole record?"""
    return (folder / MARKER).is_file()


def write(
    record: Record,
    arrays: Mapping[str, Mapping[str, NDArray[Any]]],
    pictures: Mapping[str, Any],
) -> Record:
    """Write all files of a record, the marker last and durably; returns it with the files' digests.

    ``arrays`` are the .npz files by name, ``pictures`` Pillow images by name.
    """
    target = record.folder
    discard(target)
    failure_path(target).unlink(missing_ok=True)
    files = {f"{name}.npz": archive.pack(content) for name, content in arrays.items()}
    if record.provenance["dirty"]:
        files["dirty.diff"] = provenance.dirty_diff().encode()
    files["config.yaml"] = yaml.dump(record.config, Dumper=yaml.CSafeDumper, sort_keys=False).encode()
    files |= {f"{name}.jpg": _jpeg(picture) for name, picture in pictures.items()}
    for name, content in files.items():
        (target / name).write_bytes(content)
        record.files[name] = hashlib.sha256(content).hexdigest()
    with ThreadPoolExecutor(len(files)) as pool:  # together they wait for the disk hardly longer than one
        list(pool.map(_fsync, [target / name for name in files]))
    marker = {"format": FORMAT} | {key: value for key, value in vars(record).items() if key != "folder"}
    _write_durably(target / MARKER, json.dumps(marker, indent=1).encode())
    _fsync(target)
    (target / PROGRESS).unlink(missing_ok=True)
    return record


def read(folder: Path) -> Record:
    """The record in ``folder``; UserError when there is none or its marker is damaged."""
    path = folder / MARKER
    try:
        values = json.loads(path.read_text("utf-8"))
        if values.pop("format") != FORMAT:
            raise ValueError("of another format")
        rec = Record(folder=folder, **values)
        json.dumps(values, ensure_ascii=False).encode()  # raises for what is no text
        _check_types(rec)
        return rec
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{folder}: holds no finished record; train the cell again") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({error}); delete {folder} and train again") from None


def _check_types(rec: Record) -> None:
    """Raise a TypeError or ValueError for what no record has that was written here."""
    numbers = {"started": rec.started, "ended": rec.ended} | dict(rec.metrics)
    texts = {"fingerprint": rec.fingerprint, "data_digest": rec.data_digest, "code_digest": rec.code_digest}
    digests = texts | dict(rec.files)
    if wrong := [key for key, n in numbers.items() if type(n) not in (int, float) or not math.isfinite(n)]:
        raise TypeError(f"{wrong[0]!r} is no number")
    if wrong := [key for key, t in digests.items() if not isinstance(t, str) or not DIGEST.fullmatch(t)]:
        raise TypeError(f"{wrong[0]!r} is no sha256")
    if strange := [name for name in rec.files if name not in FILES]:
        raise ValueError(f"{strange[0]!r} is no file of a record")
    if rec.status not in ("finished", "diverged"):
        raise ValueError(f"no status {rec.status!r}")
    if not all(isinstance(table, dict) for table in (rec.config, rec.provenance, rec.metrics, rec.files)):
        raise TypeError("config, provenance, metrics and files are tables")
    if not all(type(n) is int and n > 0 for n in rec.shape):
        raise TypeError("shape is no list of sizes")
    if not all(isinstance(name, str) for name in rec.classes):
        raise TypeError("classes is no list of names")


def verified(folder: Path) -> Record:
    """The record in ``folder`` with every file as it was written; UserError names one that is not."""
    rec = read(folder)
    for name, digest in rec.files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or _digest(path) != digest:
            raise UserError(f"{path}: not as it was written; delete {folder} and train again")
    return rec


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def discard(folder: Path) -> None:
    """Take back a record, or what an attempt that was cut off has left for the driver to show."""
    for name in (MARKER, PROGRESS):
        (folder / name).unlink(missing_ok=True)


def failure_path(folder: Path) -> Path:
    """Where a failure of the cell is noted: beside its folder, which may be what the cell failed for."""
    return folder.with_suffix(".failure.json")


def write_failure(folder: Path, error: str, trace: str, started: float, ended: float) -> None:
    """Note why a cell failed; the next sweep tries it again."""
    note = {"error": error, "traceback": trace, "started": started, "ended": ended}
    _write_durably(failure_path(folder), json.dumps(note, indent=1).encode())


def read_failure(folder: Path) -> dict[str, Any] | None:
    """The failure note of a cell, if it failed and was not finished since."""
    try:
        note: dict[str, Any] = json.loads(failure_path(folder).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return note


def write_progress(folder: Path, started: float, costs: NDArray[np.float64]) -> None:
    """Leave the costs so far for the driver to show; not durable, gone when the cell is done."""
    content = archive.pack({"costs": costs, "started": np.array(started)})
    temporary = folder / f".{PROGRESS}"
    temporary.write_bytes(content)
    temporary.replace(folder / PROGRESS)


def read_progress(folder: Path) -> tuple[float, NDArray[np.float64]] | None:
    """When a running cell started and its costs so far, if it is old enough to have said so."""
    try:
        arrays = archive.read(folder / PROGRESS)
    except UserError:  # not there, or replaced at this moment
        return None
    return float(arrays["started"]), arrays["costs"]


def _jpeg(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, subsampling=0)  # a twentieth of the time of a PNG
    return buffer.getvalue()


def _write_durably(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
