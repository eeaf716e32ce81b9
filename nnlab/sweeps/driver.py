"""The driver of a sweep: it trains the cells without a record, publishes, sums up and reports."""

from nnlab.cells import Cell, explain_solver
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary, failures, summarize
from nnlab.config import home
from nnlab.errors import Failed
from nnlab.records import forget_death, notes, record
from nnlab.sweeps.console import OUT, complain, say
from nnlab.sweeps.launchers import Launcher
from nnlab.sweeps.progress import progress
from nnlab.sweeps.report import attach_report
from nnlab.sweeps.train_all import train_all, unsettled
from nnlab.tracking import Publication, Publisher, publishing

MOST_SHOWN = 5  # failed cells whose errors are shown


def run_plan(plan: Plan, launcher: Launcher, force: bool) -> None:
    """Train, publish and sum up the cells of a plan; raises Failed when a cell failed."""
    if plans.in_progress(home(), plan):
        complain(f"sweep {plan.id} is running already; this one goes on when it ends")
    with plans.running(home(), plan) as plan:
        todo = _prepare(plan, force)
        _announce(plan, todo)
        publisher = Publisher(plan, home())
        status = "killed"  # if the training is cut off
        try:
            with publishing(publisher), progress(todo):
                train_all(plan, todo, launcher)
            failed = failures(plan, home())
            status = "failed" if failed else "finished"
        finally:
            summary = summarize(plan, home())
            publisher.close(summary, status)
            _show_summary(summary, status)
            if status != "killed":
                publisher.log_model(summary)
            _show_publication(publisher.publication)
        _report(plan, publisher.publication)
    for name, error in failed[:MOST_SHOWN]:
        complain(f"{name}: {error}")
    if failed:
        raise Failed(f"{len(failed)} of {len(plan.cells)} cells failed; the same command tries them again")


def _prepare(plan: Plan, force: bool) -> list[Cell]:
    """Forget earlier failures, and with ``force`` records; returns the cells left to train."""
    for cell in plan.cells:
        folder = cell.folder(home())
        if force and record.exists(folder):
            record.discard(folder)
        elif record.exists(folder):
            record.read(folder)  # a damaged one is reported before anything is trained
        notes.forget_failure(folder)
        forget_death(folder)
    return unsettled(plan.cells)


def _announce(plan: Plan, todo: list[Cell]) -> None:
    """Print what is swept, how much is left to train, and by which solvers."""
    total, left = len(plan.cells), len(todo)
    varied = ", ".join(plan.keys) or "nothing"
    OUT.print(f"sweep {plan.id} over {varied}")
    OUT.print(f"{total} cells: {total - left} already done, {left} to do")
    for cell in {cell.config.trainer.solver: cell for cell in reversed(plan.cells)}.values():
        say(f"solver {explain_solver(cell)}")


def _show_summary(summary: Summary, status: str) -> None:
    """Print the best cells, and how many cells ended with each status."""
    OUT.print(summary.table() if summary.ranked else "no cell finished")
    OUT.print(f"{summary.counted()}; sweep {summary.plan.id} {status}")


def _show_publication(publication: Publication) -> None:
    """Print what is not published, or where the MLflow UI compares the runs."""
    for line in publication.complaints:
        complain(line)
    if not publication.complaints and publication.pages is not None:
        charts, cells = publication.pages
        OUT.print("compare the runs in the MLflow UI (`nnlab ui` or `make ui` starts it):")
        print(f"  its charts   {charts}\n  its cells    {cells}", flush=True)


def _report(plan: Plan, publication: Publication) -> None:
    """Write the report of a sweep that is published, and print where it is."""
    if publication.complaints or publication.pages is None:
        return
    try:
        path = attach_report(plan, home())
        print(f"its report (also an artifact of the parent run):\n  {path}")
    except Failed as problem:
        print(f"no report: {problem}; `nnlab report` makes it")
