"""The checks that must hold before an array of an HDF5 file is read.

A file may come from another person and is not trusted. It can point to other files (links, external
storage, virtual datasets), declare arrays that are far larger than the file, or be damaged in any way.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from nnlab.data.regular_file import check_regular
from nnlab.errors import UserError, printable

MAX_COMPRESSION = 100  # how many times larger a streamed array may be than its bytes in the file
MAX_CLASSES = 10_000
MAX_NAME = 1024  # bytes of a class's name
MAX_CHUNK = 2**24  # bytes; a chunk may be this large even if its array is smaller
SMALL_CHUNK = 4096  # bytes
MAX_SMALL_CHUNKS = 50_000


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The open file. Every error of HDF5 within the block becomes a UserError of one line."""
    check_regular(path, _remedy(path))
    try:
        if not h5py.is_hdf5(path):
            raise UserError(f"{path}: not an HDF5 file{_looks_like(path)}; fetch or export it again")
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        reason = str(error).split("(", 1)[-1].rstrip(")").strip()
        raise UserError(f"{path}: damaged or cut short ({reason}); fetch or export it again") from error


def _remedy(path: Path) -> str:
    if path.parent.name == "catvnoncat":
        return "`nnlab data fetch` downloads the set, or set NNLAB_DATA to the folder that has it"
    return "check data.train and data.test"


def _looks_like(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64).lstrip().lower()
    if not head:
        return " but empty"
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return " but a web page"
    if head.startswith(b"version https://git-lfs"):
        return " but a Git LFS pointer"
    return ""


def members(path: Path, file: h5py.File) -> tuple[h5py.Dataset, h5py.Dataset, h5py.Dataset | None]:
    """The arrays of a file, not read yet: the examples, their labels or real targets, the class names.

    A file of real targets has no class names: None.
    """
    for split in ("train", "test"):
        if f"{split}_set_x" in file.keys():  # noqa: SIM118  (`in file` would follow links)
            x, y = (plain_dataset(path, file, f"{split}_set_{letter}") for letter in "xy")
            if y.dtype.kind == "f" and file.get("list_classes", getlink=True) is None:
                return x, y, None
            return x, y, plain_dataset(path, file, "list_classes")
    found = ", ".join(ascii(key)[1:-1][:40] for key in sorted(file.keys())[:8]) or "nothing"
    raise UserError(
        f"{path}: has no train_set_x or test_set_x (found: {found}); "
        "name the arrays as the course's files do"
    )


def plain_dataset(path: Path, file: h5py.File, key: str) -> h5py.Dataset:
    """The array of this name; UserError if it is a link or its bytes are in another file.

    A hard link is the usual way in which a file holds an array.
    """
    link = file.get(key, getlink=True)
    if link is None:
        raise UserError(f"{path}: {key} is missing; add it (see the layout in the README)")
    if not isinstance(link, h5py.HardLink):
        raise UserError(f"{path}: {key} is a link to elsewhere; store the array in the file itself")
    dataset = file[key]
    if not isinstance(dataset, h5py.Dataset):
        raise UserError(f"{path}: {key} is a group; it must be an array")
    if dataset.is_virtual or dataset.external:
        raise UserError(f"{path}: {key} keeps its data in other files; store them in the file itself")
    return dataset


