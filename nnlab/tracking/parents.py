"""The parent run of a sweep: opened, kept alive by a heartbeat, closed with the sweep's summary."""

import time
from collections.abc import Sequence
from typing import Any

from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary
from nnlab.tracking import heartbeat, schema, shared_view
from nnlab.tracking.plan_runs import keep_one
from nnlab.tracking.search_points import log_search
from nnlab.tracking.store import Store

STATUS = {"killed": "KILLED", "failed": "FAILED"}  # MLflow's status of a sweep, if not FINISHED


def open_parent(store: Store, plan: Plan, found: Sequence[Any] = ()) -> Any:
    """MLflow's run of a sweep with the status RUNNING: one of those that were found, or a new one."""
    if found:
        run = keep_one(store, found)
        beat(store, run.info.run_id)
    else:
        created, tags = int(plan.created * 1000), schema.sweep_tags(plan)
        run = store.client.create_run(store.experiment_id, created, tags, plan.title())
    name, content = f"{shared_view.TAG}{plan.id}", shared_view.content(plan)
    store.client.set_experiment_tag(run.info.experiment_id, name, content)
    return run


def beat(store: Store, run_id: str) -> None:
    """Mark a run as RUNNING in this process, even if another process ended it."""
    store.log(run_id, tags=heartbeat.tags())
    store.client.update_run(run_id, status="RUNNING")


def close_parent(store: Store, run_id: str, summary: Summary, status: str) -> None:
    """Write counts, best cell, description and table of results into a sweep's run, and end it.

    Of a sweep that was cut off the counts are no metrics yet: MLflow would keep them beside the final ones.
    """
    points = [] if status == "killed" else schema.summary_points(summary)
    store.log(run_id, points, tags=schema.summary_tags(summary, status))
    log_search(store, run_id, summary.plan)
    store.client.log_text(run_id, summary.csv(), "results.csv")
    store.end(run_id, STATUS.get(status, "FINISHED"), summary.ended or time.time())
