"""The command line's `nnlab train`."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from nnlab.cells import Cell, attempt, explain_solver, resolve
from nnlab.cells import plan as plans
from nnlab.cells.ranking import SCORES
from nnlab.cells.summary import summarize
from nnlab.cli.overrides import OVERRIDES, configuration_flags, read, show
from nnlab.config import Config, home, reject_hidden_conflict, run_name
from nnlab.config.compose import composed, typed
from nnlab.errors import Failed
from nnlab.nn import Step
from nnlab.records import cell_lock, forget_death, notes, record
from nnlab.sweeps.console import OUT, complain, progress_bar, say
from nnlab.sweeps.experiment_data import draw_data
from nnlab.tracking import Publisher, publishing


@click.command("train", context_settings=OVERRIDES)
@configuration_flags
@click.pass_context
def train(
    context: click.Context, cfg: str | None, resolve: bool, package: str | None, config_dir: Path | None
) -> None:
    """Train one cell: nnlab train model=deep seed=1.

    A finished cell is not trained again. `nnlab train --cfg job` prints every key with its value.

    \b
    nnlab train model=deep data=catvnoncat
    nnlab train optimizer=adam init=he model.hidden=[20,7] trainer.iterations=500
    """
    overrides = read(context, config_dir)
    if not show(overrides, cfg, resolve, package):
        _train(_configuration(overrides))


def _configuration(overrides: Sequence[str]) -> Config:
    """The checked configuration, with the data of its experiment drawn."""
    config = composed(overrides)
    draw_data(config.hydra.runtime.choices.get("experiment"))
    cfg = typed(config)
    reject_hidden_conflict(cfg, overrides)
    return cfg


def _train(cfg: Config) -> None:
    """Train the cell of this configuration, print its result, publish it."""
    cell = resolve(cfg)
    say(f"solver {explain_solver(cell)}")
    plan = plans.make("train", [cell], [])
    with plans.running(home(), plan) as plan:
        publisher = Publisher(plan, home())
        with publishing(publisher, delay=5.0):
            _train_once(cell, cfg.sweep.force)
            finished = record.read(cell.folder(home()))
            say(_result(finished, plan.name(cell)))
        publisher.log_model(summarize(plan, home()))
    if complaints := publisher.publication.complaints:
        complain("\n".join(complaints))
    else:
        OUT.print(f"  MLflow run      {publisher.run_of(cell)} (`nnlab ui` shows it)")


def _train_once(cell: Cell, force: bool) -> None:
    """Train with a progress bar, unless the cell has a record; wait if another process trains it."""
    folder = cell.folder(home())
    forget_death(folder)
    notes.forget_failure(folder)
    with cell_lock(folder, wait=True):
        if record.exists(folder) and not force:
            OUT.print("already recorded (sweep.force=true trains it again)")
            return
        with progress_bar("{task.completed}/{task.total} steps, cost {task.fields[cost]:.4f}") as bar:
            task = bar.add_task("train", total=cell.config.trainer.iterations, cost=np.nan)

            def show(step: Step) -> None:
                if step.step:
                    bar.update(task, completed=step.step, cost=step.costs[-1])

            attempt(cell, home(), [show])
    if (note := notes.read_failure(folder)) is not None:
        raise Failed(f"{run_name(cell.config)}: {note['error']}")


def _result(rec: record.Record, name: str) -> str:
    costs, figures = rec.arrays("history")["train/cost"], rec.metrics
    solver, kind = rec.config["trainer"]["solver"], SCORES[rec.regression]
    lines = [
        f"{name}: {rec.status} after {len(costs)} steps in {figures['time/train_s']:.2f} s ({solver})",
        f"  cost            {_cost(costs[0])} -> {_cost(costs[-1])}",
    ]
    for split, short in (("train", "train"), ("validation", "val."), ("test", "test")):
        if (value := figures.get(f"{split}/{kind}")) is not None:
            note = " (held out)" if split == "validation" else ""
            lines.append(f"  {f'{short} {kind}':15} {value:.4f}{note}")
    return "\n".join([*lines, f"  record          {rec.folder}"])


def _cost(value: float) -> str:
    return f"{value:.6f}" if value < 1e6 else f"{value:.4g}"
