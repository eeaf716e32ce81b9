"""Finding a recorded run: on this disk, or in the tracking store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nnlab.errors import Failed
from nnlab.records.find import find_local
from nnlab.records.record import Record
from nnlab.tracking import location as store

if TYPE_CHECKING:
    from nnlab.tracking.tracker import Tracker


@contextmanager
def reaching(home: Path, experiment: str) -> Iterator[Tracker]:
    """The MLflow store; Failed with one line where it cannot be reached."""
    from nnlab.tracking import tracker as tracking  # takes seconds

    try:
        yield tracking.Tracker(home, experiment)
    except tracking.Unavailable as error:
        raise Failed(f"MLflow: {store.reason(error)}") from None


def find_record(text: str, home: Path, experiment: str, scratch: Path) -> tuple[Record, str | None]:
    """The record that ``text`` names, and its run's id where it was fetched into ``scratch``.

    ``text`` is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the
    id's beginning, or its name. UserError where there is none; Failed where the store is away.
    """
    if (found := find_local(text, home)) is not None:
        return found, None
    with reaching(home, experiment) as tracker:
        run = tracker.reader.cell(text)
        return tracker.reader.fetch_record(run, scratch / run.id), run.id


@contextmanager
def recorded(text: str, home: Path, experiment: str) -> Iterator[tuple[Record, str | None]]:
    """``find_record`` for as long as the block lasts; what was fetched is gone after it."""
    with TemporaryDirectory() as scratch:
        yield find_record(text, home, experiment, Path(scratch))
