"""Training all cells of a plan: an engine trains them, and their records are written here.

Workers get cells in batches, and send back the files of each record. A worker that dies loses the cells of
its batch that have not ended; each of them is tried again, in a batch of its own.
"""

import math
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import MappingProxyType

from nnlab.cells import Cell, beginning_of, write_record
from nnlab.config import data_files, home
from nnlab.engines import Batch, Checkpoint, Costs, Engine, Event, Failure, Lost, NoData
from nnlab.records import Record, cell_lock, code_digest, notes, record
from nnlab.sweeps.progress import Tally

TRIES = 3  # of a cell whose worker dies
DIED = "the worker died on this cell, three times (killed, or out of memory?)"
LOOK_EVERY = 0.3  # seconds between two looks for cells that another driver trains
MOST = 250  # cells in training at a time: each has a lock, which is an open file


def settled(cell: Cell) -> bool:
    """Is the cell done, or failed?"""
    folder = cell.folder(home())
    return record.exists(folder) or notes.failure_path(folder).is_file()


def train_all(
    todo: Sequence[Cell],
    engine: Engine,
    batch_seconds: float,
    tally: Tally,
    tell: Callable[[Cell], None],
    bases: Mapping[str, Record] = MappingProxyType({}),
) -> int:
    """Train until every cell has a record or a note of its failure.

    ``tell`` gets each cell that has left something in the home: costs so far, its record, its failure.
    ``bases`` are shorter records that cells go on from, by fingerprint. Returns how many of these cells
    were trained from scratch nevertheless, because their workers' machines round differently.
    """
    with _Training(todo, engine, batch_seconds, tally, tell, bases) as training:
        while training.goes_on():
            training.submit()
            training.hear(engine.next_event(LOOK_EVERY))
        return training.from_scratch


