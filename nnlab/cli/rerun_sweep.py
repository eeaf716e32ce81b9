"""`nnlab rerun --sweep`: a table, and one line about the whole sweep."""

from rich.table import Table
from rich.text import Text

from nnlab.errors import Failed
from nnlab.reruns import SweepRerun
from nnlab.sweeps.console import OUT, say

SHOWN = 50  # rows of the table; cells that differ come first


def report(again: SweepRerun) -> None:
    """Print what came out; Failed unless all cells are the same."""
    OUT.print(_table(again))
    if len(again.outcomes) > SHOWN:
        OUT.print(f"and {len(again.outcomes) - SHOWN} cells more, none worse than the last above")
    say(again.counted())
    for cause in again.causes:
        say(f"  {cause}")
    if again.apart.is_dir():
        say(f"  reruns that differ: {again.apart}")
    if not again:
        raise Failed(f"sweep {again.sweep} was not reproduced; the lines above say what differs")


def _table(again: SweepRerun) -> Table:
    table = Table(title=f"sweep {again.sweep}, trained again")
    table.add_column("run")
    table.add_column("verdict", overflow="fold")
    table.add_column("first differing step", justify="right")
    table.add_column("largest difference", justify="right")
    for outcome in again.outcomes[:SHOWN]:
        step = "" if outcome.step is None else str(outcome.step)
        largest = "" if outcome.largest is None else f"{outcome.largest:.3g}"
        table.add_row(Text(outcome.name), Text(outcome.verdict), step, largest)
    return table
