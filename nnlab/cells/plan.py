"""The plan: which cells a command asked for and under which names, kept on disk as long as the records.

With it `nnlab sync` publishes later what could not be published at once. Its id is made from its
cells, so the same command is the same plan, and a resumed sweep goes on under its first parent run.
"""

import dataclasses
import hashlib
import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nnlab import files
from nnlab.cells.cell import Cell
from nnlab.cells.ranking import SCORES, ranked_by
from nnlab.config import check, flatten, from_dict, run_name, training_dict
from nnlab.errors import UserError
from nnlab.records import locked
from nnlab.records.record import is_sha256

ID = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class Plan:
    """The cells of a sweep, or the one cell of `nnlab train`."""

    id: str
    kind: str  # "sweep" or "train"
    keys: tuple[str, ...]  # what varies
    cells: tuple[Cell, ...]
    created: float  # seconds since 1970

    @property
    def experiment(self) -> str:
        """The MLflow experiment that the command named."""
        return self.cells[0].config.tracking.experiment

    @cached_property
    def select_by(self) -> str:
        """The metric that its cells are ranked by: the score on held-out examples, or on the test set."""
        return ranked_by(self.cells[0].figure, [flatten(training_dict(c.config)) for c in self.cells])

    @cached_property
    def names(self) -> dict[str, str]:
        """The run names of its cells by fingerprint."""
        return {cell.fingerprint: run_name(cell.config, self.keys) for cell in self.cells}

    def name(self, cell: Cell) -> str:
        """The run name of a cell of this plan."""
        return self.names[cell.fingerprint]

    def title(self) -> str:
        """The parent run's name: the keys that vary, short."""
        return " × ".join(key.rsplit(".", 1)[-1] for key in self.keys) or "sweep of one cell"


def make(kind: str, cells: Sequence[Cell], keys: Sequence[str]) -> Plan:
    """A plan of these cells; equal fingerprints are one cell, the first one's configuration stays."""
    by_fingerprint: dict[str, Cell] = {}
    for cell in cells:
        by_fingerprint.setdefault(cell.fingerprint, _without_address(cell))
    unique = tuple(by_fingerprint.values())
    if len({cell.figure for cell in unique}) > 1:
        raise UserError(
            "data.train: some sets have classes and some real targets, which cannot be ranked together; "
            "run one sweep for each kind"
        )
    content = [kind, unique[0].config.tracking.experiment, sorted(c.fingerprint for c in unique)]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return Plan(digest[:12], kind, tuple(keys), unique, time.time())


def _without_address(cell: Cell) -> Cell:
    """The address that data are fetched from does not belong to a cell, and may hold a password."""
    data = dataclasses.replace(cell.config.data, url=None, sha256=None)
    return dataclasses.replace(cell, config=dataclasses.replace(cell.config, data=data))


def path_of(home: Path, plan_id: str) -> Path:
    """Where the plan of this id is kept."""
    return home / "plans" / f"{plan_id}.json"


def save(plan: Plan, path: Path) -> None:
    """Write a plan in one piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, json.dumps(dataclasses.asdict(plan)).encode())


def load(path: Path) -> Plan:
    """Read a plan; UserError if it is missing or damaged."""
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cells = tuple(Cell(**c | {"config": from_dict(c["config"])}) for c in values.pop("cells"))
        plan = Plan(cells=cells, keys=tuple(values.pop("keys")), **values)
        _check(plan)
        return plan
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UserError) as error:
        raise UserError(
            f"{path}: not a readable plan ({error}); run its sweep again, or delete it"
        ) from None


def _check(plan: Plan) -> None:
    """Raise an error for what ``save`` never writes. Ids become parts of paths."""
    if not ID.fullmatch(plan.id) or plan.kind not in ("sweep", "train") or not plan.cells:
        raise ValueError("its id, its kind or its cells are missing")
    if not (math.isfinite(plan.created) and all(isinstance(key, str) for key in plan.keys)):
        raise TypeError("its time is not a number, or its keys are not texts")
    for cell in plan.cells:
        check(cell.config)
        if not is_sha256(cell.fingerprint):
            raise ValueError(f"{cell.fingerprint!r} is not a fingerprint")
        if cell.figure not in SCORES:
            raise ValueError(f"{cell.figure!r} is not what cells are ranked by")


@contextmanager
def running(home: Path, plan: Plan) -> Iterator[Plan]:
    """Save a plan and hold its lock for this block; waits for another driver of the same plan.

    A plan that was run before keeps the time of its first creation.
    """
    path = path_of(home, plan.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_suffix(".lock"), wait=True):
        with suppress(UserError):  # there is none yet, or it is damaged and written again
            plan = dataclasses.replace(plan, created=load(path).created)
        save(plan, path)
        yield plan


def in_progress(home: Path, plan: Plan) -> bool:
    """Does a driver of this plan run at this moment?"""
    path = path_of(home, plan.id).with_suffix(".lock")
    if not path.exists():
        return False
    with locked(path, wait=False) as lock:
        return lock is None


def load_all(home: Path) -> tuple[list[Plan], list[str]]:
    """Every plan of this home, oldest first, and what is wrong with those that cannot be read."""
    found, damaged = [], []
    for path in sorted((home / "plans").glob("*.json")):
        try:
            found.append(load(path))
        except UserError as error:
            damaged.append(str(error))
    return sorted(found, key=lambda plan: plan.created), damaged
