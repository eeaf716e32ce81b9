"""Rerun: train a recorded configuration again, compare bit for bit, and say what differs and why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.config.canonical import held_out_by
from nnlab.config.compose import DATA_SETS, compose
from nnlab.config.overrides import quoted
from nnlab.config.schema import KEYS, TRAINING, Config, flatten, unknown_key
from nnlab.errors import UserError
from nnlab.records.record import ARRAYS, MARKER, Record, read


@dataclass(frozen=True)
class Difference:
    """One array that came out differently."""

    name: str
    place: tuple[int, ...]  # of the first element that differs
    recorded: float
    now: float
    largest: float  # absolute difference

    def text(self) -> str:
        """`train/cost differs from step 17 on: ...`."""
        where = f"step {self.place[0]}" if self.name == "train/cost" else f"element {list(self.place)}"
        return (
            f"{self.name} differs from {where} on: recorded {self.recorded!r}, now {self.now!r}, "
            f"largest difference {self.largest:.3g}"
        )


def find_local(text: str, home: Path) -> Record | None:
    """The record in the folder ``text``, or the one whose fingerprint begins with it; None without."""
    if (Path(text) / MARKER).is_file():
        return read(Path(text).resolve())
    if len(text) < 4 or not text.isalnum():
        return None
    found = [path.parent for path in (home / "runs").glob(f"{text[:16]}*/{MARKER}")]
    records = [rec for rec in map(read, found) if rec.fingerprint.startswith(text)]
    if len(records) > 1:
        names = ", ".join(rec.fingerprint[:16] for rec in records[:4])
        raise UserError(f"{text}: begins more than one fingerprint ({names}); give more of it")
    return records[0] if records else None


def configuration(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> Config:
    """The recorded configuration as one that can run here, checked like any other; see ``as_overrides``."""
    return compose(as_overrides(rec, trust_paths, overrides))


def as_overrides(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> list[str]:
    """The recorded configuration as a command line, which has no key but those of the schema.

    ``overrides`` say where the data stand now, or what is to be different. A named set is looked up
    as ever; paths out of the record are used for other data only where the record is this machine's
    own, since one from elsewhere is not to say which file is read, nor how much memory is used. Recorded
    values are values: a ``${...}``, which Hydra would look up in this machine's environment, is refused.
    """
    recorded = flatten(rec.config)
    training = [key for key in KEYS if key.startswith(tuple(TRAINING))]
    if strange := [key for key in recorded if key not in training]:
        raise unknown_key(strange[0])
    if linked := [key for key, value in recorded.items() if "${" in json.dumps(value)]:
        raise UserError(f"{linked[0]}: the record has a reference in place of a value; it cannot be rerun")
    name = recorded.pop("data.name", None)
    if name not in DATA_SETS:
        raise UserError(f"data.name: the record names none of {', '.join(DATA_SETS)}; it cannot be rerun")
    if not trust_paths:
        recorded.pop("data.memory_mb", None)
    asked = dict(text.partition("=")[::2] for text in overrides)
    missing = {"data.train", "data.test"} - asked.keys()
    if name == "hdf5" and missing and not trust_paths:
        keys = " and ".join(sorted(missing))
        raise UserError(f"{keys}: the run names files of another machine; say where they stand here")
    if asked.get("model.hidden", json.dumps(recorded.get("model.hidden"))) != "null":
        recorded = {key: v for key, v in recorded.items() if key not in ("model.depth", "model.width")}
    if name != "hdf5" or not trust_paths:
        recorded = {key: v for key, v in recorded.items() if key not in ("data.train", "data.test")}
    texts = [
        f"{key}={quoted(value) if isinstance(value, str) else json.dumps(value)}"
        for key, value in recorded.items()
    ]
    return [f"data={quoted(str(name))}", *texts, *overrides]


def compare(recorded: Record, now: Record, tolerance: float) -> list[Difference]:
    """Every array of the two records that differs by more than ``tolerance`` (0: in any bit)."""
    found = []
    for file in ARRAYS:
        ours, theirs = now.arrays(file), recorded.arrays(file)
        for name in theirs:
            difference = _difference(name, theirs[name], ours.get(name, np.empty(0)), tolerance)
            if difference is not None:
                found.append(difference)
    return found


def _difference(
    name: str, recorded: NDArray[Any], now: NDArray[Any], tolerance: float
) -> Difference | None:
    if recorded.shape != now.shape:
        shared = tuple(slice(0, min(pair)) for pair in zip(recorded.shape, now.shape, strict=False))
        inner = None
        if recorded.ndim == now.ndim == 1:  # a history that ended at another step
            inner = _difference(name, recorded[shared], now[shared], tolerance)
        end = (min(len(recorded), len(now)),)
        return inner or Difference(name, end, float(len(recorded)), float(len(now)), np.inf)
    a, b = recorded.astype(np.float64), now.astype(np.float64)
    with np.errstate(invalid="ignore"):
        off = np.abs(a - b)
    unequal = ~((a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b)))
    wrong = unequal & ~(off <= tolerance) if tolerance else unequal
    if not wrong.any():
        return None
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Difference(
        name, place, float(a[place]), float(b[place]), float(np.nanmax(off[wrong], initial=0.0))
    )


def causes(recorded: Record, now: Record) -> list[str]:
    """What is not the same in configuration, code, data, versions, BLAS and machine."""
    return [f"{key}: {was} -> {is_}" for key, (was, is_) in differing([recorded, now]).items()]


def differing(records: Sequence[Record]) -> dict[str, list[str]]:
    """What is not the same in all records, with each one's value as a short text."""
    known = [_surroundings(rec) for rec in records]
    keys = dict.fromkeys(key for values in known for key in values)
    return {
        _short(key): [_short(values.get(key)) for values in known]
        for key in keys
        if any(values.get(key) != known[0].get(key) for values in known)
    }


def _surroundings(rec: Record) -> dict[str, Any]:
    provenance: Mapping[str, Any] = rec.provenance
    flat = flatten(rec.config)
    config = {key: flat[key] for key in flat if not key.startswith("data.")}
    config |= {key: flat[key] for key in held_out_by(flat)}
    return {
        **config,
        "data (content)": rec.data_digest,
        "code (numeric modules)": rec.code_digest,
        "commit": provenance.get("commit"),
        "uncommitted changes": provenance.get("dirty"),
        **{f"version of {name}": v for name, v in dict(provenance.get("versions", {})).items()},
        "BLAS": provenance.get("blas"),
        "cpu": provenance.get("cpu"),
        "host": provenance.get("host"),
    }


def _short(value: Any) -> str:
    text = "".join(c if c.isprintable() else "?" for c in str(value))  # a record may come from anywhere
    return text if len(text) <= 60 else f"{text[:57]}..."


def verdict(recorded: Record, now: Record, tolerance: float) -> tuple[bool, str]:
    """Whether the rerun holds, and the lines that say so."""
    differences = compare(recorded, now, tolerance)
    steps = len(recorded.arrays("history")["train/cost"])
    if not differences:
        how = "identical, bit for bit" if not tolerance else f"the same within {tolerance:g}"
        return True, f"{how}: {steps} costs, all weights, all test probabilities"
    lines = ["not identical" if not tolerance else f"not the same within {tolerance:g}"]
    lines += [f"  {difference.text()}" for difference in differences[:3]]
    if len(differences) > 3:
        lines.append(f"  and {len(differences) - 3} arrays more")
    changed = causes(recorded, now)
    lines += [f"  {cause}" for cause in changed] or [
        "  nothing recorded about code, data or machine differs"
    ]
    return False, "\n".join(lines)
