"""The checks that must hold before an array of an HDF5 file is read.

A file may come from another person and is not trusted. It can point to other files (links, external
storage, virtual datasets), declare arrays that are far larger than the file, or be damaged in any way.
"""

import math
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from nnlab.errors import UserError, printable

MAX_COMPRESSION = 100  # how many times larger a streamed array may be than its bytes in the file
MAX_CLASSES = 10_000
MAX_NAME = 1024  # bytes of a class's name
MAX_CHUNK = 2**24  # bytes; a chunk may be this large even if its array is smaller
SMALL_CHUNK = 4096  # bytes
MAX_SMALL_CHUNKS = 50_000
FILTERS = {  # by their registered numbers: files are often packed with these, and HDF5 lacks them
    4: "SZIP",
    307: "bzip2",
    32001: "Blosc",
    32004: "LZ4",
    32008: "Bitshuffle",
    32013: "ZFP",
    32015: "Zstandard",
    32026: "Blosc2",
}
IMPORT = "`nnlab data import` converts it"

SplitName = Literal["train", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "test")


def sets(path: Path, file: h5py.File) -> list[SplitName]:
    """Which sets a file holds; UserError if there is none."""
    held = [split for split in SPLITS if f"{split}_set_x" in file.keys()]  # noqa: SIM118  (`in file` follows links)
    if not held:
        found = ", ".join(ascii(key)[1:-1][:40] for key in sorted(file.keys())[:8]) or "nothing"
        raise UserError(
            f"{path}: has no train_set_x or test_set_x (found: {found}); "
            f"name the arrays as the course's files do, or {IMPORT}"
        )
    return held


def members(
    path: Path, file: h5py.File, split: SplitName
) -> tuple[h5py.Dataset, h5py.Dataset, h5py.Dataset | None]:
    """The arrays of a set, not read yet: the examples, their labels or real targets, the class names.

    A set without ``list_classes`` has None as names. UserError if the file does not hold this set.
    """
    held = sets(path, file)
    if split not in held:
        kind = "training" if held[0] == "train" else "test"
        raise UserError(
            f"{path}: has no {split}_set_x, only a {kind} set; give it as data.{held[0]}, "
            f"and as data.{split} a file with {split}_set_x"
        )
    x, y = (plain_dataset(path, file, f"{split}_set_{letter}") for letter in "xy")
    named = file.get("list_classes", getlink=True) is not None
    return x, y, plain_dataset(path, file, "list_classes") if named else None


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


def check_filters(path: Path, data: h5py.Dataset) -> None:
    """UserError if an array is packed by a filter that this machine does not have."""
    pipeline = data.id.get_create_plist()
    for place in range(pipeline.get_nfilters()):
        number, _, _, text = pipeline.get_filter(place)
        if not h5py.h5z.filter_avail(number):
            name = (
                FILTERS.get(number) or printable(text.decode("utf-8", "replace"))[:40] or "of no known name"
            )
            raise UserError(
                f"{path}: {data.name} is stored with the HDF5 filter {number} ({name}), which is missing "
                "here; store it with gzip, or `pip install hdf5plugin` and set HDF5_PLUGIN_PATH to what "
                "`python -c 'import hdf5plugin; print(hdf5plugin.PLUGINS_PATH)'` prints"
            )


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
        raise UserError(f"{path}: {x.name} has {x.dtype} images; they must be uint8, 0 to 255; {IMPORT}")
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


def check_y(path: Path, y: h5py.Dataset, m: int, memory_mb: int) -> None:
    """UserError unless y may be labels (m,), (m, 1) or (1, m), or real targets (m, n_L) within memory."""
    if y.dtype.kind == "f":
        _check_floats(path, y, m, memory_mb)
    elif y.dtype.kind not in "ui":
        raise UserError(f"{path}: {y.name} is {y.dtype}; labels must be integers from 0; {IMPORT}")
    elif y.shape not in ((m,), (m, 1), (1, m)):
        raise UserError(
            f"{path}: {y.name} has shape {y.shape}; labels of {m} examples need ({m},), ({m}, 1) "
            f"or (1, {m}); {IMPORT}"
        )


def _check_floats(path: Path, y: h5py.Dataset, m: int, memory_mb: int) -> None:
    if y.dtype.itemsize > 8:
        raise UserError(f"{path}: {y.name} is {y.dtype}; targets must be float64 or smaller numbers")
    if y.shape != (1, m) and (y.ndim not in (1, 2) or len(y) != m or 0 in y.shape):
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
