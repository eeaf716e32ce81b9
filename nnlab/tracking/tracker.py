"""The tracker: the runs of a plan's cells in a store.

Publishing can be stopped at any point and repeated: a run is found again by its fingerprint and its sweep,
and only what the store does not have yet is logged.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.config import training_dict
from nnlab.records import record
from nnlab.tracking import curves, log_axes, schema, ui_links
from nnlab.tracking.artifact_files import log_files
from nnlab.tracking.plan_runs import PARENT, Copies, keep_one
from nnlab.tracking.runs import DONE
from nnlab.tracking.store import Store


@dataclass(frozen=True)
class Published:
    """A cell's run that the store has."""

    run_id: str
    complete: bool  # with all of the cell's record


class Tracker:
    """The runs of one plan's cells.

    ``parent`` is MLflow's run of the sweep; None for a single cell, and if the user deleted it.
    """

    def __init__(self, store: Store, plan: Plan, parent: Any = None) -> None:
        self.store, self.plan = store, plan
        self.parent = None if parent is None else str(parent.info.run_id)
        # where its runs are, which is another one than the plan names if that was renamed
        self.experiment = None if parent is None else str(parent.info.experiment_id)
        self._log_keys = log_axes.keys(plan) if plan.kind == "sweep" else []

    @property
    def pages(self) -> tuple[str, str] | None:
        """The pages of the UI that compare its cells: charts and list; None without runs."""
        return ui_links.urls(self.store.uri, self.experiment, self.plan) if self.experiment else None

    def published(self, runs: Mapping[str, Copies]) -> dict[str, Published]:
        """Of the runs that were found in the store, one live run of each cell, by fingerprint."""
        kept = {
            key: keep_one(self.store, copies.live, self.experiment)
            for key, copies in runs.items()
            if copies.live and key != PARENT
        }
        for run in kept.values():
            self._hang(run)
        return {key: Published(run.info.run_id, _is_complete(run)) for key, run in kept.items()}

    def _hang(self, run: Any) -> None:
        """Make a run the parent's child: the parent that it had may be deleted."""
        self.experiment = self.experiment or str(run.info.experiment_id)
        elsewhere = run.info.experiment_id != self.experiment
        if self.parent and not elsewhere and run.data.tags.get("mlflow.parentRunId") != self.parent:
            self.store.client.set_tag(run.info.run_id, "mlflow.parentRunId", self.parent)

    def start(self, cell: Cell, started: float) -> str:
        """Create the run of a cell in training, RUNNING with its parameters; returns its id."""
        run_id = str(self._create(cell, started).info.run_id)
        self.store.log(run_id, params=schema.params(training_dict(cell.config)))
        return run_id

    def _create(self, cell: Cell, started: float, more: Mapping[str, str] | None = None) -> Any:
        """MLflow's new run of a cell."""
        tags = schema.cell_tags(self.plan, cell, self.parent) | dict(more or {})
        self.experiment = self.experiment or self.store.experiment_id
        return self.store.client.create_run(
            self.experiment, int(started * 1000), tags, self.plan.name(cell)
        )

    def log_costs(self, run_id: str, cell: Cell, costs: Sequence[float], started: float, after: int) -> int:
        """Log a bounded number of a running cell's costs beyond step ``after``; returns the last step."""
        every = curves.stride(cell.config.trainer.iterations, cell.config.tracking.max_points)
        points = curves.cost_points(costs, every, started, time.time(), after)
        self.store.log(run_id, points)
        return points[-1].step if points else after

    def last_step(self, run_id: str) -> int:
        """The last step whose cost a run has; -1 without any."""
        points = self.store.client.get_metric_history(run_id, "train/cost")
        return max((point.step for point in points), default=-1)

    def publish(self, cell: Cell, rec: record.Record, run_id: str | None = None) -> str:
        """Publish a record; ``run_id`` is the run that an earlier try created, or None."""
        content = schema.content(rec, cell.config.tracking.max_points)  # refuses before writing
        content.points.extend(log_axes.points(cell, self._log_keys, rec.ended))
        run = self._create(cell, rec.started) if run_id is None else self.store.client.get_run(run_id)
        return self._complete(run, rec, content, files=cell.config.tracking.artifacts != "best")

    def log_record(self, run: Any, rec: record.Record) -> None:
        """Add the files of a record to the artifacts of MLflow's run."""
        paths = [rec.folder / name for name in (*rec.files, record.MARKER)]
        log_files(self.store.artifacts(run.info.artifact_uri), paths)

    def _complete(self, run: Any, rec: record.Record, content: schema.Content, files: bool = True) -> str:
        """Log what a run does not have yet of a record's content and files, and end it; returns its id."""
        run_id = str(run.info.run_id)
        known = self._known_points(run)
        if "nnlab.error" in run.data.tags:  # it failed before
            self.store.client.delete_tag(run_id, "nnlab.error")
        if files:
            self.log_record(run, rec)
        self.store.log(
            run_id,
            [point for point in content.points if (point.key, point.step) not in known],
            params={} if run.data.params else content.params,
            tags=content.tags,
        )
        if content.inputs:
            self.store.log_inputs(run_id, content.inputs)
        self.store.end(run_id, "FINISHED", rec.ended)
        return run_id

    def _known_points(self, run: Any) -> set[tuple[str, int]]:
        """Key and step of each point that a run already has."""
        return {
            (key, point.step)
            for key in run.data.metrics
            for point in self.store.client.get_metric_history(run.info.run_id, key)
        }

    def publish_rerun(self, cell: Cell, rec: record.Record, rerun_of: str, identical: bool) -> str:
        """Publish the record of a rerun as a new run, with a tag that names the repeated run."""
        more = {"nnlab.rerun_of": rerun_of, "nnlab.identical": str(identical).lower()}
        content = schema.content(rec, cell.config.tracking.max_points)
        return self._complete(self._create(cell, rec.started, more), rec, content)

    def publish_failure(self, cell: Cell, note: Mapping[str, Any], run_id: str | None) -> None:
        """Show a failed cell as a FAILED run with its traceback."""
        run_id = run_id or self.start(cell, note["started"])
        client = self.store.client
        client.log_text(run_id, note["traceback"], "traceback.txt")
        self.store.log(run_id, tags=schema.failure_tags(note))
        self.store.end(run_id, "FAILED", note["ended"])


def _is_complete(run: Any) -> bool:
    return run.info.status == "FINISHED" and run.data.tags.get("nnlab.status") in DONE
