"""The command line's `nnlab rerun`."""

from collections.abc import Sequence

import click

from nnlab import reruns
from nnlab.cli.configured import OVERRIDES
from nnlab.cli.overrides import overrides_of
from nnlab.cli.rerun_sweep import report
from nnlab.errors import Failed, UserError
from nnlab.records import provenance
from nnlab.sweeps.console import OUT, complain, say, warn
from nnlab.sweeps.rerun_sweep import rerun_sweep


@click.command("rerun", context_settings=OVERRIDES)
@click.argument("run", required=False)
@click.option("--tolerance", default=0.0, show_default=True, type=click.FloatRange(0.0),
              help="allowed difference; 0 is bit for bit")  # fmt: skip
@click.option("--sweep", help="verify all cells of a sweep: its id, or its parent run's id or name")
@click.option("--at-commit", is_flag=True, help="train with the program of the recorded commit")
@click.option("--trust-diff", is_flag=True, help="apply the uncommitted changes of a run from elsewhere")
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the run")
@click.pass_context
def rerun(
    context: click.Context,
    run: str | None,
    tolerance: float,
    sweep: str | None,
    at_commit: bool,
    trust_diff: bool,
    experiment: str,
) -> None:
    """Train a recorded run again and compare every cost, weight and test probability.

    RUN is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the id's
    beginning, or its name. Overrides may follow: where the data are now, or what to change. Data files
    are taken if they have the recorded content: at the recorded path, in NNLAB_DATA, or in the home.
    With --at-commit the recorded commit is checked out beside the project, its uncommitted changes are
    applied, and that program trains. This shows whether the old result or
    a change of the program causes a difference.

    \b
    nnlab rerun runs/8050851c29dc0b77
    nnlab rerun "relu 4x20 s0.1 #3" data.train=/my/train.h5 data.test=/my/test.h5
    nnlab rerun 7b1e5469 --at-commit
    nnlab rerun --sweep d7034d7c7349 --tolerance 1e-9
    """
    if not at_commit:
        warn(provenance.remarks())
    if sweep is not None:
        overrides = [*([run] if run else []), *overrides_of(context)]
        _refuse_beside_sweep(overrides, at_commit)
        report(rerun_sweep(sweep, overrides, tolerance, experiment))
        return
    if not run:
        raise UserError("nothing to rerun: name a run, or a sweep with --sweep (see `nnlab rerun --help`)")
    overrides = overrides_of(context)
    _refuse_more_runs(run, overrides)
    again = reruns.rerun(
        run, overrides,
        tolerance=tolerance, at_commit=at_commit, trust_diff=trust_diff, experiment=experiment,
    )  # fmt: skip
    say(again.verdict)
    if again.trained_by:
        OUT.print(f"  trained by      {again.trained_by}")
    say(f"  record          {again.record.folder}")
    _publish(again)
    if not again:
        raise Failed("the run was not reproduced; the lines above say what differs")


def _publish(again: reruns.Rerun) -> None:
    """Publish the rerun, and print where it is, or why it is nowhere."""
    if not again.cell.config.tracking.publish:
        say("this rerun is not published (tracking=none)")
        return
    run_id, problem = reruns.publish(again)
    if run_id is None:
        complain(f"{problem}; this rerun is not published")
    else:
        OUT.print(f"  MLflow run      {run_id}")


def _refuse_more_runs(run: str, overrides: Sequence[str]) -> None:
    if named := [text for text in overrides if "=" not in text and not text.startswith("~")]:
        raise UserError(
            f"{named[0]}: one run at a time is trained again, here {run}; what follows it has the form "
            "key=value (a name with blanks goes in quotes)"
        )


def _refuse_beside_sweep(overrides: Sequence[str], at_commit: bool) -> None:
    if at_commit:
        raise UserError("--at-commit: repeats one run; give it without --sweep")
    if named := [text for text in overrides if "=" not in text]:
        raise UserError(f"{named[0]}: give either a run or --sweep")
