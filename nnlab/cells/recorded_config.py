"""The configuration of a record as one that can be trained, or whose data can be read, here."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nnlab.config import (
    DATA_SETS,
    FILES,
    KEYS,
    NAMED,
    TRAINING,
    Config,
    DataConfig,
    flatten,
    quoted,
    unknown_key,
)
from nnlab.errors import UserError
from nnlab.records.record import Record


def configuration(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> Config:
    """The recorded configuration, checked like one that was typed; see ``as_overrides``."""
    from nnlab.config.compose import compose  # loads Hydra, which a worker does without

    return compose(as_overrides(rec, trust_paths, overrides))


def as_overrides(rec: Record, trust_paths: bool, overrides: Sequence[str]) -> list[str]:
    """The recorded configuration as a command line with keys of the schema only.

    ``overrides`` say where the data are now, or what to change. A named set is looked up as always,
    unless they name files in its place. Paths out of the record, and its limit of memory, are used only
    with ``trust_paths``, for a record of this machine: a record from elsewhere must not decide which file
    is read here. A recorded ``${...}`` is refused, since Hydra would look it up in this machine's
    environment.
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
    files = {key: recorded.pop(key) for key in FILES if key in recorded}
    name = asked.get("data", name)
    if name != "hdf5" and (asked.keys() & {*FILES} or _by_hand(name, files)):
        name = "hdf5"
    if name == "hdf5" and not trust_paths and (missing := _unnamed(files, asked)):
        keys = " and ".join(sorted(missing))
        raise UserError(f"{keys}: the run names files of another machine; say where they are here")
    if asked.get("model.hidden", json.dumps(recorded.get("model.hidden"))) != "null":
        recorded = {key: v for key, v in recorded.items() if key not in ("model.depth", "model.width")}
    if name == "hdf5" and trust_paths:
        recorded |= _still_in_force(files, asked)
    texts = [
        f"{key}={quoted(value) if isinstance(value, str) else json.dumps(value)}"
        for key, value in recorded.items()
    ]
    return [f"data={quoted(str(name))}", *texts, *overrides]


def _by_hand(name: str, files: Mapping[str, Any]) -> bool:
    """Does a record name a set, but files that are not its own? Earlier versions made such records."""
    own = {f"{split}_{name}.h5" for split in ("train", "test")}
    return name in NAMED and not {PurePath(str(path)).name for path in files.values() if path} <= own


def _unnamed(files: Mapping[str, Any], asked: Collection[str]) -> set[str]:
    """The keys of the files that the command line has yet to name."""
    given = {*FILES} & {*asked}
    if "data.file" in given:
        return set()
    return {"data.file"} if files.get("data.file") and not given else {"data.train", "data.test"} - given


def _still_in_force(files: Mapping[str, Any], asked: Collection[str]) -> dict[str, Any]:
    """The recorded files that those on the command line leave in force."""
    replaced = ("data.train", "data.test") if "data.file" in asked else ("data.file",)
    return {key: path for key, path in files.items() if not ({*FILES} & {*asked} and key in replaced)}


def with_files(texts: Sequence[str], data: DataConfig) -> list[str]:
    """The same command line for another program, which gets the files of ``data`` by their paths."""
    kept = [text for text in texts if text.partition("=")[0] not in ("data", *FILES)]
    named = {"data.file": data.file, "data.train": data.train, "data.test": data.test}
    files = [f"{key}={quoted(path)}" for key, path in named.items() if path is not None]
    return ["data=hdf5", *kept, *files]
