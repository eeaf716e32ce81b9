"""The trials of a search, as they were asked: a file beside its plan, to which lines are only added.

Its first line says what the search is, each further one is a trial. Each line has a digest over itself and
the line before, so that a file that was changed by hand is noticed. An asked trial stays what it is,
whatever a later version of the sampler would ask.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnlab.errors import UserError

ARTIFACT = "trials.jsonl"  # the file in MLflow, of the parent run
Value = float | int | str  # a number of an interval, or the text of a choice


def texts(params: Mapping[str, Value]) -> dict[str, str]:
    """The values of a trial as texts of overrides."""
    return {key: value if isinstance(value, str) else repr(value) for key, value in params.items()}


@dataclass(frozen=True)
class Trial:
    """One choice of values for the keys of a search."""

    number: int
    params: Mapping[str, Value]  # by key
    attrs: Mapping[str, Any]  # what the sampler notes about it
    cells: tuple[str, ...]  # fingerprints: one for each repetition


@dataclass(frozen=True)
class Search:
    """What a search is, and its trials so far."""

    about: dict[str, Any]
    trials: tuple[Trial, ...]


def path_of(home: Path, plan_id: str) -> Path:
    """Where the trials of the search with this plan are kept."""
    return home / "plans" / f"{plan_id}.trials.jsonl"


def read(path: Path) -> Search | None:
    """The search that was written there; None if there is none. UserError if the file was changed."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return None
    found: list[dict[str, Any]] = []
    before = ""
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last line end was cut off
        try:
            values = json.loads(line)
            before, expected = values.pop("sum"), _sum(values, before)
        except (ValueError, KeyError, TypeError, AttributeError):
            before, expected = "", "?"
        if before != expected:
            raise UserError(
                f"{path}: line {number} is not as it was written; put the file back as it was, or delete "
                "it, which begins the search anew from the records that are there"
            )
        found.append(values)
    if not found:
        return None
    about, *trials = found
    return Search(about, tuple(Trial(**trial | {"cells": tuple(trial["cells"])}) for trial in trials))


def append(path: Path, about: Mapping[str, Any], trials: Sequence[Trial]) -> None:
    """Add trials to the file of a search, durably; the first time, what the search is as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    before = json.loads(whole.splitlines()[-1])["sum"] if whole else ""
    text = ""
    for values in [*([] if whole else [dict(about)]), *(vars(trial) for trial in trials)]:
        before = _sum(values, before)
        text += json.dumps(values | {"sum": before}) + "\n"
    with path.open("r+b" if path.exists() else "xb") as file:
        file.truncate(len(whole))
        file.seek(len(whole))
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _sum(values: Mapping[str, Any], before: str) -> str:
    text = json.dumps(dict(values), sort_keys=True)
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()[:16]
