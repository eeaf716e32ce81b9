"""The lineage of a cell: all trainings that differ from it in ``trainer.iterations`` alone.

A home keeps one file of all lineages, with a line for each record: its lineage, its steps, its fingerprint.
So the records that a longer training can go on from are found without a look at all records.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from nnlab.cells.cell import Cell
from nnlab.config import canonical
from nnlab.records import fingerprint

FILE = "lineages"
Steps = Mapping[str, Sequence[tuple[int, str]]]  # of a lineage's records: steps and fingerprint


def of(cell: Cell) -> str:
    """The name of a cell's lineage: the digest of everything in its fingerprint but its length."""
    fixed = {key: value for key, value in canonical(cell.config).items() if key != "trainer.iterations"}
    return fingerprint(fixed, cell.data_digest)


def note(cell: Cell, home: Path) -> None:
    """Note that this cell has a record now."""
    line = f"{of(cell)} {cell.config.trainer.iterations} {cell.fingerprint}\n"
    with suppress(OSError), (home / FILE).open("a") as file:  # without it a longer training starts anew
        file.write(line)


def read(home: Path) -> Steps:
    """The records of each lineage that were noted; some may be gone since."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    with suppress(FileNotFoundError):
        for line in (home / FILE).read_text("ascii", errors="replace").splitlines():
            with suppress(ValueError):  # a line that was cut off
                name, steps, of_record = line.split()
                found[name].append((int(steps), of_record))
    return found
