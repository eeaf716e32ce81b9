"""`nnlab rerun --sweep`: a progress bar, a table, and one word about the whole."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table
from rich.text import Text

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.config.paths import home
from nnlab.errors import Failed, UserError
from nnlab.records import record
from nnlab.reruns.verify_sweep import Outcome, Recorded, verify
from nnlab.sweeps.console import OUT, complain, progress_bar, say
from nnlab.threads import cores
from nnlab.tracking.reader import Reader
from nnlab.tracking.runs import Run
from nnlab.tracking.store import Unavailable, connected

SHOWN = 50  # rows of the table; what differs comes first
AT_A_TIME = 16  # records a worker that are fetched before they are trained again


def verify_sweep(text: str, overrides: Sequence[str], tolerance: float, experiment: str) -> None:
    """Train all cells of a sweep again and compare; Failed unless all are the same."""
    plan = _local(text)
    apart = home() / "reruns" / time.strftime("%Y%m%d-%H%M%S")
    if plan is not None:
        folders = [(plan.name(cell), cell.folder(home())) for cell in plan.cells]
        cells = [Recorded(name, folder if record.exists(folder) else None) for name, folder in folders]
        outcomes = _watch(verify(cells, overrides, True, tolerance, apart), len(cells))
        sweep, experiment = plan.id, plan.experiment
    else:
        sweep, outcomes = _verify_remote(text, overrides, tolerance, experiment, apart)
    _report(sweep, outcomes, apart)
    same = all(outcome.identical for outcome in outcomes)
    _tag(sweep, experiment, same)
    if not same:
        raise Failed(f"sweep {sweep} was not reproduced; the lines above say what differs")


def _local(text: str) -> Plan | None:
    """The sweep of this home whose id begins with ``text``."""
    found = [
        plan for plan in plans.load_all(home())[0] if plan.kind == "sweep" and plan.id.startswith(text)
    ]
    if len(found) > 1 or not text:
        raise UserError(f"--sweep {text}: {len(found)} sweeps begin so; give more of the id")
    return found[0] if found else None


def _verify_remote(
    text: str, overrides: Sequence[str], tolerance: float, experiment: str, apart: Path
) -> tuple[str, list[Outcome]]:
    """The same with the records that MLflow holds, some at a time."""
    with connected(home(), experiment) as store:
        reader = Reader(store)
        found = reader.sweep(text)
        sweep, runs = found.parent.tags["nnlab.sweep"], sorted(found.cells, key=lambda run: run.name)

        def outcomes() -> Iterator[Outcome]:
            size = AT_A_TIME * cores()
            for start in range(0, len(runs), size):
                with TemporaryDirectory() as scratch:
                    part = runs[start : start + size]
                    cells = [_fetch(reader, run, Path(scratch)) for run in part]
                    yield from verify(cells, overrides, False, tolerance, apart)

        return sweep, _watch(outcomes(), len(runs))


def _fetch(reader: Reader, run: Run, scratch: Path) -> Recorded:
    if not run.done:
        return Recorded(run.name, None)
    return Recorded(run.name, reader.fetch_record(run, scratch / run.id).folder)


def _watch(outcomes: Iterator[Outcome], total: int) -> list[Outcome]:
    """Collect what comes out, under a progress bar; sorted with what differs first."""
    collected: list[Outcome] = []
    with progress_bar("{task.completed}/{task.total} {task.fields[differ]} differ") as bar:
        task = bar.add_task("cells", total=total, differ=0)
        for outcome in outcomes:
            collected.append(outcome)
            differ = sum(not outcome.identical for outcome in collected)
            bar.update(task, completed=len(collected), differ=differ)
    return sorted(collected, key=lambda outcome: (outcome.identical, outcome.name))


def _report(sweep: str, outcomes: list[Outcome], apart: Path) -> None:
    table = Table(title=f"sweep {sweep}, trained again")
    table.add_column("run")
    table.add_column("verdict", overflow="fold")
    table.add_column("first differing step", justify="right")
    table.add_column("largest difference", justify="right")
    for outcome in outcomes[:SHOWN]:
        step = "" if outcome.step is None else str(outcome.step)
        largest = "" if outcome.largest is None else f"{outcome.largest:.3g}"
        table.add_row(Text(outcome.name), Text(outcome.verdict), step, largest)
    OUT.print(table)
    if len(outcomes) > SHOWN:
        OUT.print(f"and {len(outcomes) - SHOWN} cells more, no worse than the last above")
    same = sum(outcome.identical for outcome in outcomes)
    say(f"{same} of {len(outcomes)} cells came out the same")
    for cause in dict.fromkeys(cause for outcome in outcomes for cause in outcome.causes):
        say(f"  {cause}")
    if apart.is_dir():
        if any(apart.iterdir()):
            say(f"  reruns that differ: {apart}")
        else:
            apart.rmdir()


def _tag(sweep: str, experiment: str, same: bool) -> None:
    """Say on the sweep's parent run how this went, if MLflow can be reached and has it."""
    try:
        with connected(home(), experiment) as store:
            store.log(Reader(store).sweep(sweep).parent.id, tags={"nnlab.identical": str(same).lower()})
    except (UserError, Unavailable) as error:
        complain(f"{error}; the sweep is not tagged")
