"""The runs of a plan that a store has, found by their tags in all of its experiments."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.tracking import identity
from nnlab.tracking.server_errors import if_allowed
from nnlab.tracking.store import Store

PARENT = "parent"  # stands for the sweep's own run where cells stand by their fingerprint


class Copies(NamedTuple):
    """MLflow's runs of one cell or sweep.

    There are several if a server carried out a call after its client had given up.
    """

    live: list[Any]
    deleted: list[Any]


def find_runs(store: Store, plan: Plan) -> dict[str, Copies]:
    """The runs of a plan's cells by fingerprint, and those of the sweep itself under ``PARENT``."""
    return _by_key(_runs_of(store, plan))


def unsettled_runs(store: Store, plan: Plan) -> dict[str, Copies]:
    """Of a sweep's runs those that ``find_runs`` finds, without the finished ones of its cells.

    MLflow takes a millisecond for each run that it reads.
    """
    sweep = f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = "
    active = store.search(f"{sweep}'cell' and attributes.status != 'FINISHED'")
    deleted = store.search(f"{sweep}'cell'", deleted=True, active=False)
    return _by_key([*store.search(f"{sweep}'sweep'", deleted=True), *active, *deleted])


def live_run(store: Store, plan: Plan, cell: Cell) -> Any:
    """MLflow's run of a cell; None if there is none, or if it was deleted."""
    if plan.kind == "sweep":
        these = f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.fingerprint` = '{cell.fingerprint}'"
        return min(store.search(these), key=order, default=None)
    found = find_runs(store, plan)
    return min(found[cell.fingerprint].live, key=order, default=None) if found else None


def _by_key(runs: Iterable[Any]) -> dict[str, Copies]:
    found: dict[str, Copies] = {}
    for run in runs:
        tags = run.data.tags
        key = PARENT if tags.get("nnlab.kind") == "sweep" else tags["nnlab.fingerprint"]
        live, deleted = found.setdefault(key, Copies([], []))
        (live if identity.is_active(run) else deleted).append(run)
    return found


def _runs_of(store: Store, plan: Plan) -> list[Any]:
    """A sweep's runs bear its id. The run of a single cell does not, so there the experiment counts too."""
    if plan.kind == "sweep":
        return store.search(f"tags.`nnlab.sweep` = '{plan.id}'", deleted=True)
    runs = store.search(f"tags.`nnlab.fingerprint` = '{plan.cells[0].fingerprint}'", deleted=True)
    runs = [run for run in runs if not {"nnlab.sweep", "nnlab.rerun_of"} & run.data.tags.keys()]
    ours = identity.called(store.experiments, plan.experiment)
    unnamed = identity.unnamed(store.experiments)  # perhaps renamed before nnlab noted the names
    return _within(ours, runs) or _within(unnamed, runs)


def _within(experiments: Sequence[Any], runs: Sequence[Any]) -> list[Any]:
    ids = {str(experiment.experiment_id) for experiment in experiments}
    return [run for run in runs if run.info.experiment_id in ids]


def order(run: Any) -> tuple[Any, ...]:
    """Of several runs, the first in this order is kept."""
    return run.info.status != "FINISHED", run.info.start_time, run.info.run_id


def keep_one(store: Store, runs: Sequence[Any], experiment: str | None = None) -> Any:
    """Of the live runs of a cell or sweep keep one, if possible in ``experiment``; delete its copies.

    What is in another experiment stays: the user may have copied it.
    """
    run, *others = sorted(runs, key=lambda run: (run.info.experiment_id != experiment, *order(run)))
    for other in others:
        if other.info.experiment_id == run.info.experiment_id:
            with if_allowed():  # a server may let a user write and not delete
                store.client.delete_run(other.info.run_id)
    return run
