"""Deleted runs: what a user deleted in MLflow stays deleted until `nnlab sync --restore` asks for it.

A result that began before its deleted run ended was deleted with it. A later one is new and is published.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.errors import UserError
from nnlab.records import notes, record
from nnlab.tracking import identity
from nnlab.tracking.plan_runs import Copies, find_runs
from nnlab.tracking.store import Store


class Deleted:
    """The runs of one plan that were deleted, and up to which time their results count as deleted."""

    def __init__(self, runs: Mapping[str, Copies], noted: Mapping[str, int]) -> None:
        """``noted`` has the runs that the store had, by key, with times in milliseconds since 1970."""
        self._until = dict(noted)
        for key, copies in runs.items():
            ends = [max(run.info.start_time, run.info.end_time or 0) for run in copies.deleted]
            self._until[key] = max([self._until.get(key, 0), *ends])
            if copies.live:
                del self._until[key]

    def __contains__(self, key: str) -> bool:
        return key in self._until

    def covers(self, cell: Cell, home: Path) -> bool:
        """Is the result that ``home`` has of a cell one that was deleted, or the result in the making?"""
        until = self._until.get(cell.fingerprint)
        return until is not None and _began(cell.folder(home)) <= until


def _began(folder: Path) -> float:
    """When the training of a cell's latest result began, in milliseconds since 1970; inf without one."""
    if record.exists(folder):
        with suppress(UserError):  # a damaged one is refused when it is published
            return int(record.read(folder).started * 1000)
        return math.inf
    if (failure := notes.read_failure(folder)) is not None:
        return int(failure["started"] * 1000)
    progress = notes.read_progress(folder)
    return math.inf if progress is None else int(progress[0] * 1000)


def restore(store: Store, plan: Plan, runs: Mapping[str, Copies]) -> dict[str, Copies]:
    """Restore the deleted runs of a plan and their experiments; returns the runs as they are then.

    A run that is gone for good, after `mlflow gc`, is not among them.
    """
    wanted = [_last(copies) for copies in runs.values() if copies.deleted and not copies.live]
    places = {run.info.experiment_id for run in wanted}
    for experiment in store.experiments:
        needed = experiment.experiment_id in places or experiment.name == plan.experiment
        if needed and not identity.is_active(experiment):
            store.client.restore_experiment(experiment.experiment_id)
    for run in wanted:
        store.client.restore_run(run.info.run_id)
    store.look_again()
    return find_runs(store, plan)


def _last(copies: Copies) -> Any:
    """The run with the last result."""
    return max(copies.deleted, key=lambda run: (run.info.status == "FINISHED", run.info.start_time))
