"""The command line's `nnlab sync`."""

from contextlib import suppress

import click

from nnlab.cells import plan as plans
from nnlab.cells.summary import summarize
from nnlab.config import home
from nnlab.errors import Failed
from nnlab.sweeps.console import OUT, say
from nnlab.sweeps.report import attach_report
from nnlab.tracking import Publisher, on_deleted, on_waiting, publishing


@click.command()
@click.option("--restore", is_flag=True, help="bring back the runs that were deleted in MLflow")
def sync(restore: bool) -> None:
    """Publish every record that the MLflow store does not have yet.

    Runs that you deleted in MLflow stay deleted. With --restore they come back: those of this home's sweeps
    and trainings, with their experiment if it was deleted too. What `mlflow gc` removed is published anew.

    \b
    nnlab sync
    nnlab sync --restore
    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 nnlab sync
    """
    away, waiting, deleted = False, 0, 0
    problems: list[str] = []
    found, refused = plans.load_all(home())
    for plan in found:
        if plans.in_progress(home(), plan):
            OUT.print(f"{plan.kind} {plan.id} is running and publishes its runs itself")
            continue
        with plans.running(home(), plan):
            publisher = Publisher(plan, home(), restore)
            try:
                if not away:  # one try to reach the store is enough
                    with publishing(publisher, delay=60.0):
                        pass
            finally:
                summary = summarize(plan, home())
                status = "killed" if summary.counts["missing"] else "finished"
                publisher.close(summary, "failed" if summary.counts["failed"] else status)
            publisher.publish_best(summary)
            outcome = publisher.publication
            changed = outcome.published or outcome.new_parent
            if changed and not outcome.headless and plan.kind == "sweep" and outcome.problem is None:
                with suppress(Failed):  # `nnlab report` says what is wrong
                    attach_report(plan, home())
        if outcome.registration:
            say(outcome.registration)
        away = away or outcome.away
        problems += [outcome.problem] if outcome.problem else []
        refused += outcome.refused
        waiting += len(outcome.waiting)
        deleted += outcome.deleted
    if deleted:
        say(on_deleted(deleted))
    if problems or waiting:
        why = "\n".join(dict.fromkeys(problems)) or "MLflow: not all could be published"
        refused.append(f"{why}\n{on_waiting(waiting)}; run `nnlab sync` again")
    if refused:
        raise Failed("\n".join(refused))
    OUT.print("every other record is published" if deleted else "every record is published")
