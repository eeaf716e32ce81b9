"""`nnlab rerun --sweep`: a progress bar, a table, and one line about the whole sweep."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from nnlab.errors import Failed
from nnlab.reruns import Outcome, Verification, tag, verifying

OUT, ERROR = Console(highlight=False), Console(stderr=True, highlight=False)
SHOWN = 50  # rows of the table; what differs comes first


def rerun_sweep(text: str, overrides: Sequence[str], tolerance: float, experiment: str) -> None:
    """Train all cells of a sweep again and compare; Failed unless all are the same."""
    with verifying(text, overrides, tolerance, experiment) as verification:
        outcomes = _watch(verification)
    _report(verification, outcomes)
    same = all(outcome.identical for outcome in outcomes)
    if problem := tag(verification, same):
        ERROR.print(f"MLflow: {problem}; the sweep is not tagged", markup=False)
    if not same:
        raise Failed(f"sweep {verification.sweep} was not reproduced; the lines above say what differs")


def _watch(verification: Verification) -> list[Outcome]:
    """Collect the outcomes under a progress bar; sorted with what differs first."""
    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[differ]} differ"),
        TextColumn("left:"), TimeRemainingColumn(),
    )  # fmt: skip
    collected: list[Outcome] = []
    with Progress(*columns, console=ERROR, transient=True) as bar:
        task = bar.add_task("cells", total=verification.cells, differ=0)
        for outcome in verification.outcomes:
            collected.append(outcome)
            differ = sum(not outcome.identical for outcome in collected)
            bar.update(task, completed=len(collected), differ=differ)
    return sorted(collected, key=lambda outcome: (outcome.identical, outcome.name))


def _report(verification: Verification, outcomes: list[Outcome]) -> None:
    OUT.print(_table(verification.sweep, outcomes))
    if len(outcomes) > SHOWN:
        OUT.print(f"and {len(outcomes) - SHOWN} cells more, none worse than the last above")
    same = sum(outcome.identical for outcome in outcomes)
    OUT.print(f"{same} of {len(outcomes)} cells came out the same", soft_wrap=True)
    for cause in dict.fromkeys(cause for outcome in outcomes for cause in outcome.causes):
        OUT.print(f"  {cause}", markup=False, soft_wrap=True)
    apart = verification.apart
    if apart.is_dir():
        if any(apart.iterdir()):
            OUT.print(f"  reruns that differ: {apart}", soft_wrap=True)
        else:
            apart.rmdir()


def _table(sweep: str, outcomes: list[Outcome]) -> Table:
    table = Table(title=f"sweep {sweep}, trained again")
    table.add_column("run")
    table.add_column("verdict", overflow="fold")
    table.add_column("first differing step", justify="right")
    table.add_column("largest difference", justify="right")
    for outcome in outcomes[:SHOWN]:
        step = "" if outcome.step is None else str(outcome.step)
        largest = "" if outcome.largest is None else f"{outcome.largest:.3g}"
        table.add_row(Text(outcome.name), Text(outcome.verdict), step, largest)
    return table
