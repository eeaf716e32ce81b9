"""The command line's `nnlab sync`."""

import click

from nnlab.cells import plan as plans
from nnlab.cells.summary import summarize
from nnlab.config.paths import home
from nnlab.errors import Failed
from nnlab.sweeps.console import OUT
from nnlab.tracking.publisher import Publisher, publishing


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
                if problem is None:  # else the store is away: one try is enough
                    with publishing(publisher, delay=60.0):
                        pass
            finally:
                summary = summarize(plan, home())
                status = "killed" if summary.counts["missing"] else "finished"
                publisher.close(summary, "failed" if summary.counts["failed"] else status)
            publisher.log_model(summary)
            if publisher.published:
                publisher.report()
        problem = problem or publisher.problem
        refused += publisher.refused
        waiting += len(publisher.waiting)
    if problem is not None or waiting:
        why = problem or "not all could be published"
        refused.append(f"MLflow: {why}\n{waiting} runs wait; run `nnlab sync` again")
    if refused:
        raise Failed("\n".join(refused))
    OUT.print("every record is published")