class _Training:
    """The cells that wait, those that are in training, and what comes of them."""

    def __init__(
        self,
        todo: Sequence[Cell],
        engine: Engine,
        batch_seconds: float,
        tally: Tally,
        tell: Callable[[Cell], None],
        bases: Mapping[str, Record],
    ) -> None:
        self._engine, self._batch_seconds, self._tally, self._tell = engine, batch_seconds, tally, tell
        self._waiting, self._bases = deque(todo), bases
        self.from_scratch = 0  # cells whose workers did not use their shorter record
        self._elsewhere: list[Cell] = []  # another driver trains them
        self._batches: list[dict[str, Cell]] = []  # in training: what has not ended of each batch
        self._locks: dict[str, ExitStack] = {}  # of the cells in training
        self._lost: Counter[str] = Counter()  # how often a cell's worker died
        self._without_data: set[str] = set()  # fingerprints of cells that are sent again, with their data
        self._sent: dict[str, tuple[bytes, bytes]] = {}  # those data by digest
        self._seconds, self._ended = 0.0, 0  # of the cells trained so far

    def __enter__(self) -> "_Training":
        return self

    def __exit__(self, *exception: object) -> None:
        for lock in self._locks.values():
            lock.close()

    def goes_on(self) -> bool:
        """Is there a cell that has not ended?"""
        return bool(self._waiting or self._batches or self._elsewhere)

    # -- out -----------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Give each free worker a batch."""
        while self._waiting and len(self._batches) < self._engine.workers:
            if batch := self._next_batch():
                self._batches.append(batch)
                cells = tuple(batch.values())
                data, beginnings = self._data(cells), self._beginnings(cells)
                self._engine.submit(Batch(cells, code_digest(), data, beginnings))

    def _data(self, cells: Sequence[Cell]) -> dict[str, tuple[bytes, bytes]]:
        """The content of the data files of those cells that lack them, by digest."""
        lacking = {cell.data_digest for cell in cells if cell.fingerprint in self._without_data}
        return {digest: self._sent[digest] for digest in lacking}

    def _beginnings(self, cells: Sequence[Cell]) -> dict[str, bytes]:
        """The steps of those cells that are done already, by fingerprint."""
        found = {
            cell.fingerprint: beginning_of(cell, self._bases.get(cell.fingerprint), home())
            for cell in cells
        }
        return {name: beginning for name, beginning in found.items() if beginning is not None}

    def _next_batch(self) -> dict[str, Cell]:
        """Cells for some seconds; a cell that lost a worker is alone. None are left if all are settled."""
        batch: dict[str, Cell] = {}
        size = self._size()
        while self._waiting and len(batch) < size:
            suspect = self._lost[self._waiting[0].fingerprint] > 0
            if suspect and batch:
                break
            cell = self._waiting.popleft()
            if self._begin(cell):
                batch[cell.fingerprint] = cell
                if suspect:
                    break
        return batch

    def _size(self) -> int:
        """How many cells a batch gets: at first one, and no more than the share of a worker."""
        workers = self._engine.workers
        wanted = int(self._batch_seconds * self._ended / self._seconds) if self._seconds else 1
        return max(1, min(wanted, math.ceil(len(self._waiting) / workers), MOST // workers))

    def _begin(self, cell: Cell) -> bool:
        """Lock a cell that is to be trained; False if it is another driver's, or has ended."""
        folder, lock = cell.folder(home()), ExitStack()
        self._locks[cell.fingerprint] = lock
        try:
            if not lock.enter_context(cell_lock(folder)):
                self._elsewhere.append(cell)
            elif settled(cell):  # by another driver
                self._end(cell)
            else:
                record.discard(folder)  # the costs so far of a training that was cut off
                return True
        except OSError as error:  # the folder cannot be made
            self._fail(cell, Failure(cell.fingerprint, str(error), traceback.format_exc(), *_now()))
        self._locks.pop(cell.fingerprint).close()
        return False

    # -- and back ------------------------------------------------------------------------------------

    def hear(self, event: Event | None) -> None:
        """Write down what became of a cell."""
        if event is None:  # there is time to look what other drivers have done
            self._waiting.extend(self._elsewhere)
            self._elsewhere.clear()
            return
        batch = next(batch for batch in self._batches if event.fingerprint in batch)
        cell = batch[event.fingerprint]
        if isinstance(event, Costs):
            with suppress(OSError):  # they are only shown
                notes.write_progress(cell.folder(home()), event.started, event.costs)
            self._tell(cell)
            return
        if isinstance(event, Checkpoint):
            with suppress(OSError):  # then a kill costs the training so far
                notes.write_checkpoint(cell.folder(home()), event.content)
            return
        if isinstance(event, NoData):
            self._send_data(cell)
        elif isinstance(event, Lost):
            self._lose(cell, event)
        elif isinstance(event, Failure):
            self._fail(cell, event)
        else:
            self._write(cell, event.contents)
        del batch[event.fingerprint]
        self._batches = [batch for batch in self._batches if batch]
        self._locks.pop(event.fingerprint).close()

    def _write(self, cell: Cell, contents: dict[str, bytes]) -> None:
        folder = cell.folder(home())
        try:
            if not record.exists(folder):  # without locks, another driver may have written it
                write_record(cell, home(), contents)
        except OSError as error:
            text = f"{type(error).__name__}: {error}"
            self._fail(cell, Failure(cell.fingerprint, text, traceback.format_exc(), *_now()))
            return
        rec = record.read(folder)
        self._seconds += rec.ended - rec.started
        self._ended += 1
        self.from_scratch += cell.fingerprint in self._bases and not rec.continued_from
        self._end(cell)

    def _end(self, cell: Cell) -> None:
        self._tally.add(cell)
        self._tell(cell)

    def _send_data(self, cell: Cell) -> None:
        """Send a cell again, with its data; their files may be gone here too."""
        try:
            if cell.data_digest not in self._sent:
                train, test = map(Path, data_files(cell.config.data))
                self._sent[cell.data_digest] = train.read_bytes(), test.read_bytes()
        except OSError as error:
            text = f"{error.filename}: {error.strerror}"
            self._fail(cell, Failure(cell.fingerprint, text, traceback.format_exc(), *_now()))
        else:
            self._without_data.add(cell.fingerprint)
            self._waiting.appendleft(cell)

    def _lose(self, cell: Cell, event: Lost) -> None:
        self._lost[cell.fingerprint] += 1
        if self._lost[cell.fingerprint] < TRIES:
            self._waiting.append(cell)
        else:
            self._fail(cell, Failure(cell.fingerprint, DIED, f"{DIED}\n{event.how}", *_now()))

    def _fail(self, cell: Cell, failure: Failure) -> None:
        trace, times = failure.trace, (failure.started, failure.ended)
        notes.write_failure(cell.folder(home()), failure.error, trace, *times)
        self._end(cell)


def _now() -> tuple[float, float]:
    return time.time(), time.time()
