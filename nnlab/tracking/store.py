"""One experiment of an MLflow store, opened, and the errors of a store that cannot be reached.

MLflow takes 3 to 5 seconds to import. So the functions of this module and of ``mlflow_model`` import
what they need of it when they are called, and no other module imports it at all.
"""

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnlab.errors import Failed
from nnlab.tracking import location
from nnlab.tracking.curves import Point

BATCH = 900  # metrics in one call: MLflow takes 1000 entities, also parameters and tags


class Unavailable(Failed):
    """A store that cannot be reached or written; the text is one line."""


class Store:
    """One experiment in one store, through MLflow's client."""

    def __init__(self, home: Path, experiment: str) -> None:
        """Open the store and the experiment; create them if they do not exist."""
        self.uri = location.uri(home)
        self.experiment = experiment
        location.check_writable(home)
        configure_mlflow()
        from mlflow import MlflowClient

        location.create(self.uri, lambda uri: MlflowClient(uri).search_experiments())
        self.client = MlflowClient(self.uri)
        self.experiment_id = self._find_experiment(home)

    def _find_experiment(self, home: Path) -> str:
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(self.experiment)
        if found is not None and found.lifecycle_stage == "deleted":
            raise MlflowException(
                f"experiment {self.experiment} is deleted; `mlflow experiments restore -x "
                f"{found.experiment_id}` brings it back, tracking.experiment=NAME takes another"
            )
        if found is not None:
            return str(found.experiment_id)
        artifacts = None if location.is_server(self.uri) else location.artifacts(home)
        try:
            kind = {"mlflow.experimentKind": "custom_model_development"}  # tabs for training in the UI
            return str(self.client.create_experiment(self.experiment, artifacts, kind))
        except MlflowException:  # another process was faster
            found = self.client.get_experiment_by_name(self.experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    def search(self, condition: str, experiments: Sequence[str] = ()) -> list[Any]:
        """MLflow's runs that match a filter, in this experiment or in others."""
        runs: list[Any] = []
        token = None
        while True:
            page = self.client.search_runs(
                list(experiments) or [self.experiment_id], condition, max_results=1000, page_token=token
            )
            runs += page
            token = page.token
            if not token:
                return runs

    def keep_one(self, copies: Sequence[Any]) -> Any:
        """Of several runs for one cell or sweep, keep one and delete the others.

        There are several if a server carried out a call after its client had given up.
        """
        run, *others = sorted(
            copies, key=lambda run: (run.info.status != "FINISHED", run.info.start_time, run.info.run_id)
        )
        for other in others:
            self.client.delete_run(other.info.run_id)
        return run

    def log(
        self,
        run_id: str,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write into a run with as few calls as MLflow allows; the last call has the tags."""
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(*point) for point in points]
        *firsts, last = [metrics[i : i + BATCH] for i in range(0, len(metrics), BATCH)] or [[]]
        for part in firsts:
            self.client.log_batch(run_id, metrics=part)
        values = [Param(key, value) for key, value in (params or {}).items()]
        entities = [RunTag(key, value) for key, value in (tags or {}).items()]
        self.client.log_batch(run_id, metrics=last, params=values, tags=entities)

    def artifacts(self, address: str) -> Any:
        """MLflow's repository of the artifacts at an address."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(address)

    def end(self, run_id: str, status: str, ended: float) -> None:
        """Give a run its final status in MLflow's words, and its end in seconds since 1970."""
        self.client.set_terminated(run_id, status, int(ended * 1000))

    def end_killed(self, run_id: str) -> None:
        """End a run that was cut off."""
        self.client.set_tag(run_id, "nnlab.status", "killed")
        self.end(run_id, "KILLED", time.time())


@contextmanager
def connected(home: Path, experiment: str) -> Iterator[Store]:
    """The opened store; Unavailable if opening it or a call in the block fails."""
    with reaching():
        yield Store(home, experiment)


@contextmanager
def reaching() -> Iterator[None]:
    """Turn MLflow's errors in the block into Unavailable, without credentials.

    They are the errors of a store that cannot be reached or written (OSError: also those of requests),
    of a database whose driver is not installed, and of a server that is not MLflow's.
    """
    configure_mlflow()
    from google.protobuf.json_format import ParseError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError, ParseError) as error:
        raise Unavailable(f"MLflow: {location.reason(error)}") from None


def configure_mlflow() -> None:
    """Set the environment that MLflow's client reads when it is imported; what the user set stays.

    A server that does not answer must not delay a command for long: there are two tries of 5 s. MLflow
    sends no usage data, and its own messages are not shown.
    """
    for name, value in {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a server may demand a long wait
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_LOGGING_LEVEL": "CRITICAL",
        "GIT_PYTHON_REFRESH": "quiet",
    }.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.ERROR)
