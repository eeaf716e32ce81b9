"""Finds the examples and labels of the training and test set among the arrays of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnlab.data.array_file import MATLAB
from nnlab.data.decoder import decode
from nnlab.data.importing import names
from nnlab.data.importing.names import Part, Role
from nnlab.errors import UserError, printable

Slot = tuple[Role, Part]
OPTIONS: dict[Slot, str] = {
    ("train", "x"): "--x", ("train", "y"): "--y", ("test", "x"): "--test-x", ("test", "y"): "--test-y",
    ("train", "classes"): "--classes",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stored:
    """An array of a file."""

    path: Path
    name: str
    array: NDArray[Any]
    turned: bool  # its axes were reversed: it comes from MATLAB

    def __str__(self) -> str:
        return printable(f"{self.path.name}: {self.name} {self.array.shape} {self.array.dtype}")


@dataclass(frozen=True)
class Unread:
    """An array that cannot be read."""

    path: Path
    name: str
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.path.name}: {self.name} {self.reason}")


@dataclass(frozen=True, eq=False)
class Chosen:
    """The examples and labels by set, and the names of the classes if there are any."""

    sets: dict[Role, tuple[Stored, Stored]]
    classes: list[Stored]  # more than one if each file has them


def choose(paths: Sequence[Path], memory_mb: int, by_hand: dict[Slot, str], notes: list[str]) -> Chosen:
    """Read the files and say which arrays are what, by their names or as ``by_hand`` names them.

    A single set is the training set. UserError if an array is missing, or if two could be meant.
    """
    found = _read(paths, memory_mb)
    slots: dict[Slot, list[Stored | Unread]] = {}
    for array in found:
        slot = _slot(array, by_hand)
        if slot is not None:
            slots.setdefault(slot, []).append(array)
    for slot, name in by_hand.items():
        if slot not in slots:
            raise UserError(f"{OPTIONS[slot]}: there is no array {printable(name)}; {_listed(found)}")
    roles: list[Role] = ["train", "test"]
    if {role for role, part in slots if part != "classes"} == {"test"}:
        roles = ["test"]
        notes.append("the source has a test set alone")
    sets: dict[Role, tuple[Stored, Stored]] = {}
    for role in roles:
        if role == roles[0] or (role, "x") in slots:
            sets[role] = _one(slots, (role, "x"), found), _one(slots, (role, "y"), found)
    classes = [array for array in slots.get(("train", "classes"), []) if isinstance(array, Stored)]
    used = {id(array) for array in [*sum(sets.values(), ()), *classes]}
    notes += [f"not used: {array}" for array in found if id(array) not in used]
    return Chosen({"train" if len(sets) == 1 else role: pair for role, pair in sets.items()}, classes)


def _read(paths: Sequence[Path], memory_mb: int) -> list[Stored | Unread]:
    """All arrays of the files."""
    stored: list[Stored | Unread] = []
    size = 0
    for found in decode("arrays", paths, memory_mb=memory_mb):
        if found.problem is not None:
            raise UserError(printable(found.problem))
        for name, array in found.arrays.items():
            stored.append(Stored(found.path, name, array, f"{name}: {MATLAB}" in found.notes))
            size += array.nbytes
        notes = (note.partition(": ") for note in found.notes if not note.endswith(MATLAB))
        stored += [Unread(found.path, name, reason) for name, _, reason in notes]
        if size > memory_mb * 2**20:
            raise UserError(f"--memory-mb: {memory_mb} cannot hold the arrays of all files; raise it")
    return stored


def _slot(array: Stored | Unread, by_hand: dict[Slot, str]) -> Slot | None:
    """What an array is: as it is named by hand, else as its name and its file's name say."""
    of_file = names.role(array.path.stem)
    for (role, part), name in by_hand.items():
        if array.name == name and of_file in (None, role):
            return role, part
        if array.name == name and of_file == "test" and ("test", part) not in by_hand:
            return "test", part  # the name holds for the files of both sets
    meant, role = names.part(array.name), names.role(array.name) or of_file or "train"
    if meant is None or (role, meant) in by_hand:
        return None
    return ("train", "classes") if meant == "classes" else (role, meant)


def _one(slots: dict[Slot, list[Stored | Unread]], slot: Slot, found: Sequence[Stored | Unread]) -> Stored:
    """The one array that can be meant."""
    candidates = slots.get(slot, [])
    option = OPTIONS[slot]
    what = f"the {'test' if slot[0] == 'test' else 'training'} {'examples' if slot[1] == 'x' else 'labels'}"
    if not candidates:
        raise UserError(
            f"{option}: no array is named like {what}; {_listed(found)}; name it: {option} NAME"
        )
    if len(candidates) > 1:
        remedy = f"choose one: {option} {printable(candidates[0].name)}"
        if len({array.path for array in candidates}) > 1:
            remedy = "name the files by train and test, or import them one by one"
        raise UserError(f"{option}: {' and '.join(map(str, candidates))} could be {what}; {remedy}")
    if isinstance(candidates[0], Unread):
        raise UserError(f"{option}: {candidates[0]}")
    return candidates[0]


def _listed(found: Sequence[Stored | Unread]) -> str:
    return f"found: {'; '.join(map(str, found[:8])) or 'nothing'}"
