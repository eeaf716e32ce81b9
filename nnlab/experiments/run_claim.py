"""Testing a claim: train what is missing, judge, show the verdict in MLflow."""

from collections.abc import Callable

from nnlab.cells.plan import Plan
from nnlab.config import home
from nnlab.experiments.claim import Claim
from nnlab.experiments.trained_run import read_runs
from nnlab.experiments.verdict import Verdict
from nnlab.sweeps.run import run
from nnlab.tracking import Reader, Unavailable, connected


def run_claim(claim: Claim, warn: Callable[[str], None]) -> Verdict:
    """Train the cells of the claim's sweep that are missing, then judge.

    UserError or Failed if the data are missing or a cell failed. If MLflow cannot be reached, the
    verdict is written all the same, and ``warn`` gets one line about it.
    """
    if not claim.has_sweep:
        return claim.judge([])
    plan = run([f"experiment={claim.name}"])
    verdict = claim.judge(read_runs(plan.cells))
    _tag(plan, claim.name, verdict, warn)
    return verdict


def _tag(plan: Plan, name: str, verdict: Verdict, warn: Callable[[str], None]) -> None:
    """Show the verdict on the sweep's parent run."""
    tags = {
        "mlflow.runName": name,
        "nnlab.experiment": name,
        "nnlab.verdict": verdict.verdict,
        "nnlab.result": verdict.sentence,
    }
    parent = f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'sweep'"
    try:
        with connected(home(), plan.experiment) as store:
            for run in Reader(store).runs(parent):
                store.log(run.id, tags=tags)
    except Unavailable as error:
        warn(f"{error}; the verdict is not tagged")
