"""The record of a cell on disk: written once, read and checked.

A record is a folder ``runs/<first 16 digits of the fingerprint>/``. Its files are written first and its
marker ``record.json`` last, in one piece: without a marker there is no record. Arrays are plain .npz
files, which are read without pickle.
"""

import dataclasses
import hashlib
import io
import json
import math
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from nnlab import files
from nnlab.errors import UserError, printable
from nnlab.records import notes, npz, provenance, scores

FORMAT = 1
MARKER = "record.json"
ARRAYS = ("history", "weights", "predictions")  # the .npz files
PICTURES = ("first_layer", "misclassified", "largest_errors")
FILES = {
    "config.yaml", "dirty.diff", *(f"{name}.npz" for name in ARRAYS),
    *(f"{name}.{kind}" for name in PICTURES for kind in ("jpg", "png")),
}  # fmt: skip
STATUSES = ("finished", "diverged")
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Record:
    """The stored results of a cell whose training ended. Arrays are read when they are needed."""

    folder: Path
    fingerprint: str
    status: str  # one of STATUSES
    config: dict[str, Any]  # nested, resolved
    metrics: dict[str, float]  # at the end of the training; no scores of a diverged net
    data_digest: str
    code_digest: str
    started: float  # seconds since 1970
    ended: float
    provenance: dict[str, Any]  # see ``provenance.gather``
    files: dict[str, str] = field(default_factory=dict)  # name -> sha256
    shape: list[int] = field(default_factory=list)  # of one example: (height, width, channels) or (n_0,)
    classes: list[str] = field(default_factory=list)  # their names; early records have neither
    sets: dict[str, Any] = field(default_factory=dict)  # split -> digest, shape (m, ...), dtype
    continued_from: str = ""  # fingerprint of the shorter record whose steps it did not repeat

    @property
    def regression(self) -> bool:
        """Was the net trained on real targets, and not on classes?"""
        return bool(self.shape) and not self.classes

    @property
    def untracked(self) -> list[str]:
        """Modules that took part and that git did not know; a record from elsewhere may say anything."""
        names = self.provenance.get("untracked")
        return [printable(str(name)) for name in names] if isinstance(names, list) else []

    def names(self, name: str) -> set[str]:
        """The names of the arrays in one of these files, of which none is read; empty if it has no such."""
        file = f"{name}.npz"
        return npz.names(self.folder / file) if file in self.files else set()

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays of history.npz, weights.npz or predictions.npz."""
        path = self.folder / f"{name}.npz"
        arrays = npz.read(path)
        costless = name == "history" and arrays.get("train/cost", np.empty(0)).shape <= (0,)
        if costless or any(array.dtype.kind == "U" for array in arrays.values()):
            raise UserError(f"{path}: damaged (no costs or no numbers); train again")
        return arrays


def folder(home: Path, fingerprint: str) -> Path:
    """Where the record of this fingerprint is, or will be."""
    return home / "runs" / fingerprint[:16]


def exists(folder: Path) -> bool:
    """Is there a whole record?"""
    return (folder / MARKER).is_file()


def discard(folder: Path) -> None:
    """Make a record invalid, and remove the costs that an interrupted training left."""
    for name in (MARKER, notes.PROGRESS):
        (folder / name).unlink(missing_ok=True)


# -- writing -------------------------------------------------------------------------------------


def packed(
    record: Record, arrays: Mapping[str, Mapping[str, NDArray[Any]]], pictures: Mapping[str, Any]
) -> dict[str, bytes]:
    """The content of all files of a record by name, its marker last; the record gets their digests.

    ``arrays`` are the .npz files by name, ``pictures`` Pillow images by name.
    """
    contents = {f"{name}.npz": npz.pack(content) for name, content in arrays.items()}
    if record.provenance["dirty"]:
        contents["dirty.diff"] = provenance.checkout().diff
    contents["config.yaml"] = yaml.dump(record.config, Dumper=yaml.CSafeDumper, sort_keys=False).encode()
    contents |= {f"{name}.jpg": jpeg(picture) for name, picture in pictures.items()}
    record.files.update({name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})
    marker = {"format": FORMAT} | {key: value for key, value in vars(record).items() if key != "folder"}
    return contents | {MARKER: json.dumps(marker, indent=1).encode()}


def save(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files of ``packed`` into a folder, the marker last and durably.

    Each is written in one piece: without locks, another driver may write the same cell at the same time.
    """
    discard(folder)
    notes.forget_failure(folder)
    for name in FILES - contents.keys():  # of a record that kept more
        (folder / name).unlink(missing_ok=True)
    others = {folder / name: content for name, content in contents.items() if name != MARKER}
    for path, content in others.items():
        files.write(path, content)
    with ThreadPoolExecutor(len(others)) as pool:  # all wait for the disk at the same time
        list(pool.map(files.sync, others))
    files.write(folder / MARKER, contents[MARKER], durable=True)
    files.sync(folder)
    (folder / notes.PROGRESS).unlink(missing_ok=True)
    notes.forget_checkpoint(folder)


