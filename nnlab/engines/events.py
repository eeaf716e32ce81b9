"""What goes to a worker, a batch of cells, and what comes back: events, each of one cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nnlab.cells import Cell


@dataclass(frozen=True)
class Batch:
    """Cells that one worker trains, one after the other."""

    cells: tuple[Cell, ...]
    code_digest: str  # of the driver
    data: Mapping[str, tuple[bytes, bytes]] = field(
        default_factory=dict
    )  # files that workers lack, by digest
    beginnings: Mapping[str, bytes] = field(default_factory=dict)  # steps that are done already, by cell


@dataclass(frozen=True)
class Costs:
    """A cell in training: its costs so far."""

    fingerprint: str
    started: float  # seconds since 1970
    costs: NDArray[np.float64]  # (steps,)


@dataclass(frozen=True)
class Checkpoint:
    """A cell in training: all that it takes to go on from here."""

    fingerprint: str
    content: bytes


@dataclass(frozen=True)
class Trained:
    """A cell is trained: the files of its record by name."""

    fingerprint: str
    contents: dict[str, bytes]


@dataclass(frozen=True)
class Failure:
    """A cell could not be trained."""

    fingerprint: str
    error: str  # a line
    trace: str
    started: float  # seconds since 1970
    ended: float


@dataclass(frozen=True)
class NoData:
    """A cell's data are not where its worker is: it is to be sent again, with them."""

    fingerprint: str


@dataclass(frozen=True)
class Lost:
    """A cell's worker is gone, in the middle of it or before it."""

    fingerprint: str
    how: str  # how the worker ended, as far as the engine knows


OnTheWay = Costs | Checkpoint  # the events after which a cell is still in training
Event = OnTheWay | Trained | Failure | NoData | Lost


class Unfinished:
    """The cells of a batch that have not ended, as far as their events were heard."""

    def __init__(self, batch: Batch) -> None:
        self._left = dict.fromkeys(cell.fingerprint for cell in batch.cells)

    def hear(self, event: Event) -> None:
        """Take note of an event: after the last one of a cell it is no more among these."""
        if not isinstance(event, OnTheWay):
            del self._left[event.fingerprint]

    def lost(self, how: str) -> list[Lost]:
        """The events that tell their loss."""
        return [Lost(fingerprint, how) for fingerprint in self._left]

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._left

    def __len__(self) -> int:
        return len(self._left)
