"""The cells of a plan that a store does not have yet, and which of them have news.

A look at a cell is a look at the disk. So the driver tells which cells have left something, and the
publisher looks at these; at all of them it looks only when it opens the store, and at the end.
"""

import threading
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from nnlab.cells import Cell
from nnlab.records import record


class WaitingCells:
    """Used by the driver's thread, which tells, and by the publisher's, which does the rest."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._cells = {cell.fingerprint: cell for cell in cells}
        self._news: dict[str, Cell] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Cell]:
        return iter(list(self._cells.values()))

    def __contains__(self, cell: Cell) -> bool:
        return cell.fingerprint in self._cells

    def add(self, cells: Iterable[Cell]) -> None:
        """The plan has further cells."""
        with self._lock:
            self._cells |= {cell.fingerprint: cell for cell in cells}

    def tell(self, cell: Cell) -> None:
        """A cell has left its costs so far, its record or its failure."""
        with self._lock:
            self._news[cell.fingerprint] = cell

    def news(self, every: bool) -> list[Cell]:
        """The cells with news since the last call, waiting or not; with ``every`` all that wait."""
        with self._lock:
            told, self._news = self._news, {}
        return list(self) if every else list(told.values())

    def remove(self, cell: Cell) -> None:
        """The store has it, or does not get it."""
        with self._lock:
            del self._cells[cell.fingerprint]

    def remove_recorded(self, complete: Set[str], home: Path) -> None:
        """The store has these fingerprints; a cell of them that has no record waits for its next one."""
        for cell in self:
            if cell.fingerprint in complete and record.exists(cell.folder(home)):
                self.remove(cell)
