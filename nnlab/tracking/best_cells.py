"""What the best cells alone get in a store: the model, and files and pictures that others lack there."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnlab.cells import drawn
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.records import record
from nnlab.records.record import PICTURES, Record
from nnlab.tracking.mlflow_model import log_model
from nnlab.tracking.plan_runs import live_run
from nnlab.tracking.registry import register
from nnlab.tracking.store import Store
from nnlab.tracking.tracker import Tracker

MOST = 10  # best cells whose files are published, where those of all are not


def publish_best(tracker: Tracker, plan: Plan, home: Path, summary: Summary) -> str:
    """Publish what the best cells have more than the others; returns a line about the model registry.

    Records of the first versions do not have the shape of their inputs, and get no model.
    """
    if summary.best is None:
        return f"{plan.register}: nothing is registered, since no net finished" if plan.register else ""
    names = [row["fingerprint"] for row in summary.ranked[:MOST]]
    cells = {cell.fingerprint: cell for cell in plan.cells if cell.fingerprint in names}
    for cell in cells.values():
        chosen = cell.config.tracking.artifacts == "best"
        if chosen and (run := live_run(tracker.store, plan, cell)) is not None:
            tracker.log_record(run, record.read(cell.folder(home)))
    best = cells[names[0]]
    run, rec = live_run(tracker.store, plan, best), record.read(best.folder(home))
    if run is None or not rec.shape:
        return ""
    log_model(tracker.store, run.info.run_id, rec)
    _log_pictures(tracker.store, run, rec)
    return register(tracker.store, plan, run.info.run_id, rec)


def _log_pictures(store: Store, run: Any, rec: Record) -> None:
    """Add the pictures to a run whose record has none, because it keeps dual coefficients."""
    repository = store.artifacts(run.info.artifact_uri)
    names = {f"{name}.jpg" for name in PICTURES}
    if names & ({*rec.files} | {file.path for file in repository.list_artifacts()}):
        return
    with TemporaryDirectory() as scratch:
        for name, content in drawn(rec).items():
            path = Path(scratch) / name
            path.write_bytes(content)
            repository.log_artifact(str(path))
