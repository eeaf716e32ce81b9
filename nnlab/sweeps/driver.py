"""The sweep: a Hydra sweeper that plans cells, skips finished ones, launches the rest, sums up.

The launcher gets a few jobs that all work through one plan file, each taking the next cell that
nobody has claimed; so the load balances itself, and a dead worker loses only its own cell.
"""

import dataclasses
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.summary import failures, summarize
from nnlab.cells.train_cell import Cell, attempt, explain_solver
from nnlab.config.compose import CONF, home, quoted
from nnlab.errors import Failed
from nnlab.experiments import claim as experiment
from nnlab.records import record
from nnlab.records.lock import claim, forget_orphan, orphaned
from nnlab.sweeps.grid import plan_cells, read_grid
from nnlab.threads import cores
from nnlab.tracking.publisher import Publisher, publishing

LOOKS = 2  # of the progress bar at the record store, a second
TRIES = 3  # launches in a row that may begin no cell: a worker can die before it takes one
ERROR = Console(stderr=True)
OUT = Console()


# -- working -------------------------------------------------------------------------------------


def work(plan_path: Path) -> None:
    """What a launched job does: train every cell of the plan that nobody else does.

    First the free cells; then it waits for those that somebody has claimed, and trains what he leaves
    undone. Where he dies, the cell is left to the driver.
    """
    if parent_process() is not None:  # a terminal's Ctrl-C reaches everybody: the driver ends its workers
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    plan = plans.load(plan_path)
    held = [cell for cell in plan.cells if not _work_on(cell, wait=False)]
    for cell in held:
        _work_on(cell, wait=True)


def _work_on(cell: Cell, wait: bool) -> bool:
    """Train a cell unless it is done or failed by now; False if somebody else holds it."""
    folder, started = cell.folder(home()), time.time()
    try:
        with claim(folder, wait) as mine:
            if mine and not _settled(cell):
                attempt(cell, home())
            return mine
    except OSError as error:  # the folder itself cannot be had
        record.write_failure(folder, str(error), traceback.format_exc(), started, time.time())
        return True


# -- driving -------------------------------------------------------------------------------------


def _settled(cell: Cell) -> bool:
    folder = cell.folder(home())
    return record.exists(folder) or record.failure_path(folder).is_file()


def _left(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if not _settled(cell)]


def run_plan(plan: Plan, launcher: Launcher, jobs: int, force: bool) -> None:
    """Train, publish and sum up a plan; raises Failed when a cell failed."""
    if plans.in_progress(home(), plan):
        _complain(f"sweep {plan.id} is running already; this one goes on when it ends")
    with plans.running(home(), plan) as plan:
        todo = _prepare(plan, force)
        _announce(plan, len(todo))
        publisher = Publisher(plan, home())
        status = "killed"
        try:
            with publishing(publisher), _progress(todo):
                _launch_all(plan, todo, launcher, jobs)
            failed = failures(plan, home())
            status = "failed" if failed else "finished"
        finally:
            summary = summarize(plan, home())
            publisher.close(summary, status)
            OUT.print(summary.table() if summary.ranked else "no cell finished")
            OUT.print(f"{summary.counted()}; sweep {plan.id} {status}", highlight=False)
            if status != "killed":
                publisher.log_model(summary)
            _report_publication(publisher, plan, whole=status != "killed")
    for name, error in failed[:5]:
        _complain(f"{name}: {error}")
    if failed:
        raise Failed(f"{len(failed)} of {len(plan.cells)} cells failed; the same command tries them again")


def _complain(text: str) -> None:
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
    ERROR.print(shown, highlight=False, markup=False, soft_wrap=True)


def _prepare(plan: Plan, force: bool) -> list[Cell]:
    """Forget earlier failures, and with ``force`` records; returns the cells left to train."""
    for cell in plan.cells:
        folder = cell.folder(home())
        if force and record.exists(folder):
            record.discard(folder)
        elif record.exists(folder):
            record.read(folder)  # a damaged one is said before anything is trained
        record.failure_path(folder).unlink(missing_ok=True)
        forget_orphan(folder)
    return _left(plan.cells)


def _announce(plan: Plan, todo: int) -> None:
    total = len(plan.cells)
    varied = ", ".join(plan.keys) or "nothing"
    OUT.print(f"sweep {plan.id} over {varied}", highlight=False)
    OUT.print(f"{total} cells: {total - todo} already done, {todo} to do", highlight=False)
    for cell in {cell.config.trainer.solver: cell for cell in reversed(plan.cells)}.values():
        OUT.print(f"solver {explain_solver(cell)}", markup=False, soft_wrap=True)


