"""`nnlab rerun --sweep`: a progress bar, a table, and one line about the whole sweep."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from nnlab.errors import Failed
from nnlab.reruns import Outcome, Verification, tag, verifying
from nnlab.sweeps.console import OUT, complain, progress_bar, say

SHOWN = 50  # rows of the table; cells that differ come first


def rerun_sweep(text: str, overrides: Sequence[str], tolerance: float, experiment: str) -> None:
    """Train all cells of a sweep again and compare; Failed unless all are the same."""
    with verifying(text, overrides, tolerance, experiment) as verification:
        outcomes = _watch(verification)
    _report(verification, outcomes)
    same = all(outcome.identical for outcome in outcomes)
    if problem := tag(verification, same):
        complain(f"{problem}; the sweep is not tagged")
    if not same:
        raise Failed(f"sweep {verification.sweep} was not reproduced; the lines above say what differs")


def _watch(verification: Verification) -> list[Outcome]:
    """Collect the outcomes under a progress bar; cells that differ come first."""
    collected: list[Outcome] = []
    with progress_bar("{task.completed}/{task.total} {task.fields[differ]} differ") as bar:
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
    say(f"{same} of {len(outcomes)} cells came out the same")
    for cause in dict.fromkeys(cause for outcome in outcomes for cause in outcome.causes):
        say(f"  {cause}")
    apart = verification.apart
    if apart.is_dir():
        if any(apart.iterdir()):
            say(f"  reruns that differ: {apart}")
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
