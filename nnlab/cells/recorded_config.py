"""The configuration of a record as one that can be trained, or whose data can be read, here."""

import json
from collections.abc import Sequence

from nnlab.config import KEYS, TRAINING, Config, flatten, unknown_key
from nnlab.config.compose import DATA_SETS, compose
from nnlab.config.overrides import quoted
from nnlab.errors import UserError
from nnlab.records.record import Record


def configuration(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> Config:
    """The recorded configuration, checked like one that was typed; see ``as_overrides``."""
    return compose(as_overrides(rec, trust_paths, overrides))


def as_overrides(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> list[str]:
    """The recorded configuration as a command line with keys of the schema only.

    ``overrides`` say where the data are now, or what to change. A named set is looked up as always.
    Paths out of the record, and its limit of memory, are used only with ``trust_paths``, for a record of
    this machine: a record from elsewhere must not decide which file is read here. A recorded ``${...}``
    is refused, since Hydra would look it up in this machine's environment.
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
        raise UserError(f"{keys}: the run names files of another machine; say where they are here")
    if asked.get("model.hidden", json.dumps(recorded.get("model.hidden"))) != "null":
        recorded = {key: v for key, v in recorded.items() if key not in ("model.depth", "model.width")}
    if name != "hdf5" or not trust_paths:
        recorded = {key: v for key, v in recorded.items() if key not in ("data.train", "data.test")}
    texts = [
        f"{key}={quoted(value) if isinstance(value, str) else json.dumps(value)}"
        for key, value in recorded.items()
    ]
    return [f"data={quoted(str(name))}", *texts, *overrides]
