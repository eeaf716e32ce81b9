"""The driver of a sweep: it trains the cells without a record, publishes, sums up and reports."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Protocol

from nnlab import engines
from nnlab.cells import Cell, bases, explain_solver, remarks
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.summary import Summary, failures, summarize
from nnlab.config import EngineConfig, home
from nnlab.errors import Failed
from nnlab.records import lock, notes, provenance, record
from nnlab.reports.page_path import path_of
from nnlab.sweeps.console import OUT, Say, complain, keep_quiet, say, say_above, warn, wrapped
from nnlab.sweeps.progress import progress
from nnlab.sweeps.report import attach_report
from nnlab.sweeps.train_all import train_all
from nnlab.tracking import Publication, location, publisher_of, publishing, ui_links

MOST_SHOWN = 5  # failed cells whose errors are shown
WORKERS_FIRST = 0.5  # seconds until MLflow is imported, which takes a core while the workers start


class Growing(Protocol):
    """A search, whose plan has further cells when those so far have ended."""

    def grow(self) -> Plan | None:
        """The plan with further cells; None if there are none."""

    def whole(self) -> str:
        """What the cells belong to, such as `40 trials`."""

    def lines(self) -> Sequence[str]:
        """What was found, in lines."""


class CellsFailed(Failed):
    """Some cells of a sweep failed; all others are done and published."""

    def __init__(self, plan: Plan, failed: int) -> None:
        super().__init__(f"{failed} of {len(plan.cells)} cells failed; the same command tries them again")
        self.plan = plan


def run_plan(
    plan: Plan,
    config: EngineConfig,
    force: bool,
    say: Say = say,
    search: Growing | None = None,
) -> Plan:
    """Train, publish and sum up the cells of a plan; raises CellsFailed when a cell failed.

    ``say`` gets what is printed to stdout. The plan of a ``search`` grows whenever its cells have ended.
    Returns the plan at the end.
    """
    if plans.in_progress(home(), plan):
        complain(f"sweep {plan.id} is running already; this one goes on when it ends")
    with plans.running(home(), plan) as plan:
        todo = _prepare(plan.cells, force)
        begun = bases([] if force else todo, home())
        _announce(plan, todo, search, say)
        for line in begun.lines():
            say(line)
        publisher = publisher_of(plan, home(), opened=_announce_page if say is not keep_quiet else None)
        status = "killed"  # if the training is cut off
        try:
            with (
                closing(engines.start(config)) as engine,
                publishing(publisher, delay=WORKERS_FIRST),
                progress(plan, todo, engine) as tally,
            ):
                rest = (config.batch_seconds, tally, publisher.tell)
                anew = train_all(todo, engine, *rest, begun.records)
                while search is not None and (larger := search.grow()) is not None:
                    plan, more = _grown(plan, larger, force)
                    publisher.grow(plan)
                    tally.grow(plan, len(more))
                    begun = bases([] if force else more, home())
                    anew += train_all(more, engine, *rest, begun.records)
            if anew:
                complain(
                    f"{anew} cells trained from scratch: their workers have other BLAS kernels or NumPy"
                )
            failed = failures(plan, home())
            status = "failed" if failed else "finished"
        finally:
            summary = summarize(plan, home())
            publisher.close(summary, status)
            _show_summary(summary, status, say)
            for line in search.lines() if search else ():
                say(wrapped(line, OUT.width))
            if status != "killed":
                publisher.publish_best(summary)
            _show_publication(publisher.publication, say)
        _report(summary, publisher.publication, bool(todo), say)
    for name, error in failed[:MOST_SHOWN]:
        complain(f"{name}: {error}")
    if failed:
        raise CellsFailed(plan, len(failed))
    return plan


def _grown(plan: Plan, larger: Plan, force: bool) -> tuple[Plan, list[Cell]]:
    """A search's plan with further cells, which is kept, and those of them that are left to train."""
    more = _prepare(larger.beyond(plan), force)
    larger = replace(larger, created=plan.created)
    plans.save(larger, plans.path_of(home(), larger.id))
    return larger, more


def _prepare(cells: Sequence[Cell], force: bool) -> list[Cell]:
    """Forget earlier failures, and with ``force`` records; returns the cells left to train."""
    for cell in cells:
        folder = cell.folder(home())
        if force:
            record.discard(folder)
            notes.forget_checkpoint(folder)
        elif record.exists(folder):
            record.read(folder)  # a damaged one is reported before anything is trained
        notes.forget_failure(folder)
    return [cell for cell in cells if not record.exists(cell.folder(home()))]


