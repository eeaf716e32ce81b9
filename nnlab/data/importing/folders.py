"""Finds pictures in folders, one folder for each class, and reads them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnlab.data.decoder import Decoded, decode
from nnlab.data.importing import names
from nnlab.data.importing.names import Role
from nnlab.data.picture_folder import listed
from nnlab.errors import UserError, printable

CHANNELS = 3
FEW = 3  # so many files may be damaged, or one of a hundred: then they are left out
Classes = dict[str, list[Path]]  # the files of each class


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of one set."""

    x: NDArray[np.uint8]  # (m, size, size, 3)
    y: NDArray[np.str_]  # (m,) the names of their classes


def find(folders: Sequence[Path], notes: list[str]) -> dict[Role, Classes]:
    """The files of each set and class. Several folders that no name of a set bear are a class each.

    A folder with the folders train and test has both sets, another one the training set alone.
    UserError if there are no folders of classes.
    """
    parents = _by_role(folders if len(folders) > 1 else _inner(folders[0], notes), notes)
    if not parents and len(folders) > 1:
        return {"train": _checked(folders[0].parent, {_name(f): _files(f, notes) for f in folders})}
    return {
        role: _checked(folder, {_name(inner): _files(inner, notes) for inner in _inner(folder, notes)})
        for role, folder in (parents or {"train": folders[0]}).items()
    }


def _by_role(folders: Sequence[Path], notes: list[str]) -> dict[Role, Path]:
    """The training and the test folder, if there are both, or if all folders bear names of sets."""
    roles = {folder: names.role(folder.name) for folder in folders if names.is_role(folder.name)}
    found: dict[Role, Path] = {}
    for folder, role in roles.items():
        if role in found:
            raise UserError(f"{folder}: is a second {role} folder beside {found[role].name}; leave one")
        if role is not None and role != "validation":
            found[role] = folder
    if len(found) < 2 and len(roles) < len(folders):
        return {}
    notes += [f"not used: the folder {printable(str(f))}" for f in folders if f not in found.values()]
    return found


def _inner(folder: Path, notes: list[str]) -> list[Path]:
    """The folders in a folder, without hidden ones; links are not followed."""
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if links := [path for path in inner if path.is_symlink()]:
        notes.append(f"not used: {printable(str(links[0]))} is a link to a folder; copy it")
    return [path for path in inner if not path.is_symlink()]


def _files(folder: Path, notes: list[str]) -> list[Path]:
    listing = listed(folder)
    if listing.links:
        links = counted(len(listing.links), "link")
        notes.append(f"not used: {links} in {printable(str(folder))}; copy the files there")
    return listing.files


def _name(folder: Path) -> str:
    return printable(folder.resolve().name)


def _checked(folder: Path, classes: Classes) -> Classes:
    """UserError unless there are at least two folders of classes."""
    if len(classes) < 2:
        found = f"only the folder {next(iter(classes))}" if classes else "no folders"
        raise UserError(
            f"{printable(str(folder))}: has {found}; pictures must be in a folder for each class, as in "
            "pets/cat/1.jpg and pets/dog/1.jpg"
        )
    return classes


def read(
    found: dict[Role, Classes], size: int, seen: Callable[[], None], notes: list[str]
) -> dict[Role, Pictures]:
    """The pictures of all files at ``size`` x ``size``; ``seen`` is called after each.

    Files that are no pictures are passed over, and a few damaged ones are left out; both are noted.
    UserError if more are damaged.
    """
    faults = _Faults()
    changes: Counter[str] = Counter()
    sets: dict[Role, Pictures] = {}
    for role, classes in found.items():
        files = [(path, name) for name, paths in classes.items() for path in paths]
        x = np.empty((len(files), size, size, CHANNELS), np.uint8)
        y: list[str] = []
        decoded = decode("picture", [path for path, _ in files], shape=(size, size, CHANNELS))
        for (_, name), picture in zip(files, decoded, strict=True):
            seen()
            if picture.problem is None:
                x[len(y)] = picture.arrays["pixels"]
                y.append(name)
                changes.update(picture.notes)
            else:
                faults.add(picture)
        sets[role] = Pictures(x[: len(y)], np.array(y, np.str_))
    notes += faults.notes(sum(len(pictures.y) for pictures in sets.values()))
    notes += [f"{counted(count, 'picture')}: {change}" for change, count in sorted(changes.items())]
    return sets


class _Faults:
    """The files that gave no picture."""

    def __init__(self) -> None:
        self._damaged: list[str] = []
        self._foreign: list[Path] = []

    def add(self, decoded: Decoded) -> None:
        """Keep what is wrong with a file."""
        if decoded.foreign:
            self._foreign.append(decoded.path)
        else:
            self._damaged.append(printable(str(decoded.problem)))

    def notes(self, good: int) -> list[str]:
        """A line for each damaged file and one on others; UserError if too many are damaged."""
        if len(self._damaged) > max(FEW, good // 100):
            raise UserError(
                f"{len(self._damaged)} pictures cannot be read; remove or repair them. "
                f"The first: {self._damaged[0]}"
            )
        if not good:
            raise UserError("the folders have no pictures; name the folder that has the folders of classes")
        lines = [f"left out: {problem}" for problem in self._damaged]
        if self._foreign:
            example = printable(str(self._foreign[0]))
            lines.append(f"passed over: {counted(len(self._foreign), 'file')} of no picture, as {example}")
        return lines


def counted(count: int, noun: str) -> str:
    """A number with its noun: 1 picture, 2 pictures."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
