"""Train a cell and write its record; a failure leaves a note instead."""

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnlab.cells import going_on, lineage, pictures
from nnlab.cells.cell import Cell
from nnlab.cells.constant_answer import constant_scores
from nnlab.cells.example_sets import example_sets
from nnlab.cells.load import dataset
from nnlab.cells.snapshot import Snapshot
from nnlab.cells.train_cell import train_cell
from nnlab.cells.weights import kept
from nnlab.config import training_dict
from nnlab.data import Dataset
from nnlab.nn import Callback, Step
from nnlab.records import code_digest, measured, notes, provenance, record
from nnlab.records.record import Record

PROGRESS_AFTER = 5.0  # seconds until a cell leaves its costs so far for the driver to show
CHECKPOINT_EVERY = 30.0  # seconds between two checkpoints of a cell


def attempt(
    cell: Cell, home: Path, callbacks: Sequence[Callback] = (), beginning: bytes | None = None
) -> None:
    """Train a cell and write its record; if that fails, note why. The caller holds the cell's lock."""
    started = time.time()
    try:
        record.discard(cell.folder(home))
        run_cell(cell, home, callbacks, beginning)
    except Exception as error:
        trace = traceback.format_exc()
        notes.write_failure(cell.folder(home), reason(error), trace, started, time.time())


def reason(error: Exception) -> str:
    """Why a cell failed, in a line."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError):
        text += "; make model.depth, model.width or trainer.iterations smaller"
    return text


def run_cell(
    cell: Cell, home: Path, callbacks: Sequence[Callback] = (), beginning: bytes | None = None
) -> Record:
    """Train a cell and write its record. The caller holds the cell's lock."""
    folder = cell.folder(home)
    progress, keep = progress_writer(folder, time.time()), partial(notes.write_checkpoint, folder)
    contents = packed_record(cell, dataset(cell.config), [progress, *callbacks], beginning, keep)
    write_record(cell, home, contents)
    return record.read(folder)


def write_record(cell: Cell, home: Path, contents: Mapping[str, bytes]) -> None:
    """Write the record of a cell, and note it in its lineage."""
    record.save(cell.folder(home), contents)
    lineage.note(cell, home)


def packed_record(
    cell: Cell,
    data: Dataset,
    callbacks: Sequence[Callback] = (),
    beginning: bytes | None = None,
    keep: Callable[[bytes], None] = lambda checkpoint: None,
) -> dict[str, bytes]:
    """Train a cell on its data; the content of all files of its record, by name. Nothing is written.

    ``beginning`` are steps that are done already; see ``going_on``. ``keep`` gets the checkpoints.
    """
    started = time.time()
    begin = going_on.usable(beginning)
    origin = "" if begin is None else begin.continued_from
    checkpoints = Checkpoints(origin, keep)
    start = None if begin is None else begin.snapshot
    result = train_cell(cell.config, data, callbacks, start, checkpoints.offer)
    rec = Record(
        folder=Path(),  # the one who writes it knows
        fingerprint=cell.fingerprint,
        status=result.status,
        config=training_dict(cell.config),
        metrics=measured(result.status, result.metrics) | constant_scores(data),
        data_digest=data.digest,
        code_digest=code_digest(),
        started=started,
        ended=time.time(),
        provenance=provenance.gather(),
        shape=list(data.train.x.shape[1:]),
        classes=list(data.classes),
        sets=example_sets(data),
        continued_from=origin,
    )
    arrays = kept(result.arrays, cell.config, result.end)
    W1, A_L = result.arrays["weights"]["W1"], result.arrays["predictions"]["test"]
    small = cell.config.records.weights in ("dual", "none")  # then they are drawn when they are wanted
    drawn = {} if small else pictures.of_net(cell.config, data, W1, A_L)
    return record.packed(rec, arrays, drawn)


class Checkpoints:
    """Packs a checkpoint of a training from time to time."""

    def __init__(self, continued_from: str, keep: Callable[[bytes], None]) -> None:
        self._continued_from, self._keep = continued_from, keep
        self._next = time.monotonic() + CHECKPOINT_EVERY

    def offer(self, take: Callable[[], Snapshot]) -> None:
        """Take a snapshot if it is time for one."""
        if time.monotonic() >= self._next:
            begin = going_on.Beginning(take(), provenance.environment(), self._continued_from)
            self._keep(going_on.packed(begin))
            self._next = time.monotonic() + CHECKPOINT_EVERY


def progress_writer(folder: Path, started: float) -> Callable[[Step], None]:
    """A callback that writes the costs so far to the disk; see ``costs_so_far``."""
    return costs_so_far(started, lambda costs: notes.write_progress(folder, started, costs))


def costs_so_far(started: float, report: Callable[[NDArray[np.float64]], None]) -> Callable[[Step], None]:
    """A callback that reports the costs so far (steps,), once a second after PROGRESS_AFTER."""
    last = started + PROGRESS_AFTER - 1.0

    def look(step: Step) -> None:
        nonlocal last
        now = time.time()
        if now - last >= 1.0:
            report(step.costs)
            last = now

    return look
