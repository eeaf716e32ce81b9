"""One experiment of an MLflow store, opened, and the errors of a store that cannot be reached.

MLflow takes 3 to 5 seconds to import. So the functions of this module and of ``mlflow_model`` import
what they need of it when they are called, and no other module imports it at all.
"""

import gc
import os
import shlex
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from nnlab.errors import Failed
from nnlab.tracking import identity, location, moved_home
from nnlab.tracking.address import VARIABLE
from nnlab.tracking.curves import Point
from nnlab.tracking.settings import mlflow_settings

BATCH = 900  # metrics in one call: MLflow takes 1000 entities, also parameters and tags
REFUSALS = ("INVALID_PARAMETER_VALUE", "INVALID_STATE", "RESOURCE_DOES_NOT_EXIST")  # MLflow's error codes


class Unavailable(Failed):
    """A store that cannot be reached or written; the text is one line."""


class Refused(Unavailable):
    """A store that answered, and refused a call: the run or the experiment is deleted, for example."""


class Store:
    """One experiment in one store, through MLflow's client."""

    def __init__(self, home: Path, experiment: str, reading: bool = False) -> None:
        """Open the store; create it if it does not exist.

        ``reading``: a store that exists may be on a medium that cannot be written.
        """
        self.uri = location.uri(home)
        self.home, self.experiment = home, experiment
        if not (reading and location.exists(self.uri)):
            location.check_writable(home)
        from mlflow import MlflowClient
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        make: Any = SqlAlchemyStore  # it has no types
        location.create(self.uri, lambda uri: make(uri, location.artifacts(home)).engine.dispose())
        self._places = moved_home.follow(self.uri, home)
        self.client = MlflowClient(self.uri)
        self.look_again()

    def look_again(self) -> None:
        """Read which experiments the store has."""
        self.experiments = identity.all_experiments(self.client)  # deleted ones too

    @cached_property
    def id(self) -> str:
        """The store's identity, which is written into it if it has none."""
        found = identity.of_store(self.experiments)
        identity.mark(self.client, self.experiments, found, self.experiment)
        return found

    @cached_property
    def experiment_id(self) -> str:
        """The experiment for new runs, created if there is none; Refused if it is deleted."""
        from mlflow.exceptions import MlflowException

        tags = identity.tags(self.id, self.experiment)
        if known := self._named():
            return known
        tags["mlflow.experimentKind"] = "custom_model_development"  # tabs for training in the UI
        artifacts = None if location.is_server(self.uri) else location.artifacts(self.home)
        try:
            made = str(self.client.create_experiment(self.experiment, artifacts, tags))
        except MlflowException:  # another process was faster
            if not (made := self._named()):
                raise
        self.look_again()
        return made

    def _named(self) -> str:
        """The id of the experiment with this name now; empty if there is none. Refused if it is deleted."""
        found = self.client.get_experiment_by_name(self.experiment)
        if found is None:
            return ""
        self._refuse_deleted(found)
        return str(found.experiment_id)

    def _refuse_deleted(self, experiment: Any) -> None:
        if not identity.is_active(experiment):
            restore = f"mlflow experiments restore -x {experiment.experiment_id}"
            if not os.environ.get(VARIABLE):  # where it is set, this command finds the store as well
                restore = f"{VARIABLE}={shlex.quote(self.uri)} {restore}"
            raise Refused(
                f"MLflow: experiment {self.experiment} is deleted; `{restore}` brings it back, "
                "tracking.experiment=NAME takes another"
            )

    def called(self) -> list[str]:
        """The experiments that have this one's name, or had it: a renamed one keeps its runs.

        Refused if there is only a deleted one.
        """
        found = identity.called(self.experiments, self.experiment)
        active = [str(e.experiment_id) for e in found if identity.is_active(e)]
        if found and not active:
            self._refuse_deleted(found[-1])
        return active

    def search(
        self,
        condition: str,
        experiments: Sequence[str] | None = None,
        deleted: bool = False,
        active: bool = True,
    ) -> list[Any]:
        """MLflow's runs that match a filter, in all experiments or in these: active, deleted, or both."""
        from mlflow.entities import ViewType

        ids = [str(e.experiment_id) for e in self.experiments] if experiments is None else list(experiments)
        view = (ViewType.ALL if active else ViewType.DELETED_ONLY) if deleted else ViewType.ACTIVE_ONLY
        runs: list[Any] = []
        token = None
        with _without_collector():
            while ids:
                page = self.client.search_runs(ids, condition, view, max_results=1000, page_token=token)
                runs += page
                token = page.token
                if not token:
                    break
        return runs

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

    def log_inputs(self, run_id: str, inputs: Sequence[Any]) -> None:
        """Write a run's data sets; again, if another client made the same set meanwhile."""
        from mlflow.exceptions import MlflowException

        try:
            self.client.log_inputs(run_id, inputs)
        except MlflowException as error:
            if error.error_code != "BAD_REQUEST":
                raise
            self.client.log_inputs(run_id, inputs)

    def artifacts(self, address: str) -> Any:
        """MLflow's repository of the artifacts at an address."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(moved_home.moved(address, self._places))

    def disconnect(self) -> None:
        """Close the connections to a database, which MLflow keeps open; the next call opens them again."""
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        if (engine := SqlAlchemyStore._engine_map.get(self.uri)) is not None:
            engine.dispose()

    def end(self, run_id: str, status: str, ended: float) -> None:
        """Give a run its final status in MLflow's words, and its end in seconds since 1970."""
        self.client.set_terminated(run_id, status, int(ended * 1000))

    def has(self, run_id: str) -> bool:
        """Is this run there, and not deleted?"""
        return any(map(identity.is_active, self.search(f"attributes.run_id = '{run_id}'")))

    def end_killed(self, run_id: str) -> None:
        """End a run that was cut off."""
        self.client.set_tag(run_id, "nnlab.status", "killed")
        self.end(run_id, "KILLED", time.time())


@contextmanager
def _without_collector() -> Iterator[None]:
    """Python looks for no garbage in the block: where many objects are made, that takes half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def connected(home: Path, experiment: str, reading: bool = False) -> Iterator[Store]:
    """The opened store; Unavailable if opening it or a call in the block fails."""
    with reaching():
        yield Store(home, experiment, reading)


@contextmanager
def reaching() -> Iterator[None]:
    """Turn MLflow's errors in the block into Unavailable, without credentials.

    They are the errors of a store that cannot be reached or written (OSError: also those of requests),
    of a database whose driver is not installed, and of a server that is not MLflow's.
    """
    with mlflow_settings:
        from google.protobuf.json_format import ParseError
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError, ImportError, ParseError) as error:
            refused = getattr(error, "error_code", None) in REFUSALS
            raise (Refused if refused else Unavailable)(f"MLflow: {location.reason(error)}") from None
