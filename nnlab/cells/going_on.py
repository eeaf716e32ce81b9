"""Going on: from a shorter record of the same training, or from a checkpoint that a cut-off one left.

Both have the same content, a ``Beginning``. It is used only where it comes to the same bits: the code and
the data are in the names of records and checkpoints; NumPy, BLAS and its kernels are compared here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nnlab.cells import lineage
from nnlab.cells.cell import Cell
from nnlab.cells.snapshot import Snapshot
from nnlab.cells.weights import keeps_state, state_of
from nnlab.errors import UserError
from nnlab.records import notes, npz, record
from nnlab.records.provenance import environment
from nnlab.records.record import Record

PARTS = ("parameters", "moments", "history")
ABOUT = "about"  # the rest, as JSON

OTHER_MACHINE = "was made with other BLAS kernels or another NumPy"
STATELESS = "keeps no state to go on from (records.state=true keeps it)"


@dataclass(frozen=True)
class Beginning:
    """The first steps of a training."""

    snapshot: Snapshot
    environment: dict[str, Any]  # NumPy and BLAS, with which they were made
    continued_from: str  # the fingerprint of the record that has them or began them; "" if there is none


def packed(begin: Beginning) -> bytes:
    """As the content of an .npz file."""
    snapshot = begin.snapshot
    about = {
        "seconds": snapshot.seconds, "environment": begin.environment, "from": begin.continued_from,
    }  # fmt: skip
    arrays = {f"{part}/{name}": array for part in PARTS for name, array in getattr(snapshot, part).items()}
    return npz.pack(arrays | {ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)})


def unpacked(content: bytes) -> Beginning:
    """The beginning whose ``packed`` this is; UserError if it is damaged."""
    try:
        arrays = npz.unpack(content)
        about = json.loads(arrays.pop(ABOUT).tobytes())
        parts: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            parts[part][name] = array
        return Beginning(Snapshot(**parts, seconds=about["seconds"]), about["environment"], about["from"])
    except npz.BROKEN as error:
        raise UserError(f"damaged: {error}") from None


# -- where the driver is -----------------------------------------------------------------------------


@dataclass
class Bases:
    """The shorter records that cells go on from, and why others do not."""

    records: dict[str, Record] = field(default_factory=dict)  # by the cells' fingerprints
    refused: dict[str, str] = field(default_factory=dict)  # why a cell's shorter record is not used

    def lines(self) -> list[str]:
        """What a user should know about them."""
        lines = []
        if count := len(self.records):
            done = sum(rec.config["trainer"]["iterations"] for rec in self.records.values())
            those = "1 cell goes on from its shorter record" if count == 1 else (
                f"{count} cells go on from their shorter records"
            )  # fmt: skip
            lines.append(f"{those}: {done} steps are done already")
        for why in dict.fromkeys(self.refused.values()):
            count = list(self.refused.values()).count(why)
            lines.append(f"from scratch: {count} cells; the shorter record of each {why}")
        return lines


def bases(cells: Sequence[Cell], home: Path) -> Bases:
    """The longest shorter record of each of these cells, as far as there is one to go on from."""
    found, known = Bases(), lineage.read(home)
    for cell in cells if known else ():
        shorter = [(n, name) for n, name in known.get(lineage.of(cell), ()) if n < _length(cell)]
        for _, name in sorted(shorter, reverse=True):
            rec = record.found(record.folder(home, name))
            if rec is None or rec.status != "finished":
                continue
            why = _why_not(rec)
            if why is None:
                found.records[cell.fingerprint] = rec
                found.refused.pop(cell.fingerprint, None)
                break
            found.refused[cell.fingerprint] = why
    return found


def beginning_of(cell: Cell, base: Record | None, home: Path) -> bytes | None:
    """The steps of a cell that are done already: its checkpoint, or else those of its shorter record."""
    checkpoint = notes.read_checkpoint(cell.folder(home))
    if checkpoint is not None or base is None:
        return checkpoint
    try:
        rec = record.verified(base.folder)
        return packed(Beginning(state_of(rec), _environment(rec), rec.fingerprint))
    except UserError:  # it was damaged, or removed meanwhile
        return None


def _length(cell: Cell) -> int:
    return cell.config.trainer.iterations


def _why_not(rec: Record) -> str | None:
    if _environment(rec) != environment():
        return OTHER_MACHINE
    try:
        return None if keeps_state(rec) else STATELESS
    except UserError:
        return "is damaged"


def _environment(rec: Record) -> dict[str, Any]:
    return environment(rec.provenance)


# -- where the worker is -----------------------------------------------------------------------------


def usable(content: bytes | None) -> Beginning | None:
    """The beginning that a worker got, if it goes on to the same bits here."""
    if content is None:
        return None
    try:
        begin = unpacked(content)
    except UserError:
        return None
    return begin if begin.environment == environment() else None
