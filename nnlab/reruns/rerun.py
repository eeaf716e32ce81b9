"""Rerun one recorded run: find it, train it again, compare, and publish the new run beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nnlab.cells import Cell, is_own
from nnlab.cells import plan as plans
from nnlab.config import asked_for, home
from nnlab.config.compose import compose
from nnlab.records.record import Record
from nnlab.reruns.compare import check_tolerance, verdict
from nnlab.reruns.replay import folder_apart, replay, replay_at_commit
from nnlab.tracking import Tracker, Unavailable, connected, recorded


@dataclass(frozen=True, repr=False)
class Rerun:
    """A run that was trained again and compared: true if both are the same; its text says what differs."""

    cell: Cell
    record: Record  # the new one
    repeats: str  # the id of the run that it repeats, or the fingerprint of its record
    holds: bool  # are the two the same, within the tolerance?
    verdict: str  # the lines that say so
    trained_by: str  # `commit 956d1182a1f0`, or nothing where this program trained it

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return f"Rerun({self.verdict})"


def rerun(
    run: str,
    overrides: Sequence[str],
    *,
    tolerance: float = 0.0,
    at_commit: bool = False,
    trust_diff: bool = False,
    experiment: str = "nnlab",
) -> Rerun:
    """Train a recorded run again and compare every cost, weight and test probability.

    ``run`` is a record's folder, the beginning of its fingerprint, or an MLflow run. With ``at_commit`` the
    program of the recorded commit trains. UserError where the run or its data cannot be found.
    """
    check_tolerance(tolerance)
    with recorded(run, home(), experiment) as (rec, run_id):
        own = is_own(rec)
        if at_commit:
            cell, again = replay_at_commit(rec, own, trust_diff or own, overrides, folder_apart())
        else:
            cell, again = replay(rec, own, overrides, folder_apart())
        holds, text = verdict(rec, again, tolerance)
        repeats = run_id or rec.fingerprint
        return Rerun(cell, again, repeats, holds, text, _program(rec) if at_commit else "")


def _program(rec: Record) -> str:
    changed = " with its uncommitted changes" if rec.provenance.get("dirty") else ""
    return f"commit {rec.provenance['commit'][:12]}{changed}"


def publish(again: Rerun) -> tuple[str | None, str]:
    """Publish the new record as a new run; returns the run's id, or None and the reason."""
    rec = again.record
    cell = replace(again.cell, fingerprint=rec.fingerprint)  # another one where another program trained it
    plan = plans.make("train", [cell], asked_for(cell.config, compose([])))
    try:
        with connected(home(), plan.experiment) as store:
            return Tracker(store, plan).publish_rerun(cell, rec, again.repeats, again.holds), ""
    except Unavailable as error:
        return None, str(error)
