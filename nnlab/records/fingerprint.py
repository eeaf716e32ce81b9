"""The identity of a cell: what is trained, on which data, by which code."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from nnlab.records.code_digest import code_digest


def fingerprint(canonical: Mapping[str, Any], data_digest: str) -> str:
    """sha256 over the canonical training configuration, the data digest and the code digest."""
    parts = {"config": dict(canonical), "data": data_digest, "code": code_digest()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