def jpeg(picture: Any) -> bytes:
    """The content of a Pillow image's file."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, subsampling=0)  # takes a twentieth of the time of a PNG
    return buffer.getvalue()


# -- reading -------------------------------------------------------------------------------------


def read(folder: Path) -> Record:
    """The record in ``folder``; UserError if there is none, or if its marker is damaged."""
    path = folder / MARKER
    try:
        text = path.read_bytes().decode()
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise ValueError("another format")
        rec = Record(folder=folder, **values)
        if "\\u" in text:
            json.dumps(values, ensure_ascii=False).encode()  # raises for half characters
        _check(rec)
        return dataclasses.replace(rec, metrics=scores.measured(rec.status, rec.metrics))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{folder}: holds no finished record; train the cell again") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({error}); delete {folder} and train again") from None


def found(folder: Path) -> Record | None:
    """The record in ``folder``; None if there is none, or a damaged one, which the publisher reports."""
    try:
        return read(folder)
    except UserError:
        return None


def _check(rec: Record) -> None:
    """Raise a TypeError or ValueError for what ``packed`` never writes."""
    numbers = {"started": rec.started, "ended": rec.ended} | dict(rec.metrics)
    texts = {"fingerprint": rec.fingerprint, "data_digest": rec.data_digest, "code_digest": rec.code_digest}
    digests = texts | dict(rec.files)
    if rec.continued_from:
        digests["continued_from"] = rec.continued_from
    if wrong := [key for key, n in numbers.items() if type(n) not in (int, float) or not math.isfinite(n)]:
        raise TypeError(f"{wrong[0]!r} is not a number")
    if wrong := [key for key, t in digests.items() if not is_sha256(t)]:
        raise TypeError(f"{wrong[0]!r} is not a sha256")
    if strange := [name for name in rec.files if name not in FILES]:
        raise ValueError(f"{strange[0]!r} is not a file of a record")
    if rec.status not in STATUSES:
        raise ValueError(f"{rec.status!r} is not a status")
    if not all(isinstance(table, dict) for table in (rec.config, rec.provenance, rec.metrics, rec.files)):
        raise TypeError("config, provenance, metrics and files must be tables")
    if not all(type(n) is int and n > 0 for n in rec.shape):
        raise TypeError("shape is not a list of sizes")
    if not all(isinstance(name, str) for name in rec.classes):
        raise TypeError("classes is not a list of names")
    if not all(map(_is_set, rec.sets.values())):
        raise TypeError("sets are not digests, shapes and types")


def _is_set(value: dict[str, Any]) -> bool:
    sizes = all(type(n) is int and n > 0 for n in value["shape"])
    return sizes and is_sha256(value["digest"]) and isinstance(value["dtype"], str)


def is_sha256(value: Any) -> bool:
    """Is it the text of a sha256?"""
    return isinstance(value, str) and SHA256.fullmatch(value) is not None


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
