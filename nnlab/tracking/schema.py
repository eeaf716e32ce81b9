"""The schema: which metrics, parameters and tags the runs of cells and sweeps have in the store."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.config import flatten
from nnlab.errors import UserError
from nnlab.records import state
from nnlab.records.record import Record
from nnlab.tracking import curves, heartbeat
from nnlab.tracking.inputs import inputs

NAME = re.compile(
    r"(?=.{1,250}$)\w[\w.-]*(/\w[\w.-]*)*", re.ASCII
)  # of a metric or parameter; every store accepts it


class Content(NamedTuple):
    """A record as points, parameters, tags and MLflow's inputs."""

    points: list[curves.Point]
    params: dict[str, str]
    tags: dict[str, str]
    inputs: list[Any]


def content(rec: Record, max_points: int) -> Content:
    """The content of a record for the store, without its files; UserError if nnlab did not write it."""
    try:
        found = Content(
            curves.all_points(rec, max_points), params(rec.config), _record_tags(rec), inputs(rec)
        )
        names = {*found.params, *(point.key for point in found.points)}
        if strange := sorted(name for name in names if not NAME.fullmatch(name)):
            raise ValueError(f"{strange[0]!r} is not the name of a metric or parameter")
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UserError(f"{rec.folder}: damaged ({error}); delete it and train again") from None
    return found


def params(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration by dotted keys; texts as they are, other values as JSON."""
    flat = flatten(dict(config))
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in flat.items()}


def cell_tags(plan: Plan, cell: Cell, parent: str | None) -> dict[str, str]:
    """Tags with which a cell's run is created and found again."""
    tags = {"mlflow.source.name": "nnlab", "nnlab.kind": "cell", "nnlab.fingerprint": cell.fingerprint}
    if plan.kind == "sweep":
        tags["nnlab.sweep"] = plan.id
    if parent is None:
        return tags | heartbeat.tags()
    return tags | {"mlflow.parentRunId": parent}  # which has the heartbeat


def sweep_tags(plan: Plan) -> dict[str, str]:
    """Tags with which a parent run is created."""
    sweep = {"mlflow.source.name": "nnlab", "nnlab.kind": "sweep", "nnlab.sweep": plan.id}
    return sweep | {"nnlab.swept": ",".join(plan.keys)} | heartbeat.tags()


def _record_tags(rec: Record) -> dict[str, str]:
    """Tags of a run whose cell is done: with the status it is complete."""
    tags = {
        "nnlab.record": str(rec.folder),
        "nnlab.data_digest": rec.data_digest,
        "nnlab.code_digest": rec.code_digest,
        "nnlab.state": state(rec.status, rec.metrics),
        "nnlab.status": rec.status,
    }
    if rec.continued_from:
        tags["nnlab.continued_from"] = rec.continued_from
    if rec.provenance["commit"]:
        tags["mlflow.source.git.commit"] = str(rec.provenance["commit"])
    return tags


def failure_tags(note: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a run whose cell failed, from the note on the failure."""
    error = str(note["error"])[:500]
    return {"nnlab.error": error, "nnlab.state": "failed", "nnlab.status": "failed"}


def summary_points(summary: Summary) -> list[curves.Point]:
    """Metrics of a parent run: how many cells ended how, and the best cell's score.

    Their time depends on the records alone, so that publishing them again adds nothing.
    """
    values = {state: float(count) for state, count in summary.states.items()}
    if summary.best is not None:
        metric = summary.plan.select_by
        values[f"best/{metric}"] = summary.best[metric]
    at = int((summary.ended or summary.plan.created) * 1000)
    return [curves.Point(key, value, at, 0) for key, value in values.items()]


def summary_tags(summary: Summary, status: str) -> dict[str, str]:
    """Tags of a parent run that ends: counts, best cell, description."""
    tags = {f"nnlab.{key}": str(value) for key, value in summary.counts.items()}
    tags |= {"nnlab.status": status, "mlflow.note.content": summary.markdown()}
    if summary.best is not None:
        tags["nnlab.best"] = summary.best["name"]
        tags["nnlab.best_fingerprint"] = summary.best["fingerprint"]
    return tags
