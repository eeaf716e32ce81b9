"""The command line's `nnlab experiments`."""

from pathlib import Path

import click

from nnlab.cells.plan import Plan
from nnlab.config.paths import home
from nnlab.errors import Failed, UserError
from nnlab.experiments import claim as experiment
from nnlab.experiments.claim import Experiment, Verdict
from nnlab.sweeps.console import OUT, complain, say
from nnlab.sweeps.run import run as run_sweep


@click.command("experiments")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def experiments(names: tuple[str, ...]) -> None:
    """Test the lecture notes' claims: train what is missing, analyse, write the verdicts.

    Without a name it tests them all. One of them alone: nnlab experiments zero_init
    """
    left = []
    for each in experiment.find(names):
        OUT.print(f"\n[bold]{each.name}[/] {each.claim}")
        try:
            verdict = _test(each)
        except (UserError, Failed) as error:  # its data are missing, a cell failed: the others go on
            complain(f"{each.name}: {error}")
            left.append(each.name)
            continue
        OUT.print(f"{verdict.verdict}: {verdict.sentence}", markup=False)
    say(f"\n{_short(experiment.write_index())}")
    if left:
        raise Failed(f"no new verdict on {', '.join(left)}; what was in the way is said above")


def _test(each: Experiment) -> Verdict:
    if not each.sweeps:
        return each.judge([])
    plan = run_sweep([f"experiment={each.name}"])
    verdict = each.judge(experiment.read_runs(plan.cells))
    _tag(plan, each.name, verdict)
    return verdict


def _tag(plan: Plan, name: str, verdict: Verdict) -> None:
    """Show the verdict on the sweep's parent run, if the store is there."""
    from nnlab.tracking import tracker as tracking

    tags = {
        "mlflow.runName": name,
        "nnlab.experiment": name,
        "nnlab.verdict": verdict.verdict,
        "nnlab.result": verdict.sentence,
    }
    parent = f"tags.`nnlab.sweep` = '{plan.id}' and tags.`nnlab.kind` = 'sweep'"
    try:
        tracker = tracking.Tracker(home(), plan.experiment)
        for run in tracker.reader.search(parent):
            tracker.tag(run.info.run_id, tags)
    except tracking.Unavailable as error:
        complain(f"MLflow: {str(error).splitlines()[0]}; the verdict is not tagged")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
