"""Abandoned runs: runs that are RUNNING in the store although their driver is dead."""

from collections.abc import Mapping

from nnlab.tracking import heartbeat
from nnlab.tracking.identity import is_active
from nnlab.tracking.server_errors import if_allowed
from nnlab.tracking.store import Store


def end_abandoned(store: Store) -> None:
    """End the RUNNING runs of dead drivers as killed, in all experiments of the store.

    On a server those of other users are left, if they may not be changed.
    """
    running = store.search("attributes.status = 'RUNNING'", deleted=True)
    tags = {run.info.run_id: run.data.tags for run in running}  # a deleted parent still names its driver
    for run in filter(is_active, running):
        parent = tags.get(run.data.tags.get("mlflow.parentRunId", ""))
        if driver_is_dead(run.data.tags, run.info.start_time / 1000, parent):
            with if_allowed():
                store.end_killed(run.info.run_id)


def driver_is_dead(tags: Mapping[str, str], started: float, parent: Mapping[str, str] | None) -> bool:
    """Is the driver of a RUNNING run dead? ``parent`` has the tags of its parent run if that is RUNNING.

    A cell without a parent has the heartbeat itself. A run that nnlab did not create is never changed.
    """
    if "nnlab.kind" not in tags:
        return False
    if "nnlab.sweep" in tags and tags["nnlab.kind"] == "cell" and heartbeat.DRIVER not in tags:
        return parent is None or heartbeat.is_dead(parent, started)
    return heartbeat.is_dead(tags, started)
