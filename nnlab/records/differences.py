"""What is not the same in several records: configuration, code, data, versions, BLAS and machine."""

from collections.abc import Mapping, Sequence
from typing import Any

from nnlab.config import DEFAULTS, flatten, held_out_by
from nnlab.errors import printable
from nnlab.records.provenance import blas_of
from nnlab.records.record import Record

LONGEST = 60  # letters of a value that are shown


def causes(recorded: Record, now: Record) -> list[str]:
    """`seed: 1 -> 2` for everything that is not the same in two records and may explain other numbers."""
    return [f"{key}: {was} -> {is_}" for key, (was, is_) in differing([recorded, now]).items()]


def differing(records: Sequence[Record]) -> dict[str, list[str]]:
    """What is not the same in all records, with each one's value as a short text."""
    known = [_circumstances(rec) for rec in records]
    keys = dict.fromkeys(key for values in known for key in values)
    return {
        _short(key): [_short(values.get(key)) for values in known]
        for key in keys
        if any(values.get(key) != known[0].get(key) for values in known)
    }


def _circumstances(rec: Record) -> dict[str, Any]:
    """Everything in a record about how it was made. Data files are compared by their content."""
    provenance: Mapping[str, Any] = rec.provenance
    flat = DEFAULTS | flatten(rec.config)  # an older record lacks the keys that came later
    config = {key: flat[key] for key in flat if not key.startswith("data.")}
    config |= {key: flat[key] for key in held_out_by(flat)}
    return {
        **config,
        "data (content)": rec.data_digest,
        "code (numeric modules)": rec.code_digest,
        "commit": provenance.get("commit"),
        "uncommitted changes": provenance.get("dirty"),
        "code unknown to git": ", ".join(rec.untracked) or None,
        **{f"version of {name}": v for name, v in dict(provenance.get("versions", {})).items()},
        "BLAS": blas_of(provenance),
        "cpu": provenance.get("cpu"),
        "host": provenance.get("host"),
    }


def _short(value: Any) -> str:
    text = printable(str(value))  # a record may come from anywhere
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
