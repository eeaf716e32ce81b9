"""Notes of a home on what it published into a store.

With them a run that is gone from its store for good, after `mlflow gc`, is known to have been there.
The notes on a plan are lines with the key of a run and the time, in milliseconds since 1970.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from nnlab.cells.plan import Plan
from nnlab.records import record


class PublicationNotes:
    """The notes of one home on the runs of one plan in one store."""

    def __init__(self, home: Path, store: str, plan: str) -> None:
        self._path = home / "published" / store / plan
        self.times = self._read()  # when each run was last known to be in the store, by key

    def add(self, keys: Iterable[str]) -> None:
        """Note that the store has these runs now."""
        now = int(time.time() * 1000)
        new = dict.fromkeys(keys, now)
        self.times |= new
        if new:
            with suppress(OSError):  # a full disk: noted at the next look into the store
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a") as file:
                    file.write("".join(f"{key} {at}\n" for key, at in new.items()))

    def cover(self, plan: Plan, home: Path) -> bool:
        """Has every cell of a sweep a record, and is it noted as published?"""
        return plan.kind == "sweep" and all(
            cell.fingerprint in self.times and record.exists(cell.folder(home)) for cell in plan.cells
        )

    def _read(self) -> dict[str, int]:
        """The notes; a line that was cut off is left out."""
        try:
            *lines, _ = self._path.read_text("utf-8", "replace").split("\n")
        except OSError:
            return {}
        pairs = [line.split() for line in lines]
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
