"""A cell on disk: its record is written, read, checked, found and compared; its lock and its notes."""

from nnlab.records.code_digest import code_digest
from nnlab.records.differences import causes, differing
from nnlab.records.find import find_local
from nnlab.records.fingerprint import fingerprint
from nnlab.records.lock import cell_lock, forget_death, holder_died, locked
from nnlab.records.notes import (
    PROGRESS,
    failure_path,
    forget_failure,
    read_failure,
    read_progress,
    write_failure,
    write_progress,
)
from nnlab.records.record import (
    ARRAYS,
    MARKER,
    Record,
    discard,
    exists,
    folder,
    is_sha256,
    read,
    verified,
    write,
)

__all__ = [
    "ARRAYS",
    "MARKER",
    "PROGRESS",
    "Record",
    "causes",
    "cell_lock",
    "code_digest",
    "differing",
    "discard",
    "exists",
    "failure_path",
    "find_local",
    "fingerprint",
    "folder",
    "forget_death",
    "forget_failure",
    "git",
    "holder_died",
    "is_sha256",
    "locked",
    "notes",
    "npz",
    "provenance",
    "read",
    "read_failure",
    "read_progress",
    "record",
    "verified",
    "write",
    "write_failure",
    "write_progress",
]