def _launch_all(plan: Plan, todo: list[Cell], launcher: Launcher, jobs: int) -> None:
    """Launch until every cell is settled; a cell whose worker dies twice is a failure.

    A launcher may lose all its jobs when one worker dies. The cells that it leaves orphaned are
    suspects: the others go first, the suspects one by one after them.
    """
    fruitless = 0
    while innocent := [c for c in _left(todo) if not orphaned(c.folder(home()))]:
        problem = _launch(plan, innocent, launcher, jobs)
        left = _left(innocent)
        began = len(left) < len(innocent) or any(orphaned(c.folder(home())) for c in left)
        fruitless = 0 if began else fruitless + 1
        if isinstance(problem, OSError) or fruitless == TRIES:
            raise Failed(f"no cell could be trained: {problem or 'the launcher ran no job'}") from problem
    for cell in _left(todo):
        started = time.time()
        forget_orphan(cell.folder(home()))
        problem = _launch(plan, [cell], launcher, 1)
        if not _settled(cell):
            text = "the worker died on this cell, twice (killed, or out of memory?)"
            record.write_failure(cell.folder(home()), text, f"{text}\n{problem}", started, time.time())


def _launch(plan: Plan, cells: list[Cell], launcher: Launcher, jobs: int) -> Exception | None:
    """Have the launcher's jobs work on these cells; returns what it raised."""
    part = plans.path_of(home(), plan.id).with_suffix(".todo")
    plans.save(dataclasses.replace(plan, cells=tuple(cells)), part)
    overrides = [[f"sweep.plan={quoted(str(part))}"] for _ in range(min(jobs, len(cells)))]
    try:
        for done in launcher.launch(overrides, initial_job_idx=0):
            _ = done.return_value  # raises what the job raised
    except Exception as error:
        return error
    finally:
        part.unlink(missing_ok=True)
    return None


@contextmanager
def _progress(todo: list[Cell]) -> Iterator[None]:
    """A progress bar with done, failed and the time left, fed from the record store."""
    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]} failed"),
        TextColumn("left:"), TimeRemainingColumn(),
    )  # fmt: skip
    stop = threading.Event()
    left = [cell.folder(home()) for cell in todo]
    with Progress(*columns, console=ERROR, disable=not todo, refresh_per_second=LOOKS) as bar:
        task = bar.add_task("cells", total=len(todo), failed=0)

        def look() -> None:
            left[:] = [folder for folder in left if not record.exists(folder)]
            failed = sum(record.failure_path(folder).is_file() for folder in left)
            bar.update(task, completed=len(todo) - len(left) + failed, failed=failed)

        def watch() -> None:
            while not stop.wait(1.0 / LOOKS):
                look()

        thread = threading.Thread(target=watch, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            look()


def _report_publication(publisher: Publisher, plan: Plan, whole: bool) -> None:
    for line in publisher.complaints:
        _complain(line)
    if not publisher.complaints and publisher.tracker is not None:
        charts, cells = publisher.tracker.comparison_urls(plan)
        OUT.print("compare the runs in the MLflow UI (`nnlab ui` or `make ui` starts it):", highlight=False)
        print(f"  its charts   {charts}\n  its cells    {cells}", flush=True)
        if whole:  # who interrupts a sweep wants no report
            path, problem = publisher.report()
            print(
                f"its report (also an artifact of the parent run):\n  {path}"
                if path
                else _no_report(problem)
            )


def _no_report(problem: str | None) -> str:
    return f"no report: {problem}; `nnlab report` makes it"


def run(overrides: Sequence[str]) -> Plan:
    """Run a sweep from within Python, as `nnlab sweep` would with these overrides; returns its plan."""
    experiment.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        plan: Plan = hydra.multirun("config", _job, list(overrides), with_log_configuration=False)
    return plan


def _job(composed: DictConfig) -> None:
    work(Path(composed.sweep.plan))


# -- Hydra ---------------------------------------------------------------------------------------


class GridSweeper(Sweeper):
    """Hydra's side of the sweep: it hands over the arguments and the launcher."""

    def __init__(self, params: dict[str, str] | None = None) -> None:
        self.params = dict(params or {})

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra gives, and get the launcher that the config names."""
        self.context, self.composed = hydra_context, config
        self.jobs_of = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Plan:
        """Plan, train, publish, sum up; returns the plan."""
        experiment.draw_data(self.composed.hydra.runtime.choices.get("experiment"))
        default = OmegaConf.to_container(self.composed.sweep.grid)
        assert isinstance(default, dict)
        grid_of = {str(key): str(values) for key, values in default.items()}
        grid = read_grid(arguments, self.params, grid_of, self.context.config_loader)
        plan = plan_cells(self.context, self.composed.hydra.job.config_name, grid)
        sweep = plan.cells[0].config.sweep
        run_plan(plan, self.jobs_of, sweep.jobs or self._workers(), sweep.force)
        return plan

    def _workers(self) -> int:
        """As many jobs as the launcher has workers; one where it runs them in turn."""
        workers: Any = self.composed.hydra.launcher.get("n_jobs", 1)
        return cores() if workers == -1 else int(workers)
