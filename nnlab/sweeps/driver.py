"""The driver of a sweep: it skips finished cells, has the rest trained, publishes and sums up.

The launcher gets a few jobs that all work through one plan file, each taking the next cell that
nobody has claimed; so the load balances itself, and a dead worker loses only its own cell.
"""

import dataclasses
import time
from collections.abc import Sequence

from hydra.plugins.launcher import Launcher
from rich.console import Console

from nnlab.cells import plan as plans
from nnlab.cells.cell import Cell, explain_solver
from nnlab.cells.plan import Plan
from nnlab.cells.summary import failures, summarize
from nnlab.config.compose import quoted
from nnlab.config.paths import home
from nnlab.errors import Failed
from nnlab.records import notes, record
from nnlab.records.lock import forget_death, holder_died
from nnlab.sweeps.progress import progress
from nnlab.sweeps.worker import settled
from nnlab.tracking.publisher import Publisher, publishing

TRIES = 3  # launches in a row that may begin no cell: a worker can die before it takes one
ERROR = Console(stderr=True)
OUT = Console()


def _left(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if not settled(cell)]


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
            with publishing(publisher), progress(todo):
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
        notes.forget_failure(folder)
        forget_death(folder)
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
    while innocent := [c for c in _left(todo) if not holder_died(c.folder(home()))]:
        problem = _launch(plan, innocent, launcher, jobs)
        left = _left(innocent)
        began = len(left) < len(innocent) or any(holder_died(c.folder(home())) for c in left)
        fruitless = 0 if began else fruitless + 1
        if isinstance(problem, OSError) or fruitless == TRIES:
            raise Failed(f"no cell could be trained: {problem or 'the launcher ran no job'}") from problem
    for cell in _left(todo):
        started = time.time()
        forget_death(cell.folder(home()))
        problem = _launch(plan, [cell], launcher, 1)
        if not settled(cell):
            text = "the worker died on this cell, twice (killed, or out of memory?)"
            notes.write_failure(cell.folder(home()), text, f"{text}\n{problem}", started, time.time())


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
