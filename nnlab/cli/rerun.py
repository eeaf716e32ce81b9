"""The command line's `nnlab rerun`."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from nnlab.cells import plan as plans
from nnlab.cells.train_cell import Cell, resolve, run_cell
from nnlab.cli.overrides import OVERRIDES, overrides_of
from nnlab.cli.rerun_sweep import verify_sweep
from nnlab.config.overrides import quoted
from nnlab.config.paths import home
from nnlab.errors import Failed, UserError
from nnlab.records.record import Record
from nnlab.reruns import checkout
from nnlab.reruns.replay import as_overrides, configuration, verdict
from nnlab.sweeps.console import OUT, complain, say
from nnlab.tracking.find_run import recorded
from nnlab.tracking.store import Unavailable, connected
from nnlab.tracking.tracker import Tracker


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
    beginning, or its name. Overrides may follow: where the data stand now, or what to change.
    With --at-commit the recorded commit is checked out beside the project, its uncommitted changes
    applied, and that program trains: so an old result can be told from a changed program.

    \b
    nnlab rerun runs/8050851c29dc0b77
    nnlab rerun "relu 4x20 s0.1 #3" data.train=/my/train.h5 data.test=/my/test.h5
    nnlab rerun 7b1e5469 --at-commit
    nnlab rerun --sweep d7034d7c7349 --tolerance 1e-9
    """
    if not math.isfinite(tolerance):
        raise UserError("--tolerance: must be a finite number; 0 is bit for bit")
    if sweep is not None:
        overrides = [*([run] if run else []), *overrides_of(context)]
        _refuse_beside_sweep(overrides, at_commit)
        verify_sweep(sweep, overrides, tolerance, experiment)
        return
    if not run:
        raise UserError("nothing to rerun: name a run, or a sweep with --sweep (see `nnlab rerun --help`)")
    with recorded(run, home(), experiment) as (rec, run_id):
        cell = resolve(configuration(rec, trust_paths=_is_own(rec), overrides=overrides_of(context)))
        if at_commit:
            texts = as_overrides(rec, _is_own(rec), overrides_of(context))
            again = _train_at_commit(rec, cell, texts, trust_diff or _is_own(rec))
        else:
            again = _train(cell)
        holds, text = verdict(rec, again, tolerance)
    say(text)
    if at_commit:
        OUT.print(f"  trained by      commit {rec.provenance['commit'][:12]}{_changes(rec)}")
    say(f"  record          {again.folder}")
    _publish(cell, again, run_id or rec.fingerprint, holds)
    if not holds:
        raise Failed("the run was not reproduced; the lines above say what differs")


def _refuse_beside_sweep(overrides: Sequence[str], at_commit: bool) -> None:
    if at_commit:
        raise UserError("--at-commit: repeats one run; give it without --sweep")
    if named := [text for text in overrides if "=" not in text]:
        raise UserError(f"{named[0]}: give either a run or --sweep")


def _apart(cell: Cell) -> Path:
    """A home of its own for the new record: the one that is verified stays as it is."""
    return home() / "reruns" / time.strftime("%Y%m%d-%H%M%S") / cell.fingerprint[:8]


def _train(cell: Cell) -> Record:
    apart = _apart(cell)
    cell.folder(apart).mkdir(parents=True, exist_ok=True)
    return run_cell(cell, apart)


def _train_at_commit(rec: Record, cell: Cell, texts: Sequence[str], trust_diff: bool) -> Record:
    data = cell.config.data  # the files that stand here, whatever that program would look up
    files = [f"data.train={quoted(data.train)}", f"data.test={quoted(data.test)}"]
    with checkout.recorded_program(rec, trust_diff) as tree:
        return checkout.train(tree, [*texts, *files], _apart(cell) / "runs")


def _is_own(rec: Record) -> bool:
    """Was the record made in this home, and not brought here?"""
    return rec.folder.resolve().is_relative_to(home())


def _changes(rec: Record) -> str:
    return " with its uncommitted changes" if rec.provenance.get("dirty") else ""


def _publish(cell: Cell, rec: Record, rerun_of: str, identical: bool) -> None:
    cell = replace(cell, fingerprint=rec.fingerprint)  # another one, where another program trained it
    plan = plans.make("train", [cell], [])
    try:
        with connected(home(), plan.experiment) as store:
            run_id = Tracker(store, plan).publish_rerun(cell, rec, rerun_of, identical)
        OUT.print(f"  MLflow run      {run_id}")
    except Unavailable as error:
        complain(f"{error}; this rerun is not published")
