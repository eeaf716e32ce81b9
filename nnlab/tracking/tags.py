"""Labels: the tags by which the runs of cells and sweeps are known in the store."""

from collections.abc import Mapping

from nnlab.cells.cell import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.records.record import Record
from nnlab.tracking import heartbeat as reaper


def of_cell(plan: Plan, cell: Cell, parent: str | None) -> dict[str, str]:
    """Tags that a cell's run is created with; it is found again by them."""
    tags = {"mlflow.source.name": "nnlab", "nnlab.kind": "cell", "nnlab.fingerprint": cell.fingerprint}
    if parent is None:
        return tags | reaper.tags()
    return tags | {"mlflow.parentRunId": parent, "nnlab.sweep": plan.id}  # its parent has a heartbeat


def of_sweep(plan: Plan) -> dict[str, str]:
    """Tags that a parent run is created with."""
    sweep = {"mlflow.source.name": "nnlab", "nnlab.kind": "sweep", "nnlab.sweep": plan.id}
    return sweep | {"nnlab.swept": ",".join(plan.keys)} | reaper.tags()


def of_record(rec: Record) -> dict[str, str]:
    """Tags of a run whose cell is done: with the status it is complete."""
    tags = {
        "nnlab.record": str(rec.folder),
        "nnlab.data_digest": rec.data_digest,
        "nnlab.code_digest": rec.code_digest,
        "nnlab.status": rec.status,
    }
    if rec.provenance["commit"]:
        tags["mlflow.source.git.commit"] = str(rec.provenance["commit"])
    return tags


def of_summary(summary: Summary, status: str) -> dict[str, str]:
    """Tags of a parent run that ends: counts, best cell, description."""
    tags = {f"nnlab.{key}": str(value) for key, value in summary.counts.items()}
    tags |= {"nnlab.status": status, "mlflow.note.content": summary.markdown()}
    if summary.best is not None:
        tags["nnlab.best"] = summary.best["name"]
        tags["nnlab.best_fingerprint"] = summary.best["fingerprint"]
    return tags


def driver_is_dead(tags: Mapping[str, str], started: float, parent: Mapping[str, str] | None) -> bool:
    """Is a RUNNING run left over? ``parent`` has the tags of its parent run if that is RUNNING.

    Runs that nnlab did not create are nobody's business.
    """
    if "nnlab.kind" not in tags:
        return False
    if "nnlab.sweep" in tags and tags["nnlab.kind"] == "cell":
        return parent is None or reaper.is_dead(parent, started)
    return reaper.is_dead(tags, started)