def _announce(plan: Plan, todo: list[Cell], search: Growing | None, say: Say) -> None:
    """Print what is doubtful, what is swept, what is left to train, where it is seen, how W1 is trained."""
    total, left = len(plan.cells), len(todo)
    warn(remarks(*(cell.config for cell in plan.cells)))
    varied = ", ".join(plan.keys) or "nothing"
    say(f"sweep {plan.id} over {varied}")
    begun = f" of {search.whole()} to begin with" if search else ""
    say(f"{total} cells{begun}: {total - left} already done, {left} to do")
    if plan.published:
        say(f"live in {_mlflow_ui()}, experiment {plan.experiment}")
    for cell in {cell.config.trainer.solver: cell for cell in reversed(plan.cells)}.values():
        say(explain_solver(cell))
    for line in _kept(plan):
        say(line)
    warn(provenance.remarks() + lock.remarks(plans.path_of(home(), plan.id).with_suffix(".lock")))


def _kept(plan: Plan) -> Iterator[str]:
    """What the records keep of the weights and MLflow gets of the records, where it is not all."""
    configs = [cell.config for cell in plan.cells]
    forms = {config.records.weights for config in configs}
    if "dual" in forms:
        usual = f", as in any sweep of over {plans.MANY} cells" if len(configs) > plans.MANY else ""
        yield (
            f"records keep W1 as coefficients (records.weights=dual{usual}) and no pictures; "
            "records.weights=full keeps all"
        )
        if primal := sum((c.records.weights, c.trainer.solver) == ("dual", "primal") for c in configs):
            yield f"{primal} of {len(configs)} cells keep W1 itself: the solver primal has no coefficients"
    if "none" in forms:
        yield "records keep no weights (records.weights=none): their nets cannot be used later"
    if plan.published and any(config.tracking.artifacts == "best" for config in configs):
        many = len(configs) > plans.VERY_MANY
        usual = f", as in any sweep of over {plans.VERY_MANY} cells" if many else ""
        yield (
            f"MLflow gets all numbers, but files of the best cells alone (tracking.artifacts=best{usual}); "
            "tracking.artifacts=all gives it all"
        )


def _announce_page(pages: tuple[str, str]) -> None:
    """Print the page of this sweep, when the store is open."""
    say_above(f"this sweep live: {pages[0]}")


def _mlflow_ui() -> str:
    """The address of MLflow's UI, and how to start it if the store is no server."""
    uri = location.uri(home())
    start = "" if location.is_server(uri) else " (`nnlab ui` in another terminal starts it)"
    return f"the MLflow UI at {ui_links.server(uri)}{start}"


def _show_summary(summary: Summary, status: str, say: Say) -> None:
    """Print the best cells, and how many cells ended with each status."""
    say(summary.table() if summary.ranked else "no cell finished")
    say(f"{summary.counted()}; sweep {summary.plan.id} {status}")
    for sentence in summary.headline:
        say(wrapped(sentence, OUT.width))


def _show_publication(publication: Publication, say: Say) -> None:
    """Print what is not published, or where the MLflow UI compares the runs."""
    for line in publication.complaints:
        complain(line)
    if not publication.complaints and publication.pages is not None:
        charts, table = publication.pages
        say(f"compare the runs in {_mlflow_ui()}:")
        say(f"  its charts   {charts}\n  its table    {table}")
    if publication.registration:
        say(publication.registration)
    if publication.remark:
        say(publication.remark)


def _report(summary: Summary, publication: Publication, trained: bool, say: Say) -> None:
    """Write the report of a sweep that is published, if it has something new, and print where it is."""
    if publication.complaints or publication.pages is None or publication.headless:
        return
    plan, path = summary.plan, path_of(home(), summary.plan.id)
    new = trained or publication.published or publication.new_parent
    try:
        if new or not path.is_file() or path.stat().st_mtime < (summary.ended or 0):
            path = attach_report(plan, home(), plan.cells[0].config)
        say(f"its report (also an artifact of the parent run):\n  {path}")
    except Failed as problem:
        say(f"no report: {problem}; `nnlab report` makes it")
