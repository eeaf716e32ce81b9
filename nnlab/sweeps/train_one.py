"""One net: train it, print its result, publish it."""

from collections.abc import Sequence

from nnlab.cells import Cell, attempt, bases, beginning_of, explain_solver, remarks, resolve
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.summary import summarize
from nnlab.config import Config, asked_for, home, reject_hidden_conflict
from nnlab.config.compose import compose, composed, typed
from nnlab.config.overrides import CONFIG_NAME, SEARCH_PATH
from nnlab.errors import Failed
from nnlab.nn import Step
from nnlab.records import SCORES, cell_lock, notes, provenance, record
from nnlab.sweeps.console import Say, complain, say, warn
from nnlab.sweeps.experiment_data import draw_data
from nnlab.sweeps.progress_bar import progress_bar
from nnlab.tracking import publisher_of, publishing


def train_one(overrides: Sequence[str], say: Say = say) -> Plan:
    """Train the cell of these overrides, print its result, publish it, as `nnlab train` does.

    Returns the plan of this one cell. ``say`` gets what is printed to stdout. Failed if the training fails.
    """
    return _train(_configuration(overrides), _usual(overrides), say)


def _configuration(overrides: Sequence[str]) -> Config:
    """The checked configuration, with the data of its experiment drawn."""
    config = composed(overrides)
    draw_data(config.hydra.runtime.choices.get("experiment"))
    cfg = typed(config)
    reject_hidden_conflict(cfg, overrides)
    return cfg


def _usual(overrides: Sequence[str]) -> Config:
    """The configuration without what the overrides ask for; --config-name names another one."""
    return compose([text for text in overrides if text.startswith((SEARCH_PATH, CONFIG_NAME))])


def _train(cfg: Config, usual: Config, say: Say) -> Plan:
    """Train the cell of this configuration, print its result, publish it."""
    warn(remarks(cfg))
    cell = resolve(cfg)
    say(explain_solver(cell))
    warn(provenance.remarks())
    plan = plans.make("train", [cell], asked_for(cell.config, usual))
    with plans.running(home(), plan) as plan:
        publisher = publisher_of(plan, home())
        with publishing(publisher, delay=5.0):
            _train_once(cell, cfg.sweep.force, plan.name(cell), say)
            finished = record.read(cell.folder(home()))
            say(_result(finished, plan.name(cell)))
        publisher.publish_best(summarize(plan, home()))
    if complaints := publisher.publication.complaints:
        complain("\n".join(complaints))
    elif remark := publisher.publication.remark:
        say(remark)
    else:
        say(f"  MLflow run      {publisher.run_of(cell)} (`nnlab ui` shows it)")
    if registration := publisher.publication.registration:
        say(registration)
    return plan


def _train_once(cell: Cell, force: bool, name: str, say: Say) -> None:
    """Train with a progress bar, unless the cell has a record; wait if another process trains it."""
    folder = cell.folder(home())
    notes.forget_failure(folder)
    with cell_lock(folder, wait=True):
        if record.exists(folder) and not force:
            say("already recorded (sweep.force=true trains it again)")
            return
        if force:
            notes.forget_checkpoint(folder)
        begun = bases([] if force else [cell], home())
        for line in begun.lines():
            say(line)
        beginning = beginning_of(cell, begun.records.get(cell.fingerprint), home())
        with progress_bar("{task.completed}/{task.total} steps{task.fields[cost]}") as bar:
            task = bar.add_task("train", total=cell.config.trainer.iterations, cost="")

            def show(step: Step) -> None:
                if step.step:
                    bar.update(task, completed=step.step, cost=f", cost {step.costs[-1]:.4f}")

            attempt(cell, home(), [show], beginning)
    if (note := notes.read_failure(folder)) is not None:
        raise Failed(f"{name}: {note['error']}")


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
