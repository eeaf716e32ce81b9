"""Finding runs and sweeps by what names them: in this home, else in the MLflow store."""

import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnlab import tracking
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.config import home
from nnlab.errors import UserError
from nnlab.records import find_local, record
from nnlab.records.record import Record
from nnlab.results.run import Run
from nnlab.results.sweep import Sweep
from nnlab.tracking import Reader, connected, from_records

if TYPE_CHECKING:
    import pandas as pd

LATEST = "latest"  # names the last sweep or training of this home


def load(name: str, experiment: str) -> Run | Sweep:
    """The run or sweep that ``name`` names; see ``nnlab.load``."""
    if not name:
        raise UserError("load: the name is empty; give a run's or a sweep's id or name, or 'latest'")
    if name == LATEST and (plan := plans.latest(home(), experiment)) is not None:
        return recorded_sweep(plan) if plan.kind == "sweep" else recorded_run(plan)
    rec, plan = find_local(name, home()), plans.find_sweep(name, home())
    if rec is not None and plan is not None:
        raise UserError(
            f"{name}: begins the id of a run ({rec.fingerprint[:16]}) and of a sweep ({plan.id}); "
            "give more of it"
        )
    if plan is not None:
        return recorded_sweep(plan)
    if rec is not None:
        return _of_record(rec)
    return _published(name, experiment)


def _of_record(rec: Record) -> Run:
    """The run of a record, which its folder names if it is not among those of the home."""
    plan = plans.of_cell(rec.fingerprint, home())
    run = from_records.recorded_run(rec, plan.names.get(rec.fingerprint) if plan else None)
    own = rec.folder.resolve() == record.folder(home(), rec.fingerprint)
    return Run(run if own else replace(run, id=str(rec.folder)), lambda: rec)


def recorded_sweep(plan: Plan) -> Sweep:
    """The sweep of a plan of this home, from its records."""
    place = home()
    return Sweep(
        from_records.recorded_sweep(plan, place),
        plan.experiment,
        lambda run: record.read(record.folder(place, run.id)),
    )


def recorded_run(plan: Plan) -> Run:
    """The run of a plan of one cell, from its record."""
    (run,) = recorded_sweep(plan).runs
    return run


def runs(experiment: str) -> "tuple[pd.DataFrame, str]":
    """The runs of an experiment as a table, the last first; and a line on records that it lacks, if any."""
    import pandas as pd

    from nnlab.results.frame import frame

    with connected(home(), experiment, reading=True) as store:
        reader = Reader(store)
        found = sorted(reader.cells(), key=lambda run: run.started, reverse=True)
        remark = reader.unpublished()
    table = frame(found)
    table.insert(3, "sweep", [run.tags.get("nnlab.sweep", "") for run in found])
    table.insert(4, "started", pd.to_datetime([run.started for run in found], unit="s", utc=True))
    return table, remark


def _published(name: str, experiment: str) -> Run | Sweep:
    """The run or sweep in the MLflow store; its records are fetched when they are asked for."""
    with connected(home(), experiment, reading=True) as store:
        reader = Reader(store)
        fetched = _Fetched(reader)
        found = reader.sweep(None) if name == LATEST else reader.cell_or_sweep(name)
    if isinstance(found, tracking.Sweep):
        cells = tuple(map(_as_recorded, found.cells))
        return Sweep(tracking.Sweep(found.parent, cells), experiment, fetched)
    run = _as_recorded(found)
    return Run(run, lambda: fetched(run))


def _as_recorded(run: tracking.Run) -> tracking.Run:
    """A run of the store with the metrics that its record has: the cost is a curve there."""
    return replace(run, metrics={key: n for key, n in run.metrics.items() if key != "train/cost"})


class _Fetched:
    """Gets records out of the store, into a folder that goes when the last run that uses it goes."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._home = reader, home()
        self._folder = Path(tempfile.mkdtemp(prefix="nnlab-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def __call__(self, run: tracking.Run) -> Record:
        folder = self._folder / run.id
        if record.exists(folder):
            return record.read(folder)
        with tracking.reaching():
            return self._reader.record(run, folder)
