"""The parent run of a sweep: opened, kept alive by a heartbeat, closed with the sweep's summary."""

import time

from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.tracking import heartbeat, schema, ui_links
from nnlab.tracking.store import Store

STATUS = {"killed": "KILLED", "failed": "FAILED"}  # MLflow's status of a sweep, if not FINISHED


def open_parent(store: Store, plan: Plan) -> str:
    """Reopen the parent run of a sweep, or create one, with the status RUNNING; returns its id."""
    view = f"{ui_links.SHARED_VIEW}{plan.id}"
    store.client.set_experiment_tag(store.experiment_id, view, ui_links.shared_view(plan))
    found = store.search(f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'sweep'")
    if found:
        run_id = str(store.keep_one(found).info.run_id)
        beat(store, run_id)
        return run_id
    created, tags = int(plan.created * 1000), schema.sweep_tags(plan)
    return str(store.client.create_run(store.experiment_id, created, tags, plan.title()).info.run_id)


def beat(store: Store, run_id: str) -> None:
    """Mark a run as RUNNING in this process, even if another process ended it."""
    store.log(run_id, tags=heartbeat.tags())
    store.client.update_run(run_id, status="RUNNING")


def close_parent(store: Store, run_id: str, summary: Summary, status: str) -> None:
    """Write counts, best cell, description and table of results into a sweep's run, and end it."""
    store.log(run_id, tags=schema.summary_tags(summary, status))
    store.client.log_text(run_id, summary.csv(), "results.csv")
    store.end(run_id, STATUS.get(status, "FINISHED"), summary.ended or time.time())
