"""A cell on disk: its record is written, read, checked, found and compared; its lock and its notes."""

from nnlab.records.code_digest import code_digest
from nnlab.records.differences import causes, differing
from nnlab.records.find import find_local
from nnlab.records.fingerprint import fingerprint
from nnlab.records.lock import cell_lock, locked
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
    packed,
    read,
    save,
    verified,
)
from nnlab.records.scores import (
    SCORES,
    STATES,
    counted,
    counted_cells,
    counted_states,
    is_score,
    measured,
    state,
)

__all__ = [
    "ARRAYS",
    "MARKER",
    "PROGRESS",
    "SCORES",
    "STATES",
    "Record",
    "causes",
    "cell_lock",
    "code_digest",
    "counted",
    "counted_cells",
    "counted_states",
    "differing",
    "discard",
    "exists",
    "failure_path",
    "find_local",
    "fingerprint",
    "folder",
    "forget_failure",
    "git",
    "is_score",
    "is_sha256",
    "lock",
    "locked",
    "measured",
    "notes",
    "npz",
    "packed",
    "provenance",
    "read",
    "read_failure",
    "read_progress",
    "record",
    "save",
    "source",
    "state",
    "verified",
    "write_failure",
    "write_progress",
]
