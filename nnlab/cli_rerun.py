"""The command line's `nnlab rerun`."""

import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from nnlab import plan as plans
from nnlab import record
from nnlab.cli_data import OVERRIDES
from nnlab.config import home
from nnlab.errors import Failed
from nnlab.lookup import find_record
from nnlab.rerun import configuration, verdict
from nnlab.run import Cell, resolve, run_cell

OUT, ERROR = Console(highlight=False), Console(stderr=True, highlight=False)


@click.command("rerun", context_settings=OVERRIDES)
@click.argument("run")
@click.option("--tolerance", default=0.0, show_default=True, help="allowed difference; 0 is bit for bit")
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the run")
@click.pass_context
def rerun(context: click.Context, run: str, tolerance: float, experiment: str) -> None:
    """Train a recorded run again and compare every cost, weight and test probability.

    RUN is a record's folder, the beginning of its fingerprint, or an MLflow run: its id, the id's
    beginning, or its name. Overrides may follow: where the data stand now, or what to change.

    \b
    nnlab rerun runs/8050851c29dc0b77
    nnlab rerun 7b1e5469
    nnlab rerun "relu 4x20 s0.1 #3" data.train=/my/train.h5 data.test=/my/test.h5
    """
    with tempfile.TemporaryDirectory() as scratch:
        recorded, run_id = find_record(run, home(), experiment, Path(scratch))
        cell = resolve(configuration(recorded, trust_paths=run_id is None, overrides=context.args))
        again = _train(cell)
        holds, text = verdict(recorded, again, tolerance)
    OUT.print(text, markup=False, soft_wrap=True)
    OUT.print(f"  record          {again.folder}", soft_wrap=True)
    _publish(cell, again, run_id or recorded.fingerprint, holds)
    if not holds:
        raise Failed("the run was not reproduced; the lines above say what differs")


def _train(cell: Cell) -> record.Record:
    """Train into a home of its own: the record that is verified stays as it is."""
    apart = home() / "reruns" / time.strftime("%Y%m%d-%H%M%S") / cell.fingerprint[:8]
    cell.folder(apart).mkdir(parents=True, exist_ok=True)
    return run_cell(cell, apart)


def _publish(cell: Cell, rec: record.Record, rerun_of: str, identical: bool) -> None:
    from nnlab import tracking

    plan = plans.make("train", [cell], [])
    try:
        tracker = tracking.Tracker(home(), plan.experiment)
        run_id = tracker.publish_rerun(plan, cell, rec, rerun_of, identical)
        OUT.print(f"  MLflow run      {run_id}")
    except tracking.Unavailable as error:
        ERROR.print(f"MLflow: {str(error).splitlines()[0]}; this rerun is not published", markup=False)
