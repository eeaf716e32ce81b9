"""The identity of a store, and the names that its experiments had: tags of MLflow's experiments.

A store's identity is a random id. It tells a store whose user deleted a run from another store, which never
had the run. It is in the first experiment of a store and in each that nnlab uses. So it stays when one of
them is renamed or deleted, and a fresh store has none.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any

STORE = "nnlab.store"  # the tag with the store's identity
NAMES = "nnlab.names"  # the tag with the names under which nnlab used an experiment, one a line
IDENTITY = re.compile("[0-9a-f]{16}")
FIRST = "0"  # the id of MLflow's own experiment, `Default`


def is_active(entity: Any) -> bool:
    """Is a run or an experiment there, and not deleted? MLflow keeps deleted ones until `mlflow gc`."""
    return bool(getattr(entity, "info", entity).lifecycle_stage == "active")


def all_experiments(client: Any) -> list[Any]:
    """MLflow's experiments, deleted ones too, the oldest first."""
    from mlflow.entities import ViewType

    found: list[Any] = []
    token = None
    while True:
        page = client.search_experiments(view_type=ViewType.ALL, page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda e: (e.creation_time or 0, e.experiment_id))


def called(experiments: Sequence[Any], name: str) -> list[Any]:
    """The experiments that have this name, or had it when nnlab used them; deleted ones too."""
    return [e for e in experiments if name in (e.name, *_names(e))]


def unnamed(experiments: Sequence[Any]) -> list[Any]:
    """The experiments whose earlier names are not known."""
    return [e for e in experiments if not _names(e)]


def of_store(experiments: Sequence[Any]) -> str:
    """The identity of the store with these experiments; a new one if it has none yet."""
    found = [experiment.tags.get(STORE, "") for experiment in experiments]
    return next(filter(IDENTITY.fullmatch, found), secrets.token_hex(8))


def tags(store: str, name: str) -> dict[str, str]:
    """The tags of an experiment that nnlab makes in a store of this identity."""
    return {STORE: store, NAMES: name}


def mark(client: Any, experiments: Sequence[Any], store: str, name: str) -> None:
    """Write the tags into the experiment ``name`` and into the first one, as far as they lack them."""
    from mlflow.exceptions import MlflowException

    for experiment in filter(is_active, experiments):
        ours = experiment.name == name
        if STORE not in experiment.tags and (ours or experiment.experiment_id == FIRST):
            # a server may keep others from writing into the first one
            with nullcontext() if ours else suppress(MlflowException):
                client.set_experiment_tag(experiment.experiment_id, STORE, store)
        if ours and name not in (known := _names(experiment)):
            client.set_experiment_tag(experiment.experiment_id, NAMES, "\n".join([*known, name]))


def _names(experiment: Any) -> list[str]:
    return list(experiment.tags.get(NAMES, "").splitlines())
