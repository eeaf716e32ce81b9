"""Find a record on this machine by its folder or by the beginning of its fingerprint."""

from pathlib import Path

from nnlab.config import given
from nnlab.errors import UserError
from nnlab.records.record import MARKER, Record, read


def find_local(text: str, home: Path) -> Record | None:
    """The record in the folder ``text``, or the one of ``home`` whose fingerprint begins with ``text``.

    None if there is none; UserError if several begin so, or if the record is damaged.
    """
    folder = given(text) if text.startswith("~") else Path(text)
    if (folder / MARKER).is_file():
        return read(folder.resolve())
    if len(text) < 4 or not text.isalnum():
        return None
    found = [path.parent for path in (home / "runs").glob(f"{text[:16]}*/{MARKER}")]
    records = [rec for rec in map(read, found) if rec.fingerprint.startswith(text)]
    if len(records) > 1:
        names = ", ".join(rec.fingerprint[:16] for rec in records[:4])
        raise UserError(f"{text}: begins more than one fingerprint ({names}); give more of it")
    return records[0] if records else None
