"""Finding a recorded run: on this disk, or in the tracking store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nnlab.records import find_local
from nnlab.records.record import Record
from nnlab.tracking.reader import Reader
from nnlab.tracking.store import connected


def find_record(text: str, home: Path, experiment: str, scratch: Path) -> tuple[Record, str | None]:
    """The record that ``text`` names, and its run's id if it was found in the store.

    A record that is not in this home is fetched into ``scratch``.

    ``text`` is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the
    id's beginning, or its name. UserError if there is none; Unavailable if the store cannot be reached.
    """
    if (found := find_local(text, home)) is not None:
        return found, None
    with connected(home, experiment, reading=True) as store:
        reader = Reader(store)
        run = reader.cell(text)
        return reader.record(run, scratch / run.id), run.id


@contextmanager
def recorded(text: str, home: Path, experiment: str) -> Iterator[tuple[Record, str | None]]:
    """Like ``find_record``, for the duration of the block; then a fetched record is deleted."""
    with TemporaryDirectory() as scratch:
        yield find_record(text, home, experiment, Path(scratch))
