"""The command line: nnlab train | sweep | rerun | predict | report | experiments | sync | ...

Exit codes: 0 done; 1 a cell failed or a check did not hold; 2 the input or configuration is wrong;
130 interrupted. A user's mistake is one or two lines; `--debug` or HYDRA_FULL_ERROR=1 shows the
traceback.
"""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import hydra
import numpy as np
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nnlab.cells import plan as plans
from nnlab.cells.gradcheck import compare
from nnlab.cells.ranking import SCORES
from nnlab.cells.summary import summarize
from nnlab.cells.train_cell import Cell, attempt, explain_solver, resolve
from nnlab.cli.data import OVERRIDES, data
from nnlab.cli.errors import fail
from nnlab.cli.experiments import experiments
from nnlab.cli.predict import predict
from nnlab.cli.report import compare as compare_runs
from nnlab.cli.report import report
from nnlab.cli.rerun import rerun
from nnlab.cli.ui import ui
from nnlab.config.compose import compose, reject_hidden_conflict, typed
from nnlab.config.experiments import register
from nnlab.config.paths import CONF, home
from nnlab.config.run_name import run_name
from nnlab.errors import Failed, UserError
from nnlab.nn.training import Step
from nnlab.records import record
from nnlab.records.lock import claim, forget_orphan
from nnlab.sweeps.experiment_data import draw_data
from nnlab.sweeps.report import attach_report
from nnlab.sweeps.worker import work
from nnlab.tracking.background import publishing
from nnlab.tracking.publisher import Publisher

OUT, ERROR = Console(highlight=False), Console(stderr=True, highlight=False)
PASS_ON: dict[str, Any] = OVERRIDES | {"help_option_names": []}


