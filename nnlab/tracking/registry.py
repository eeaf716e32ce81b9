"""The model registry: the best net of a plan as a version of a registered model, with the alias `best`.

The alias stays with the better net: a version has tags that say how good its net is, by which metric and on
which data.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nnlab.cells.plan import Plan
from nnlab.cells.ranking import sort_key
from nnlab.records import state
from nnlab.records.record import Record
from nnlab.tracking.store import Store, Unavailable, reaching

ALIAS = "best"
METRIC, SCORE, FINGERPRINT, DATA = "nnlab.metric", "nnlab.score", "nnlab.fingerprint", "nnlab.data_digest"


def register(store: Store, plan: Plan, run_id: str, rec: Record) -> str:
    """Register the model of a plan's best run under the name that the plan has for it, if it has one.

    A net is registered once. Returns a line that says what was done, or why not; empty if it was not asked
    for.
    """
    if plan.register is None:
        return ""
    tags = {
        METRIC: plan.select_by, SCORE: repr(rec.metrics[plan.select_by]),
        FINGERPRINT: rec.fingerprint, DATA: rec.data_digest,
    }  # fmt: skip
    try:
        with reaching():
            done = _registered(store.client, plan.register, run_id, tags)
        stuck = state(rec.status, rec.metrics) == "stuck"
        return done + ("; this net is no better than a constant answer" if stuck else "")
    except Unavailable as error:
        return (
            f"{plan.register}: not registered ({error}); the net is the model of its run, "
            "and the same command tries again"
        )


def _registered(client: Any, name: str, run_id: str, tags: dict[str, str]) -> str:
    """Register, and move the alias unless a net has it that is not worse."""
    _make(client, name)
    version = _version(client, name, run_id, tags)
    done, held = f"registered as {name}, version {version.version}", _holder(client, name)
    if held is None or held.version == version.version:
        before = ""
    elif not _comparable(held.tags, tags):
        before = f"; version {held.version} had it, of other data or another metric"
    elif _is_better(tags, held.tags):
        before = f"; version {held.version} had it with {tags[METRIC]} {held.tags[SCORE]}"
    else:
        return f"{done}; the alias {ALIAS} stays with version {held.version}, which is not worse"
    client.set_registered_model_alias(name, ALIAS, version.version)
    return f"{done}, with the alias {ALIAS}{before}"


def _make(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    with suppress(MlflowException):  # it exists, or there is no registry, which the next call says
        client.create_registered_model(name)


def _version(client: Any, name: str, run_id: str, tags: dict[str, str]) -> Any:
    """The version with this net; a new one if it is not registered yet."""
    known = client.search_model_versions(
        f"name = '{name}' and tags.`{FINGERPRINT}` = '{tags[FINGERPRINT]}'"
    )
    if known:
        return known[0]
    (output,) = client.get_run(run_id).outputs.model_outputs
    # not `models:/ID`, which MLflow looks up in the store that its own environment names
    source = client.get_logged_model(output.model_id).artifact_location
    return client.create_model_version(name, source, run_id, tags, model_id=output.model_id)


def _holder(client: Any, name: str) -> Any:
    """The version that has the alias, or None."""
    number = client.get_registered_model(name).aliases.get(ALIAS)
    return None if number is None else client.get_model_version(name, number)


def _comparable(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Are the nets of two versions ranked by one metric on the same data? A user may have removed tags."""
    return SCORE in one and all(one.get(key) == other.get(key) for key in (METRIC, DATA))


def _is_better(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    first, second = (sort_key(tags[METRIC], float(tags[SCORE])) for tags in (one, other))
    return first < second
