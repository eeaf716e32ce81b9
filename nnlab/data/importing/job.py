"""Imports pictures in folders, or arrays in files, into one HDF5 file of the layout (see ``data.hdf5``)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab import files
from nnlab.data.hdf5 import SplitName
from nnlab.data.importing import arrays, division, examples, folders, labels
from nnlab.data.importing.arrays import Slot
from nnlab.errors import UserError

SPLITS: tuple[SplitName, SplitName] = ("train", "test")
Show: TypeAlias = Callable[[int, int], None]
SIZE = 64  # pixels of a side: the course's


@dataclass(frozen=True)
class Options:
    """What the user may say about the sources."""

    test_share: float = 0.2  # of a single set
    seed: int = 1  # of its division
    size: int | None = None  # pixels of a side; None: 64 for picture files, arrays keep theirs
    names: dict[Slot, str] = field(default_factory=dict)  # of arrays
    shape: tuple[int, ...] | None = None  # of one example, for flattened pictures
    axes: str | None = None  # see ``examples.turned``
    order: tuple[str, ...] = ()  # names of the classes, in the order of their labels
    targets: bool = False  # y are real targets
    memory_mb: int = 2048


@dataclass(frozen=True, eq=False)
class Imported:
    """The sets in the layout, and a note for each thing that was changed or is doubtful."""

    x: dict[SplitName, NDArray[Any]]
    y: dict[SplitName, NDArray[Any]]
    classes: tuple[str, ...]  # empty for a regression
    notes: list[str]


def read(sources: Sequence[Path], options: Options, show: Show) -> Imported:
    """Read the sources; ``show(done, total)`` is called after each picture file.

    UserError of one line if they cannot be understood, or not without a choice that the user must make.
    """
    kinds = {source.is_dir() for source in sources}
    if len(kinds) > 1:
        raise UserError(f"{sources[0]}: folders and files cannot be imported together; import one by one")
    notes: list[str] = []
    found = _pictures(sources, options, show, notes) if kinds.pop() else _arrays(sources, options, notes)
    x = examples.layout(found.x, options.size, notes)
    read = labels.read(found.y, [len(part) for part in x], found.classes, options.targets, notes)
    y = read.parts
    if len(x) == 1:
        x, y = _divided(x[0], y[0], bool(read.classes), options, notes)
    for split, part in zip(SPLITS, y, strict=True):
        if missing := [name for i, name in enumerate(read.classes) if i not in part]:
            notes.append(f"doubtful: the {split} set has no example of {', '.join(missing[:4])}")
    notes += division.equal_examples(*map(division.keys, x), *y)
    return Imported(
        dict(zip(SPLITS, x, strict=True)), dict(zip(SPLITS, y, strict=True)), read.classes, notes
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """The examples and labels of the training and the test set, or of a single set."""

    x: list[NDArray[Any]]
    y: list[NDArray[Any]]
    classes: tuple[str, ...]  # as given; empty if they are not


def _pictures(sources: Sequence[Path], options: Options, show: Show, notes: list[str]) -> _Found:
    """The pictures of folders."""
    found = folders.find(sources, notes)
    size, total = (
        options.size or SIZE,
        sum(len(files) for classes in found.values() for files in classes.values()),
    )
    if total * size**2 * folders.CHANNELS > options.memory_mb * 2**20:
        raise UserError(
            f"{sources[0]}: {total} pictures of {size} x {size} take more than --memory-mb allows, "
            f"{options.memory_mb}; raise it, or give a smaller --size"
        )
    done = iter(range(1, total + 1))
    sets = folders.read(found, size, lambda: show(next(done), total), notes)
    ordered = [sets[role] for role in SPLITS if role in sets]
    return _Found([part.x for part in ordered], [part.y for part in ordered], options.order)


def _arrays(sources: Sequence[Path], options: Options, notes: list[str]) -> _Found:
    """The arrays of files."""
    chosen = arrays.choose(sources, options.memory_mb, options.names, notes)
    x, y = [], []
    for role in SPLITS:
        if role in chosen.sets:
            stored, stored_y = chosen.sets[role]
            array = stored.array
            if options.shape is not None:
                array = examples.unflattened(array, options.shape, notes)
            x.append(examples.turned(array, stored_y.array.shape, stored.turned, options.axes, notes))
            y.append(stored_y.array)
    return _Found(x, y, options.order or labels.class_names([c.array for c in chosen.classes]))


def _divided(
    x: NDArray[Any], y: NDArray[Any], classes: bool, options: Options, notes: list[str]
) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """One set as a training and a test set."""
    strata = y if classes else np.zeros(len(y), np.int64)
    places = division.test_places(strata, division.keys(x), options.test_share, options.seed)
    left = np.delete(np.arange(len(y)), places)
    of_each = ", the same share of each class" if classes else ""
    notes.append(
        f"divided: {len(places)} of {len(y)} examples are the test set{of_each} "
        f"(--test-share {options.test_share:g}, --seed {options.seed})"
    )
    return [x[left], x[places]], [y[left], y[places]]


def write(imported: Imported, path: Path) -> None:
    """Write both sets into one file; a reader finds all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(path, durable=True) as temporary, h5py.File(temporary, "w") as file:
        for split in SPLITS:
            file.create_dataset(f"{split}_set_x", data=imported.x[split], track_times=False)
            file.create_dataset(f"{split}_set_y", data=imported.y[split], track_times=False)
        if imported.classes:
            names = np.array([name.encode() for name in imported.classes])
            file.create_dataset("list_classes", data=names, track_times=False)
