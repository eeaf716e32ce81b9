"""Runs and sweeps as this home's records have them, in the same values as those that the store gives."""

from pathlib import Path

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.config import flatten, from_dict, run_name, training_dict
from nnlab.records import notes, record
from nnlab.records.record import Record
from nnlab.tracking.runs import Run, Sweep


def recorded_run(rec: Record, name: str | None = None) -> Run:
    """The run of a record; its id is the name of the record's folder among the home's."""
    return Run(
        id=rec.fingerprint[:16],
        name=name or run_name(from_dict(rec.config)),
        status=rec.status,
        params=flatten(rec.config),
        metrics=rec.metrics,
        started=rec.started,
        ended=rec.ended,
        tags={"nnlab.fingerprint": rec.fingerprint, "nnlab.data_digest": rec.data_digest},
        artifacts="",
    )


def recorded_sweep(plan: Plan, home: Path) -> Sweep:
    """A sweep of this home. A cell without a record is `failed`, or `missing` if it was never finished."""
    tags = {"nnlab.sweep": plan.id, "nnlab.swept": ",".join(plan.keys)}
    parent = Run(plan.id, plan.title(), "finished", {}, {}, plan.created, None, tags, "")
    return Sweep(parent, tuple(_cell(plan, cell, home) for cell in plan.cells))


def _cell(plan: Plan, cell: Cell, home: Path) -> Run:
    folder, name = cell.folder(home), plan.name(cell)
    if record.exists(folder):
        return recorded_run(record.read(folder), name)
    note = notes.read_failure(folder)
    tags = {"nnlab.fingerprint": cell.fingerprint}
    if note is not None:
        tags["nnlab.error"] = str(note["error"])
    status = "missing" if note is None else "failed"
    params = flatten(training_dict(cell.config))
    return Run(cell.fingerprint[:16], name, status, params, {}, plan.created, None, tags, "")
