"""What this home has and its tracking store lacks: sweeps and trainings that `nnlab sync` would publish."""

from collections.abc import Sequence
from pathlib import Path

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.records import record
from nnlab.tracking.runs import Run


def remedy(home: Path, experiment: str, runs: Sequence[Run], deleted: Sequence[Run]) -> str:
    """The remedy for a search that found nothing among these runs: `nnlab sync`, if it publishes others.

    What a user ``deleted`` in MLflow comes back with ``--restore`` alone.
    """
    sweeps, cells = _sweeps(runs), _cells(runs)

    def lacks(plan: Plan) -> bool:
        done = [cell for cell in plan.cells if record.exists(cell.folder(home))]
        unknown = plan.kind == "sweep" and plan.id not in sweeps
        return bool(done) and (unknown or any(cell.fingerprint not in cells for cell in done))

    found = [plan for plan in plans.load_all(home)[0] if plan.experiment == experiment and lacks(plan)]
    if not found:
        return ""
    kinds = [f"{sum(plan.kind == kind for plan in found)} x `nnlab {kind}`" for kind in ("sweep", "train")]
    counted = " and ".join(kind for kind in kinds if not kind.startswith("0 "))
    fingerprints = {cell.fingerprint for plan in found for cell in plan.cells}
    gone = _sweeps(deleted) & {plan.id for plan in found} or _cells(deleted) & fingerprints
    command, also = (
        ("nnlab sync --restore", ", also what was deleted there") if gone else ("nnlab sync", "")
    )
    return f"{home} has results that are not published there ({counted}); `{command}` publishes them{also}"


def _sweeps(runs: Sequence[Run]) -> set[str | None]:
    return {run.tags.get("nnlab.sweep") for run in runs}


def _cells(runs: Sequence[Run]) -> set[str | None]:
    return {run.tags.get("nnlab.fingerprint") for run in runs}
