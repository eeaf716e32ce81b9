"""The report at the end of a sweep, attached to its parent run."""

import threading
from pathlib import Path

from nnlab.cells.plan import Plan
from nnlab.config import Config
from nnlab.errors import Failed
from nnlab.tracking import Reader, connected

REPORT_WITHIN = 60.0  # seconds that a sweep waits for its report


def attach_report(plan: Plan, home: Path, cfg: Config | None = None) -> Path:
    """Write the report of a published sweep and attach it to its parent run; returns its path.

    ``cfg`` names the data; without, they are looked for, since a plan may name paths of a home that moved.

    Failed says in one line why there is no report. The results do not depend on the report. So every error
    becomes a Failed, and a sweep waits at most REPORT_WITHIN.
    """
    results: list[Path | Exception] = []

    def work() -> None:
        try:
            from nnlab.reports import sweep_report  # brings plotly

            with connected(home, plan.experiment) as store:
                results.append(sweep_report.attach(Reader(store), plan.id, home, cfg))
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=work, name="report", daemon=True)
    thread.start()
    thread.join(REPORT_WITHIN)
    if thread.is_alive():
        raise Failed(f"not done within {REPORT_WITHIN:.0f} s")
    (result,) = results
    if isinstance(result, Exception):
        raise Failed(f"{type(result).__name__}: {result}".splitlines()[0]) from result
    return result
