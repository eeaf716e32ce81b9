"""Train a cell and write its record; a failure leaves a note instead."""

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from nnlab.cells import pictures
from nnlab.cells.cell import Cell
from nnlab.cells.load import dataset
from nnlab.cells.train_cell import Result, train_cell
from nnlab.config import training_dict
from nnlab.data import Dataset
from nnlab.nn import Callback, Step, classes
from nnlab.records import code_digest, notes, provenance, record
from nnlab.records.record import Record

PROGRESS_AFTER = 5.0  # seconds until a cell leaves its costs so far for the driver to show


def attempt(cell: Cell, home: Path, callbacks: Sequence[Callback] = ()) -> None:
    """Train a cell and write its record; if that fails, note why. The caller holds the cell's lock."""
    started = time.time()
    try:
        record.discard(cell.folder(home))
        run_cell(cell, home, callbacks)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, MemoryError):
            text += "; make model.depth, model.width or trainer.iterations smaller"
        notes.write_failure(cell.folder(home), text, traceback.format_exc(), started, time.time())


def run_cell(cell: Cell, home: Path, callbacks: Sequence[Callback] = ()) -> Record:
    """Train a cell and write its record. The caller holds the cell's lock."""
    started = time.time()
    data, folder = dataset(cell.config), cell.folder(home)
    result = train_cell(cell.config, data, [progress_writer(folder, started), *callbacks])
    rec = Record(
        folder=folder,
        fingerprint=cell.fingerprint,
        status=result.status,
        config=training_dict(cell.config),
        metrics=result.metrics,
        data_digest=data.digest,
        code_digest=code_digest(),
        started=started,
        ended=time.time(),
        provenance=provenance.gather(),
        shape=list(data.train.x.shape[1:]),
        classes=list(data.classes),
    )
    return record.write(rec, result.arrays, _pictures(data, result))


def progress_writer(folder: Path, started: float) -> Callable[[Step], None]:
    """A callback that writes the costs so far to the disk, once a second after PROGRESS_AFTER."""
    last = started + PROGRESS_AFTER - 1.0

    def write(step: Step) -> None:
        nonlocal last
        now = time.time()
        if now - last >= 1.0:
            notes.write_progress(folder, started, step.costs)
            last = now

    return write


@np.errstate(all="ignore")  # the weights of a diverged net
def _pictures(data: Dataset, result: Result) -> dict[str, Image.Image]:
    """The first layer's weights and the misclassified test images, where the data are colour images."""
    shape = data.train.x.shape[1:]
    if len(shape) != 3 or shape[2] != 3:
        return {}
    drawn = {"first_layer": pictures.first_layer(result.arrays["weights"]["W1"], shape)}
    if not data.train.regression:
        said = classes(result.arrays["predictions"]["test"])
        drawn["misclassified"] = pictures.misclassified(data.test.x, data.test.y, said, data.classes)
    return drawn
