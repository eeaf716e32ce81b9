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
from operator import attrgetter
from pathlib import Path
from typing import Any

from nnlab import files
from nnlab.cells import plan_file
from nnlab.cells.cell import Cell
from nnlab.cells.ranking import ranked_by
from nnlab.config import KEYS, check, flatten, run_name, training_dict
from nnlab.errors import UserError
from nnlab.records import SCORES, locked
from nnlab.records.record import is_sha256

MANY = 1000  # cells; the records of a larger plan keep W1 as dual coefficients
VERY_MANY = 5000  # cells; of a larger plan the files of the best records alone go to MLflow
ID = re.compile("[0-9a-f]{12}")
BEGUN = re.compile("[0-9a-f]{1,12}")


@dataclass(frozen=True)
class Plan:
    """The cells of a sweep, or the one cell of `nnlab train`."""

    id: str
    kind: str  # "sweep" or "train"
    keys: tuple[str, ...]  # what varies, or of one cell what was asked for beside the defaults
    cells: tuple[Cell, ...]
    created: float  # seconds since 1970

    @property
    def experiment(self) -> str:
        """The MLflow experiment that the command named."""
        return self.cells[0].config.tracking.experiment

    @property
    def published(self) -> bool:
        """Does MLflow get its records while it runs?"""
        return self.cells[0].config.tracking.publish

    @property
    def register(self) -> str | None:
        """The name under which the model registry gets its best net."""
        return self.cells[0].config.tracking.register

    @cached_property
    def select_by(self) -> str:
        """The metric that its cells are ranked by: the score on held-out examples, or on the test set."""
        return ranked_by(self.cells[0].figure, [flatten(training_dict(c.config)) for c in self.cells])

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The parameters that vary: the swept keys, and of a swept group the keys in which cells differ."""
        inside = [k for key in self.keys for k in KEYS if f"{k}.".startswith(f"{key}.")]
        return tuple(key for key in dict.fromkeys(inside) if self._varies(key))

    def _varies(self, key: str) -> bool:
        return len({str(attrgetter(key)(cell.config)) for cell in self.cells}) > 1

    @cached_property
    def names(self) -> dict[str, str]:
        """The run names of its cells by fingerprint."""
        return {cell.fingerprint: run_name(cell.config, self.keys) for cell in self.cells}

    def name(self, cell: Cell) -> str:
        """The run name of a cell of this plan."""
        return self.names[cell.fingerprint]

    def beyond(self, smaller: "Plan") -> list[Cell]:
        """The cells by which it has grown."""
        return [cell for cell in self.cells if cell.fingerprint not in smaller.names]

    def title(self) -> str:
        """The parent run's name: the keys that vary, short."""
        short = (key.removesuffix(".name").rsplit(".", 1)[-1] for key in self.keys)
        return " × ".join(short) or "sweep of one cell"


def make(kind: str, cells: Sequence[Cell], keys: Sequence[str], plan_id: str | None = None) -> Plan:
    """A plan of these cells; equal fingerprints are one cell, the first one's configuration stays.

    A search grows and has a ``plan_id`` of its own; that of another plan is made from its cells.
    """
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.fingerprint, cell)
    unique = tuple(_decided(cell, len(first)) for cell in first.values())
    if len({cell.figure for cell in unique}) > 1:
        raise UserError(
            "data.train: some sets have classes and some real targets, which cannot be ranked together; "
            "run one sweep for each kind"
        )
    content = [kind, unique[0].config.tracking.experiment, sorted(c.fingerprint for c in unique)]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return Plan(plan_id or digest[:12], kind, tuple(keys), unique, time.time())


def _decided(cell: Cell, cells: int) -> Cell:
    """A cell as a plan of so many cells has it: what its record keeps and what is published is decided.

    The address that data are fetched from does not belong to a cell, and may hold a password.
    """
    cfg = cell.config
    data = dataclasses.replace(cfg.data, url=None, sha256=None)
    cfg = dataclasses.replace(cfg, data=data)
    if cells > MANY and cfg.records.weights is None:
        cfg.records = dataclasses.replace(cfg.records, weights="dual")
    if cells > VERY_MANY and cfg.tracking.artifacts is None:
        cfg.tracking = dataclasses.replace(cfg.tracking, artifacts="best")
    return dataclasses.replace(cell, config=cfg)


def path_of(home: Path, plan_id: str) -> Path:
    """Where the plan of this id is kept."""
    return home / "plans" / f"{plan_id}.json"


def save(plan: Plan, path: Path) -> None:
    """Write a plan in one piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {"id": plan.id, "kind": plan.kind, "keys": plan.keys, "created": plan.created}
    files.write(path, json.dumps(head | plan_file.packed(plan.cells)).encode())


def load(path: Path) -> Plan:
    """Read a plan; UserError if it is missing or damaged."""
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cells, keys = tuple(plan_file.unpacked(values)), tuple(values["keys"])
        plan = Plan(values["id"], values["kind"], keys, cells, values["created"])
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
        with suppress(OSError, ValueError, KeyError, TypeError):  # none yet, or damaged and written again
            created = float(json.loads(path.read_bytes())["created"])
            if math.isfinite(created):
                plan = dataclasses.replace(plan, created=created)
        save(plan, path)
        yield plan


def in_progress(home: Path, plan: Plan) -> bool:
    """Does a driver of this plan run at this moment?"""
    path = path_of(home, plan.id).with_suffix(".lock")
    if not path.exists():
        return False
    with locked(path, wait=False) as lock:
        return lock is None


def find_sweep(text: str, home: Path) -> Plan | None:
    """The sweep of this home whose id begins with ``text``, or None; UserError if several ids do."""
    found = sorted((home / "plans").glob(f"{text}*.json")) if BEGUN.fullmatch(text) else []
    sweeps = [plan for plan in map(load, found) if plan.kind == "sweep"]
    if len(sweeps) > 1:
        names = ", ".join(plan.id for plan in sweeps[:4])
        raise UserError(f"{text}: begins more than one sweep's id ({names}); give more of it")
    return sweeps[0] if sweeps else None


def latest(home: Path, experiment: str) -> Plan | None:
    """The sweep or training of this home that was started last, in this MLflow experiment."""
    return next((plan for plan in map(load, _last_first(home)) if plan.experiment == experiment), None)


def of_cell(fingerprint: str, home: Path) -> Plan | None:
    """The plan with this cell that was started last, or None."""
    for path in _last_first(home):
        if fingerprint.encode() in path.read_bytes():  # to read a plan of many cells takes seconds
            with suppress(UserError):  # it is damaged
                return load(path)
    return None


def _last_first(home: Path) -> list[Path]:
    return sorted((home / "plans").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)


def load_all(home: Path) -> tuple[list[Plan], list[str]]:
    """Every plan of this home, oldest first, and what is wrong with those that cannot be read."""
    found, damaged = [], []
    for path in sorted((home / "plans").glob("*.json")):
        try:
            found.append(load(path))
        except UserError as error:
            damaged.append(str(error))
    return sorted(found, key=lambda plan: plan.created), damaged
