"""MLflow: the only file that imports it. Publishes records; holds parent runs.

Publishing is idempotent: a run is found again by its fingerprint and its sweep, and only what the
store does not have yet is logged. So it may be cut off anywhere and done again.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnlab.cells.plan import Plan, Published
from nnlab.cells.summary import Summary
from nnlab.cells.train_cell import Cell
from nnlab.cells.trained_net import net_of
from nnlab.config.compose import training_dict
from nnlab.records import record
from nnlab.tracking import content, curves
from nnlab.tracking import heartbeat as reaper
from nnlab.tracking import location as store
from nnlab.tracking import mlflow_model as mlmodel
from nnlab.tracking import tags as labels
from nnlab.tracking import ui_links as comparison
from nnlab.tracking.reader import Reader
from nnlab.tracking.runs import DONE

store.bound_client()
logging.getLogger("alembic").setLevel(logging.ERROR)

from google.protobuf.json_format import ParseError  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import LoggedModelOutput, Metric, Param, Run, RunTag  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.store.artifact import artifact_repository_registry as registry  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

RUN_STATUS = {"killed": "KILLED", "failed": "FAILED"}  # MLflow's word where it is not FINISHED
BATCH = 900  # metrics in one call: MLflow takes 1000 entities at a time, parameters and tags are the rest
# what the calls here raise when the store cannot be reached or written (OSError: also of requests), when
# a database's driver is not installed, or when something else than MLflow answers
Unavailable = (MlflowException, SQLAlchemyError, OSError, ImportError, ParseError)


class Tracker:
    """One experiment in one store."""

    def __init__(self, home: Path, experiment: str) -> None:
        """Open the store (an absent SQLite file is created and migrated) and the experiment."""
        self.uri = store.uri(home)
        store.check_writable(home)
        store.create(self.uri, lambda uri: MlflowClient(uri).search_experiments())
        self._client = MlflowClient(self.uri)
        self.experiment = experiment
        self.experiment_id = self._find_experiment(home)
        self.reader = Reader(
            self._client, registry.get_artifact_repository, self.uri, experiment, self.experiment_id
        )

    def _find_experiment(self, home: Path) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        if found is not None and found.lifecycle_stage == "deleted":
            raise MlflowException(
                f"experiment {self.experiment} is deleted; `mlflow experiments restore -x "
                f"{found.experiment_id}` brings it back, tracking.experiment=NAME takes another"
            )
        if found is not None:
            return str(found.experiment_id)
        location = None if store.is_server(self.uri) else store.artifacts(home)
        try:
            kind = {"mlflow.experimentKind": "custom_model_development"}  # the UI's tabs for training
            return str(self._client.create_experiment(self.experiment, location, kind))
        except MlflowException:  # another process was faster
            found = self._client.get_experiment_by_name(self.experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    # -- cells -------------------------------------------------------------------------------

    def published(self, plan: Plan) -> dict[str, Published]:
        """The runs of this plan's cells that the store has, by fingerprint."""
        if plan.kind == "sweep":
            runs = self.reader.search(f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'cell'")
        else:
            fingerprint = plan.cells[0].fingerprint
            runs = self.reader.search(f"tags.`nnlab.fingerprint` = '{fingerprint}'")
            other = {"nnlab.sweep", "nnlab.rerun_of"}
            runs = [run for run in runs if not other & run.data.tags.keys()]
        found: dict[str, list[Run]] = {}
        for run in runs:
            found.setdefault(run.data.tags["nnlab.fingerprint"], []).append(run)
        kept = {fingerprint: self._single(copies) for fingerprint, copies in found.items()}
        return {key: Published(run.info.run_id, _complete(run)) for key, run in kept.items()}

    def _single(self, copies: Sequence[Run]) -> Run:
        """The run that counts; a server that took up a lost call after all has made another one."""
        run, *others = sorted(
            copies, key=lambda run: (run.info.status != "FINISHED", run.info.start_time, run.info.run_id)
        )
        for other in others:
            self._client.delete_run(other.info.run_id)
        return run

    def start_cell(self, plan: Plan, cell: Cell, parent: str | None, started: float) -> str:
        """Create the run of a cell that is in work, RUNNING with its parameters; returns its id."""
        run = self._create(plan, cell, parent, started)
        self._log(run.info.run_id, params=content.params(training_dict(cell.config)))
        return str(run.info.run_id)

    def _create(
        self,
        plan: Plan,
        cell: Cell,
        parent: str | None,
        started: float,
        more: Mapping[str, str] | None = None,
    ) -> Run:
        tags = labels.of_cell(plan, cell, parent) | dict(more or {})
        return self._client.create_run(
            self.experiment_id, start_time=int(started * 1000), tags=tags, run_name=plan.name(cell)
        )

    def log_costs(
        self, run_id: str, cell: Cell, costs: Sequence[float], started: float, now: float, after: int
    ) -> int:
        """Log the bounded number of points of a curve whose step is above ``after``; returns the last."""
        cfg = cell.config
        every = curves.stride(cfg.trainer.iterations, cfg.tracking.max_points)
        points = curves.cost_points(costs, every, started, now, after)
        self._log(run_id, metrics=points)
        return points[-1].step if points else after

    def last_cost(self, run_id: str) -> int:
        """The last step whose cost a run has; -1 without any."""
        points = self._client.get_metric_history(run_id, "train/cost")
        return max((point.step for point in points), default=-1)

    def publish(
        self, plan: Plan, cell: Cell, rec: record.Record, parent: str | None, run_id: str | None
    ) -> str:
        """Bring a record into the store; ``run_id`` is the run that an earlier try began, if any."""
        points, params, tags = content.of(rec, cell.config.tracking.max_points)  # before anything is begun
        if run_id is None:
            run = self._create(plan, cell, parent, rec.started)
        else:
            run = self._client.get_run(run_id)
        known = self._known_points(run)
        if "nnlab.error" in run.data.tags:  # it failed before
            self._client.delete_tag(run.info.run_id, "nnlab.error")
        self._upload(run, [rec.folder / name for name in (*rec.files, record.MARKER)])
        self._log(
            run.info.run_id,
            metrics=[p for p in points if (p.key, p.step) not in known],
            params={} if run.data.params else params,
            tags=tags,
        )
        self._end(run.info.run_id, "FINISHED", rec.ended)
        return str(run.info.run_id)

    def publish_rerun(
        self, plan: Plan, cell: Cell, rec: record.Record, rerun_of: str, identical: bool
    ) -> str:
        """Publish the record of a rerun as a run of its own that names the one it repeats."""
        more = {"nnlab.rerun_of": rerun_of, "nnlab.identical": str(identical).lower()}
        run = self._create(plan, cell, None, rec.started, more)
        return self.publish(plan, cell, rec, None, run.info.run_id)

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

    def log_model(self, run_id: str, rec: record.Record) -> None:
        """Log the net of a record as the MLflow model of its run, unless the run has it already."""
        outputs = self._client.get_run(run_id).outputs
        if outputs is not None and outputs.model_outputs:
            return
        net_of(rec)  # nothing is begun with a damaged record
        logged = self._client.create_logged_model(self.experiment_id, "model", run_id)
        with TemporaryDirectory() as scratch:
            folder = Path(scratch) / "model"
            _save_model(mlmodel.write(rec, Path(scratch)), folder, run_id, logged.model_id)
            self._client.log_model_artifacts(logged.model_id, str(folder))
        self._client.finalize_logged_model(logged.model_id, "READY")
        self._client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])

    def end_killed(self, run_id: str) -> None:
        """End the run of a cell that was cut off."""
        self._client.set_tag(run_id, "nnlab.status", "killed")
        self._end(run_id, "KILLED", time.time())

    def _known_points(self, run: Run) -> set[tuple[str, int]]:
        """The points that an earlier try left in a run."""
        return {
            (key, point.step)
            for key in run.data.metrics
            for point in self._client.get_metric_history(run.info.run_id, key)
        }

    # -- parents -----------------------------------------------------------------------------

    def open_parent(self, plan: Plan) -> str:
        """The parent run of a sweep, RUNNING: the one it had, or a new one."""
        key = f"{comparison.SHARED_VIEW}{plan.id}"
        self._client.set_experiment_tag(self.experiment_id, key, comparison.shared_view(plan))
        found = self.reader.search(f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'sweep'")
        if found:
            run_id = str(self._single(found).info.run_id)
            self.beat(run_id)
            return run_id
        created, tags = int(plan.created * 1000), labels.of_sweep(plan)
        return str(self._client.create_run(self.experiment_id, created, tags, plan.title()).info.run_id)

    def beat(self, run_id: str) -> None:
        """Say that this process works on a run; it is RUNNING, whatever others took it for."""
        self._log(run_id, tags=reaper.tags())
        self._client.update_run(run_id, status="RUNNING")

    def reap(self) -> None:
        """End the RUNNING runs of dead drivers, in all experiments of the store."""
        experiments = [str(found.experiment_id) for found in self._client.search_experiments()]
        running = self.reader.search("attributes.status = 'RUNNING'", experiments)
        tags = {run.info.run_id: run.data.tags for run in running}
        for run in running:
            parent = tags.get(run.data.tags.get("mlflow.parentRunId", ""))
            if labels.driver_is_dead(run.data.tags, run.info.start_time / 1000, parent):
                self.end_killed(run.info.run_id)

    def close_parent(self, run_id: str, summary: Summary, status: str) -> None:
        """Counts, best cell, results table and description of a sweep; ends its run."""
        self._log(run_id, tags=labels.of_summary(summary, status))
        self._client.log_text(run_id, summary.csv(), "results.csv")
        self._end(run_id, RUN_STATUS.get(status, "FINISHED"), summary.ended or time.time())

    def comparison_urls(self, plan: Plan) -> tuple[str, str]:
        """The UI's pages that compare this sweep's cells: with charts laid out, and as a plain list."""
        return comparison.urls(self.uri, self.experiment_id, plan)

    # -- the store ---------------------------------------------------------------------------

    def _log(
        self,
        run_id: str,
        metrics: Sequence[curves.Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Everything in as few transactions as MLflow allows, the tags in the last of them."""
        points = [Metric(*point) for point in metrics]
        *firsts, last = [points[i : i + BATCH] for i in range(0, len(points), BATCH)] or [[]]
        for part in firsts:
            self._client.log_batch(run_id, metrics=part)
        entities = [RunTag(key, value) for key, value in (tags or {}).items()]
        values = [Param(key, value) for key, value in (params or {}).items()]
        self._client.log_batch(run_id, metrics=last, params=values, tags=entities)

    def tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags on a run."""
        self._log(run_id, tags=tags)

    def _upload(self, run: Run, paths: Sequence[Path]) -> None:
        repository = registry.get_artifact_repository(run.info.artifact_uri)
        for path in paths:
            repository.log_artifact(str(path))  # type: ignore[no-untyped-call]

    def _end(self, run_id: str, status: str, ended: float) -> None:
        self._client.set_terminated(run_id, status, int(ended * 1000))


def _complete(run: Run) -> bool:
    return run.info.status == "FINISHED" and run.data.tags.get("nnlab.status") in DONE


def _save_model(files: mlmodel.Files, folder: Path, run_id: str, model_id: str) -> None:
    """Pack a net's files into an MLflow model: uint8 images or features in, class and probabilities out,
    or of a regression its outputs."""
    from mlflow import pyfunc  # takes a while more
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec
    from mlflow.types.schema import Array

    example = files.example
    answer = [] if files.regression else [ColSpec("string", "class"), ColSpec("double", "probability")]
    signature = ModelSignature(
        Schema([TensorSpec(example.dtype, (-1, *example.shape[1:]))]),
        Schema([*answer, ColSpec(Array("double"), "outputs" if files.regression else "probabilities")]),
    )
    pyfunc.save_model(
        str(folder), python_model=str(files.code), artifacts={"net": str(files.arrays)},
        pip_requirements=files.requirements, signature=signature, input_example=example,
        mlflow_model=Model(run_id=run_id, model_id=model_id),
    )  # fmt: skip