def main() -> None:
    """Run the command; turn what went wrong into one or two lines and an exit code."""
    debug = "--debug" in sys.argv or bool(os.environ.get("HYDRA_FULL_ERROR"))
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises instead of printing and exiting
    try:
        cli.main(standalone_mode=False, prog_name="nnlab")
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "nnlab"
        fail(UserError(f"{error.format_message()} See `{command} --help`"), debug, 2)
    except click.Abort:  # click's word for an interrupt
        raise KeyboardInterrupt from None
    except (UserError, HydraException, OmegaConfBaseException) as error:
        fail(error, debug, 2)
    except Failed as error:
        fail(error, debug, 1)
    except ValueError as error:
        if not str(error).startswith("Config group override"):
            raise
        remedy = "a group such as data or model takes the name of one of its options"
        fail(UserError(f"{remedy}; `nnlab train --cfg job` shows them"), debug, 2)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = f"{home()}: {error.strerror}; make room and run the same command again"
        elif error.filename is None:
            raise
        else:
            remedy = f"{error.filename}: {error.strerror}; check the path and its permissions"
        fail(UserError(remedy), debug, 2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nnlab")
def cli() -> None:
    """Sweeps over plain deep nets, trained exactly, recorded for good.

    \b
    nnlab train model=deep data=catvnoncat
    nnlab sweep model.depth=1,2,4 init.scale=0.1,1,10

    `--debug` anywhere shows tracebacks.
    """


# -- train and sweep: Hydra's own command line -----------------------------------------------------


def _hydra(name: str, *flags: str) -> None:
    """Hand the rest of the command line to Hydra, with all its flags (--help, --cfg job, ...)."""
    arguments = click.get_current_context().args
    given, unknown = get_args_parser().parse_known_args(arguments)
    if unknown:
        raise UserError(f"{unknown[0]}: there is no such flag; see `nnlab {name} --hydra-help`")
    if given.experimental_rerun:
        raise UserError("--experimental-rerun: reads a pickle, which may run code; use `nnlab rerun`")
    modes = [
        flag for flag in ("run", "multirun", "cfg", "info", "shell_completion") if getattr(given, flag)
    ]
    if len(modes) > 1:
        raise UserError(f"--{modes[1]}: does not go with --{modes[0]}; give one of them")
    if given.resolve and not given.cfg:
        raise UserError("--resolve: goes with --cfg; see `nnlab train --hydra-help`")
    register()
    sys.argv = [f"nnlab {name}", *([] if modes else flags), *arguments]
    raised: list[Exception] = []  # Hydra would print a line of its own about what a task raises

    def task(composed: DictConfig) -> None:
        if composed.sweep.plan is not None:  # a job of a sweep: work through its plan
            work(Path(composed.sweep.plan))
            return
        try:
            _train(composed)
        except Exception as error:
            raised.append(error)

    hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(task)()
    if raised:
        raise raised[0]


@cli.command("train", context_settings=PASS_ON, add_help_option=False)
def train_command() -> None:
    """Train one cell: nnlab train model=deep seed=1."""
    _hydra("train")


@cli.command("sweep", context_settings=PASS_ON, add_help_option=False)
def sweep_command() -> None:
    """Train a grid of cells: nnlab sweep model.depth=1,2,4 seed=1,2."""
    _hydra("sweep", "--multirun")


def _train(composed: DictConfig) -> None:
    """Train the one cell that Hydra composed, print its result, publish it."""
    draw_data(HydraConfig.get().runtime.choices.get("experiment"))
    cfg = typed(composed)
    reject_hidden_conflict(cfg, HydraConfig.get().overrides.task)
    cell = resolve(cfg)
    OUT.print(f"solver {explain_solver(cell)}", markup=False, soft_wrap=True)
    plan = plans.make("train", [cell], [])
    with plans.running(home(), plan) as plan:
        publisher = Publisher(plan, home())
        with publishing(publisher, delay=5.0):
            _train_once(cell, cfg.sweep.force)
            finished = record.read(cell.folder(home()))
            OUT.print(_result(finished, plan.name(cell)), markup=False, soft_wrap=True)
        publisher.log_model(summarize(plan, home()))
    if complaints := publisher.publication.complaints:
        ERROR.print("\n".join(complaints), markup=False, soft_wrap=True)
    else:
        OUT.print(f"  MLflow run      {publisher.run_of(cell)} (`nnlab ui` shows it)")


def _train_once(cell: Cell, force: bool) -> None:
    """Train with a progress bar, unless the record is there or somebody else makes it now."""
    folder = cell.folder(home())
    forget_orphan(folder)
    record.failure_path(folder).unlink(missing_ok=True)
    with claim(folder, wait=True):
        if record.exists(folder) and not force:
            OUT.print("already recorded (sweep.force=true trains it again)")
            return
        columns = (
            BarColumn(), TextColumn("{task.completed}/{task.total} steps, cost {task.fields[cost]:.4f}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=ERROR, transient=True) as bar:
            task = bar.add_task("train", total=cell.config.trainer.iterations, cost=np.nan)

            def show(step: Step) -> None:
                if step.step:
                    bar.update(task, completed=step.step, cost=step.costs[-1])

            attempt(cell, home(), [show])
    if (note := record.read_failure(folder)) is not None:
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


@cli.command()
def sync() -> None:
    """Publish every record that the MLflow store does not have yet.

    \b
    nnlab sync
    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 nnlab sync
    """
    problem, waiting = None, 0
    found, refused = plans.load_all(home())
    for plan in found:
        if plans.in_progress(home(), plan):
            OUT.print(f"{plan.kind} {plan.id} is running and publishes its runs itself")
            continue
        with plans.running(home(), plan):
            publisher = Publisher(plan, home())
            try:
                if problem is None:  # else the store is away: one try is enough
                    with publishing(publisher, delay=60.0):
                        pass
            finally:
                summary = summarize(plan, home())
                status = "killed" if summary.counts["missing"] else "finished"
                publisher.close(summary, "failed" if summary.counts["failed"] else status)
            publisher.log_model(summary)
            outcome = publisher.publication
            if outcome.published and plan.kind == "sweep" and outcome.problem is None:
                with suppress(Failed):  # `nnlab report` says what is wrong
                    attach_report(plan, home())
        problem = problem or outcome.problem
        refused += outcome.refused
        waiting += len(outcome.waiting)
    if problem is not None or waiting:
        why = problem or "MLflow: not all could be published"
        refused.append(f"{why}\n{waiting} runs wait; run `nnlab sync` again")
    if refused:
        raise Failed("\n".join(refused))
    OUT.print("every record is published")


cli.add_command(data)
cli.add_command(compare_runs)
cli.add_command(report)
cli.add_command(experiments)
cli.add_command(rerun)
cli.add_command(predict)
cli.add_command(ui)


# -- checks ----------------------------------------------------------------------------------------


@cli.command("gradcheck", context_settings=OVERRIDES)
def gradcheck_command() -> None:
    """Compare backprop with central differences: nnlab gradcheck model=deep."""
    register()
    cfg = compose(click.get_current_context().args)
    blocks = compare(cfg)
    for block in blocks:
        OUT.print(block.text(), markup=False)
    wrong = sum(len(block.differing) for block in blocks)
    if wrong:
        raise Failed(f"{wrong} derivatives differ; see the pairs above")