def check_chunks(path: Path, data: h5py.Dataset) -> None:
    """UserError if the chunks of an array are very large, or very small and very many.

    To read any part of an array, HDF5 unpacks whole chunks and keeps about a kilobyte for each.
    """
    if data.chunks is None:
        return
    size = math.prod(data.chunks) * data.dtype.itemsize
    count = math.prod(-(-n // chunk) for n, chunk in zip(data.shape, data.chunks, strict=True))
    too_large = size > max(MAX_CHUNK, data.size * data.dtype.itemsize)
    if too_large or (size < SMALL_CHUNK and count > MAX_SMALL_CHUNKS):
        raise UserError(
            f"{path}: {data.name} of shape {data.shape} is in {count} chunks of shape {data.chunks}; "
            "store it in chunks of about a megabyte, or without chunks"
        )


def check_x(path: Path, x: h5py.Dataset, memory_mb: int) -> None:
    """UserError unless the examples are images or rows of numbers and one of them fits into memory."""
    if x.dtype.kind not in "uif" or x.dtype.itemsize > 8:
        raise UserError(f"{path}: {x.name} is {x.dtype}; it must be uint8 images or numbers")
    if x.ndim not in (2, 4):
        raise UserError(
            f"{path}: {x.name} has shape {x.shape}; it must be (m, height, width, channels) or (m, n)"
        )
    if x.ndim == 4 and x.dtype != np.uint8:
        raise UserError(f"{path}: {x.name} has {x.dtype} images; they must be uint8, 0 to 255")
    if 0 in x.shape:
        raise UserError(f"{path}: {x.name} is empty (shape {x.shape}); at least one example is needed")
    if megabytes(x.shape[1:]) > memory_mb:
        raise UserError(
            f"{path}: one example of {x.name} takes {megabytes(x.shape[1:]):.0f} MB as float64, "
            f"data.memory_mb allows {memory_mb}; raise data.memory_mb or use smaller examples"
        )


def megabytes(shape: tuple[int, ...]) -> float:
    """The size of an array of float64."""
    return math.prod(shape) * 8 / 2**20


def check_stored_size(path: Path, x: h5py.Dataset) -> None:
    """UserError if the file holds far too few bytes for the shape that an array declares."""
    held = x.id.get_storage_size()
    if x.size * x.dtype.itemsize > MAX_COMPRESSION * held:
        raise UserError(
            f"{path}: {x.name} of shape {x.shape} has only {held} bytes in the file; "
            "fetch or export it again"
        )


def check_y(path: Path, y: h5py.Dataset, m: int) -> None:
    """UserError unless the labels are integers (m,) or (m, 1)."""
    if y.dtype.kind not in "ui":
        more = ", and a file of real targets has no list_classes" if y.dtype.kind == "f" else ""
        raise UserError(f"{path}: {y.name} is {y.dtype}; labels must be integers{more}")
    if y.shape not in ((m,), (m, 1)):
        raise UserError(f"{path}: {y.name} has shape {y.shape}; {m} examples need ({m},) or ({m}, 1)")


def check_targets(path: Path, y: h5py.Dataset, m: int, memory_mb: int) -> None:
    """UserError unless the real targets are (m,) or (m, n_L) and fit into memory."""
    if y.dtype.itemsize > 8:
        raise UserError(f"{path}: {y.name} is {y.dtype}; targets must be float64 or smaller numbers")
    if y.ndim not in (1, 2) or len(y) != m or 0 in y.shape:
        raise UserError(f"{path}: {y.name} has shape {y.shape}; {m} examples need ({m},) or ({m}, n_L)")
    if megabytes(y.shape) > memory_mb:
        raise UserError(
            f"{path}: {y.name} takes {megabytes(y.shape):.0f} MB as float64, data.memory_mb allows "
            f"{memory_mb}; raise data.memory_mb or give fewer targets"
        )


def class_names(path: Path, classes: h5py.Dataset) -> tuple[str, ...]:
    """The names of the classes; characters that cannot be printed become question marks."""
    text = classes.dtype.kind == "S" or h5py.check_string_dtype(classes.dtype) is not None
    known_size = classes.dtype.itemsize <= MAX_NAME
    if not (text and known_size and classes.ndim == 1 and 2 <= len(classes) <= MAX_CLASSES):
        raise UserError(
            f"{path}: list_classes is {classes.dtype} of shape {classes.shape}; "
            f"it must be 2 to {MAX_CLASSES} names as bytes"
        )
    names = (bytes(name).decode("utf-8", "replace") for name in classes[()])
    return tuple(map(printable, names))
