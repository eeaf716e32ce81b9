"""Abandoned runs: runs that are RUNNING in the store although their driver is dead."""

from collections.abc import Mapping

from nnlab.tracking import heartbeat
from nnlab.tracking.store import Store


def end_abandoned(store: Store) -> None:
    """End the RUNNING runs of dead drivers as killed, in all experiments of the store."""
    experiments = [str(found.experiment_id) for found in store.client.search_experiments()]
    running = store.search("attributes.status = 'RUNNING'", experiments)
    tags = {run.info.run_id: run.data.tags for run in running}
    for run in running:
        parent = tags.get(run.data.tags.get("mlflow.parentRunId", ""))
        if driver_is_dead(run.data.tags, run.info.start_time / 1000, parent):
            store.end_killed(run.info.run_id)


def driver_is_dead(tags: Mapping[str, str], started: float, parent: Mapping[str, str] | None) -> bool:
    """Is the driver of a RUNNING run dead? ``parent`` has the tags of its parent run if that is RUNNING.

    A run that nnlab did not create is never changed.
    """
    if "nnlab.kind" not in tags:
        return False
    if "nnlab.sweep" in tags and tags["nnlab.kind"] == "cell":
        return parent is None or heartbeat.is_dead(parent, started)
    return heartbeat.is_dead(tags, started)
