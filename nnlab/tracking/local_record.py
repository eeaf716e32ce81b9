"""The record of a tracked run, where it stands in this home."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nnlab.errors import UserError
from nnlab.records import record
from nnlab.records.record import Record, is_sha256
from nnlab.tracking.runs import Run


def local_record(run: Run, home: Path) -> Record | None:
    """The record of a run where it stands in this home; None if it is not here.

    A record that was trained again later has the same fingerprint. So its end must be the run's too.
    """
    for folder in _folders(run, home):
        with suppress(UserError):  # none, or a damaged one
            rec = record.read(folder)
            same = rec.fingerprint == run.tags.get("nnlab.fingerprint")
            if same and run.ended is not None and int(rec.ended * 1000) == round(run.ended * 1000):
                return rec
    return None


def _folders(run: Run, home: Path) -> Iterator[Path]:
    """Where it may be: among the home's records, or where the run says, such as among the reruns."""
    fingerprint = run.tags.get("nnlab.fingerprint")
    if is_sha256(fingerprint):
        yield record.folder(home, str(fingerprint))
    named = Path(run.tags.get("nnlab.record", "."))
    if named.resolve().is_relative_to(home):
        yield named
