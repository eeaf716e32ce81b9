"""The command line's `nnlab sync`."""

from contextlib import suppress

import click

from nnlab.cells import plan as plans
from nnlab.cells.summary import summarize
from nnlab.config import home
from nnlab.errors import Failed
from nnlab.sweeps.console import OUT
from nnlab.sweeps.report import attach_report
from nnlab.tracking import Publisher, publishing


@click.command()
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
                if problem is None:  # otherwise the store cannot be reached: one try is enough
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
