"""MLflow: the only file that imports it. Publishes records; holds parent runs.

Publishing is idempotent: a run is found again by its fingerprint and its sweep, and only what the
store does not have yet is logged. So it may be cut off anywhere and done again.
"""

import csv
import io
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

# a server that is away must not hold a client for minutes; nothing is reported to anyone
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
logging.getLogger("alembic").setLevel(logging.ERROR)

from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param, Run, RunStatus, RunTag  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.store.artifact.artifact_repository_registry import (  # noqa: E402
    get_artifact_repository,
)
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

from nnlab import comparison, record  # noqa: E402
from nnlab.config import flatten, training_dict  # noqa: E402
from nnlab.errors import UserError  # noqa: E402
from nnlab.plan import Plan, Published  # noqa: E402
from nnlab.run import Cell  # noqa: E402

BATCH = 1000  # metrics in one call, MLflow's own bound
# what the calls here raise when the store cannot be reached or written (OSError: also of requests)
Unavailable = (MlflowException, SQLAlchemyError, OSError)


def store_uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file in NNLAB_HOME."""
    return os.environ.get("MLFLOW_TRACKING_URI") or _sqlite(home)


def _sqlite(home: Path) -> str:
    return f"sqlite:///{home}/mlflow.db"


def stride(iterations: int, max_points: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that leaves at most max_points multiples."""
    scale = 1
    while True:
        for factor in (1, 2, 5):
            if -(-iterations // (factor * scale)) <= max_points:
                return factor * scale
        scale *= 10


class Tracker:
    """One experiment in one store."""

    def __init__(self, home: Path, experiment: str) -> None:
        """Open the store (an absent SQLite file is created and migrated) and the experiment."""
        self.uri = store_uri(home)
        if self.uri == _sqlite(home):
            _check_writable(home)
        self._client = MlflowClient(self.uri)
        self._experiment = experiment
        self.experiment_id = self._find_experiment(home)

    def _find_experiment(self, home: Path) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        if found is not None:
            return str(found.experiment_id)
        # a server knows where its artifacts go; a database does not, and would take the current folder
        served = urlsplit(self.uri).scheme in ("http", "https", "databricks")
        location = None if served else (home / "mlartifacts").as_uri()
        try:
            return str(self._client.create_experiment(self._experiment, location))
        except MlflowException:  # another process was faster
            found = self._client.get_experiment_by_name(self._experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    # -- cells -------------------------------------------------------------------------------

    def published(self, plan: Plan) -> dict[str, Published]:
        """The runs of this plan's cells that the store has, by fingerprint."""
        if plan.kind == "sweep":
            runs = self._search(f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'cell'")
        else:
            fingerprint = plan.cells[0].fingerprint
            runs = self._search(f"tags.`nnlab.fingerprint` = '{fingerprint}'")
            runs = [run for run in runs if "nnlab.sweep" not in run.data.tags]
        return {
            run.data.tags["nnlab.fingerprint"]: Published(
                run.info.run_id, run.data.tags.get("nnlab.status") in ("finished", "diverged")
            )
            for run in runs
        }

    def start_cell(self, plan: Plan, cell: Cell, parent: str | None, started: float) -> str:
        """Create the run of a cell, RUNNING; returns its id."""
        tags = {
            "mlflow.runName": plan.name(cell),
            "mlflow.source.name": "nnlab",
            "nnlab.kind": "cell",
            "nnlab.fingerprint": cell.fingerprint,
        }
        if parent is not None:
            tags |= {"mlflow.parentRunId": parent, "nnlab.sweep": plan.id}
        run = self._client.create_run(
            self.experiment_id, start_time=int(started * 1000), tags=tags, run_name=plan.name(cell)
        )
        params = flatten(training_dict(cell.config))
        self._client.log_batch(
            run.info.run_id, params=[Param(key, param_text(value)) for key, value in params.items()]
        )
        return str(run.info.run_id)

    def log_costs(
        self,
        run_id: str,
        cell: Cell,
        costs: Sequence[float],
        started: float,
        now: float,
        after: int,
    ) -> int:
        """Log the bounded number of points of a curve whose step is above ``after``; returns the last."""
        every = stride(cell.config.trainer.iterations, cell.config.tracking.max_points)
        steps = [step for step in range(0, len(costs), every) if step > after]
        self._log_curve(run_id, "train/cost", steps, costs, started, now, len(costs))
        return steps[-1] if steps else after

    def publish(
        self, plan: Plan, cell: Cell, rec: record.Record, parent: str | None, run_id: str | None
    ) -> str:
        """Bring a record into the store; ``run_id`` is the run that an earlier try began, if any."""
        fresh = run_id is None
        if run_id is None:
            run_id = self.start_cell(plan, cell, parent, rec.started)
        known = set() if fresh else self._take_up(run_id)
        metrics = [m for m in self._metrics(cell, rec) if (m.key, m.step) not in known]
        tags = {
            "nnlab.record": str(rec.folder),
            "nnlab.data_digest": rec.data_digest,
            "nnlab.code_digest": rec.code_digest,
        }
        if rec.provenance["commit"]:
            tags["mlflow.source.git.commit"] = rec.provenance["commit"]
        self._log(run_id, metrics, tags)
        self._upload(run_id, [rec.folder / name for name in (*rec.files, record.MARKER)])
        # the status last: a run that has one is complete
        self._client.set_tag(run_id, "nnlab.status", rec.status)
        self._end(run_id, "FINISHED", rec.ended)
        return run_id

    def publish_failure(
        self,
        plan: Plan,
        cell: Cell,
        note: Mapping[str, Any],
        parent: str | None,
        run_id: str | None,
    ) -> None:
        """Show a failed cell as a FAILED run with its traceback."""
        run_id = run_id or self.start_cell(plan, cell, parent, note["started"])
        self._client.log_text(run_id, note["traceback"], "traceback.txt")
        self._client.set_tag(run_id, "nnlab.error", str(note["error"])[:500])
        self._client.set_tag(run_id, "nnlab.status", "failed")
        self._end(run_id, "FAILED", note["ended"])

    def end_killed(self, run_id: str) -> None:
        """End the run of a cell that was cut off."""
        self._client.set_tag(run_id, "nnlab.status", "killed")
        self._end(run_id, "KILLED", time.time())

    def _metrics(self, cell: Cell, rec: record.Record) -> list[Metric]:
        history = rec.arrays("history")
        costs = history.pop("train/cost")
        every = stride(cell.config.trainer.iterations, cell.config.tracking.max_points)
        steps = sorted({*range(0, len(costs), every), len(costs) - 1})
        span = rec.ended - rec.started

        def point(key: str, value: float, step: int) -> Metric:
            at = rec.started + span * min(step / len(costs), 1.0)
            return Metric(key, float(value), int(at * 1000), int(step))

        points = [point("train/cost", costs[step], step) for step in steps]
        evaluated = history.pop("steps", np.empty(0, np.int64))
        for key, values in history.items():
            points += [point(key, v, s) for s, v in zip(evaluated, values, strict=True)]
        # a figure of the end stands at step 0, which the UI draws as a bar; after a curve, at its end
        curves = {p.key for p in points}
        points += [
            point(key, value, len(costs) if key in curves else 0)
            for key, value in rec.metrics.items()
            if (key, len(costs)) not in {(p.key, p.step) for p in points}
        ]
        return [p for p in points if np.isfinite(p.value)]

    def _take_up(self, run_id: str) -> set[tuple[str, int]]:
        """The points that an earlier try left in a run; its failure, if it was one, is taken back."""
        data = self._client.get_run(run_id).data
        if "nnlab.error" in data.tags:
            self._client.delete_tag(run_id, "nnlab.error")
        return {
            (key, point.step)
            for key in data.metrics
            for point in self._client.get_metric_history(run_id, key)
        }

    # -- parents -----------------------------------------------------------------------------

    def open_parent(self, plan: Plan) -> str:
        """The parent run of a sweep, RUNNING: the one it had, or a new one."""
        key = f"{comparison.SHARED_VIEW}{plan.id}"
        self._client.set_experiment_tag(self.experiment_id, key, comparison.shared_view(plan))
        found = self._search(f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'sweep'")
        if found:
            run_id = str(found[0].info.run_id)
            self._client.update_run(run_id, status="RUNNING")
            return run_id
        tags = {
            "mlflow.source.name": "nnlab",
            "nnlab.kind": "sweep",
            "nnlab.sweep": plan.id,
        }
        run = self._client.create_run(
            self.experiment_id,
            start_time=int(plan.created * 1000),
            tags=tags,
            run_name=plan.title(),
        )
        return str(run.info.run_id)

    def close_parent(
        self,
        run_id: str,
        status: str,
        counts: Mapping[str, int],
        rows: Sequence[Mapping[str, Any]],
        best: Mapping[str, Any] | None,
        description: str,
        ended: float,
    ) -> None:
        """Counts, best cell, results table and description of a sweep; ends its run."""
        tags = {f"nnlab.{key}": str(value) for key, value in counts.items()}
        tags |= {"nnlab.status": status, "mlflow.note.content": description}
        if best is not None:
            tags["nnlab.best"] = best["name"]
            tags["nnlab.best_fingerprint"] = best["fingerprint"]
        self._log(run_id, [], tags)
        self._client.log_text(run_id, csv_text(rows), "results.csv")
        self._client.log_text(run_id, description, "README.md")
        self._end(run_id, {"killed": "KILLED", "failed": "FAILED"}.get(status, "FINISHED"), ended)

    def comparison_urls(self, plan: Plan) -> tuple[str, str]:
        """The UI's pages that compare this sweep's cells: with charts laid out, and as a plain list."""
        return comparison.urls(self.uri, self.experiment_id, plan)

    # -- the store ---------------------------------------------------------------------------

    def _search(self, condition: str) -> list[Run]:
        runs: list[Run] = []
        token = None
        while True:
            page = self._client.search_runs(
                [self.experiment_id], condition, max_results=1000, page_token=token
            )
            runs += page
            token = page.token
            if not token:
                return runs

    def _log(self, run_id: str, metrics: Sequence[Metric], tags: Mapping[str, str]) -> None:
        entities = [RunTag(key, value) for key, value in tags.items()]
        self._client.log_batch(run_id, metrics=metrics[:BATCH], tags=entities)
        for start in range(BATCH, len(metrics), BATCH):
            self._client.log_batch(run_id, metrics=metrics[start : start + BATCH])

    def _log_curve(
        self,
        run_id: str,
        key: str,
        steps: Sequence[int],
        values: Sequence[float],
        started: float,
        now: float,
        done: int,
    ) -> None:
        at = [int((started + (now - started) * step / done) * 1000) for step in steps]
        points = [Metric(key, float(values[s]), t, s) for s, t in zip(steps, at, strict=True)]
        self._log(run_id, points, {})

    def _upload(self, run_id: str, paths: Sequence[Path]) -> None:
        repository = get_artifact_repository(self._client.get_run(run_id).info.artifact_uri)
        for path in paths:
            repository.log_artifact(str(path))  # type: ignore[no-untyped-call]

    def _end(self, run_id: str, status: str, ended: float) -> None:
        RunStatus.from_string(status)
        self._client.set_terminated(run_id, status, int(ended * 1000))


def param_text(value: Any) -> str:
    """A configuration value as MLflow keeps it: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the same keys as CSV."""
    buffer = io.StringIO()
    if rows:
        writer = csv.DictWriter(buffer, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return buffer.getvalue()


def _check_writable(home: Path) -> None:
    database = home / "mlflow.db"
    target = database if database.exists() else home
    if not os.access(target, os.W_OK):
        raise UserError(
            f"{target}: not writable; change its permissions, or set NNLAB_HOME or "
            "MLFLOW_TRACKING_URI to a place that is"
        )
