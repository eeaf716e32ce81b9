"""The data of a cell where its worker is: at the driver's paths, or a copy that came with a batch."""

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nnlab import files
from nnlab.cells import Cell, dataset
from nnlab.config import canonical, home
from nnlab.data import Dataset
from nnlab.errors import Failed, UserError
from nnlab.records import fingerprint

UNUSED = 7 * 24 * 3600.0  # seconds after which a copy is removed when another one comes
Sent = Mapping[str, tuple[bytes, bytes]]  # by digest: the files with the training set and the test set


def data_of(cell: Cell, sent: Sent) -> Dataset | None:
    """The data that a cell was planned with; None if they have to be sent.

    Failed if those that were sent are other data.
    """
    folder = home() / "data" / "sent" / cell.data_digest
    if cell.data_digest in sent:
        _keep(sent[cell.data_digest], folder)
    copies = replace(
        cell.config.data, file=None, train=str(folder / "train.h5"), test=str(folder / "test.h5")
    )
    for data in (cell.config.data, copies):
        with suppress(UserError):  # no file, or another one
            found = dataset(replace(cell.config, data=data))
            if fingerprint(canonical(cell.config), found.digest) == cell.fingerprint:
                if data is copies:
                    os.utime(folder)  # used now
                return found
    if cell.data_digest not in sent:
        return None
    raise Failed(
        f"{cell.config.data.file or cell.config.data.train}: not what the sweep was planned with; "
        "run the same command again"
    )


def _keep(contents: tuple[bytes, bytes], folder: Path) -> None:
    """Write a copy; those that no cell has used for long are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, content in zip(("train", "test"), contents, strict=True):
        files.write(folder / f"{split}.h5", content)
    for other in folder.parent.iterdir():
        with suppress(FileNotFoundError):  # another worker has removed it
            if time.time() - other.stat().st_mtime > UNUSED:
                shutil.rmtree(other, ignore_errors=True)
