"""The engine `local`: processes on this machine, each with a pipe of its own.

So a worker that dies takes no other one with it. The processes are loky's: they do not run the program's
main module again, as those of multiprocessing do, and so can be started from a notebook or any script.
"""

import os
import queue
import signal
import threading
from collections import deque
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

from joblib.externals.loky.backend.process import LokyProcess

from nnlab import signals
from nnlab.config import EngineConfig
from nnlab.engines.events import Batch, Event, Lost, Unfinished
from nnlab.engines.worker import work
from nnlab.errors import Failed
from nnlab.threads import cores

TRIES = 3  # workers in a row that die before they begin


class Worker:
    """A process that trains one batch after the other."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        with signals.starting_workers(), theirs:
            self._process = LokyProcess(target=serve, args=(theirs,), daemon=True)
            self._process.start()
        self.began = False  # it has said so
        self.batch: Batch | None = None
        self._left: Unfinished | None = None  # of its batch

    def take(self, batch: Batch) -> None:
        """Send it a batch."""
        self.batch, self._left = batch, Unfinished(batch)
        with suppress(OSError):  # it is dead, which its pipe tells at the next look
            self.pipe.send(batch)

    def event(self) -> Event | None:
        """What it has sent; None if it has begun. EOFError or OSError if it is dead."""
        event: Event | None = self.pipe.recv()
        self.began = True
        if event is not None and self._left is not None:
            self._left.hear(event)
        return event

    @property
    def idle(self) -> bool:
        """Does it live, and has its batch ended?"""
        return not self._left and self._process.is_alive()

    def losses(self) -> list[Lost]:
        """The cells that are lost with it."""
        return self._left.lost(f"exit code {self._process.exitcode}") if self._left else []

    def end(self, patience: float = 0.0) -> None:
        """End the process, which has nothing to tidy up; first give it some seconds to end by itself."""
        self._process.join(patience)
        if self._process.exitcode is None:
            os.kill(self._process.pid, signal.SIGKILL)  # loky's processes have no method for it
        self._process.join()
        self.pipe.close()


class Local:
    """As many workers as wanted; they are started when they are needed, and again if one dies."""

    nodes = 1

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._running: dict[Connection, Worker] = {}
        self._events: deque[Event] = deque()
        self._stillborn = 0  # workers in a row that died before they began

    def submit(self, batch: Batch) -> None:
        """Have a batch trained by an idle worker, or by a new one."""
        idle = next((worker for worker in self._running.values() if worker.idle), None)
        if idle is None:
            idle = self._new()
        idle.take(batch)

    def next_event(self, seconds: float) -> Event | None:
        """The next event of any cell; None if there is none for so many seconds."""
        if not self._events:
            for pipe in wait(list(self._running), seconds):
                assert isinstance(pipe, Connection)
                self._hear(self._running[pipe])
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        """End all workers."""
        for worker in self._running.values():
            worker.end()
        self._running.clear()

    def _new(self) -> Worker:
        worker = Worker()
        self._running[worker.pipe] = worker
        return worker

    def _hear(self, worker: Worker) -> None:
        try:
            event = worker.event()
        except (EOFError, OSError):
            self._bury(worker)
        else:
            self._stillborn = 0
            if event is not None:
                self._events.append(event)

    def _bury(self, worker: Worker) -> None:
        """A worker is dead. One that had not begun did not die of its cells: another one gets them."""
        del self._running[worker.pipe]
        worker.end(patience=1.0)
        if worker.began:
            self._events += worker.losses()
            return
        self._stillborn += 1
        if self._stillborn == TRIES:
            raise Failed(f"{TRIES} workers in a row died before they began; is there memory for them?")
        if worker.batch is not None:
            self._new().take(worker.batch)


def serve(pipe: Connection) -> None:
    """The life of a worker: it trains the batches that come through its pipe, and ends with it."""
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                batches.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(0)  # the driver has ended, however it did, also in the middle of a training

    threading.Thread(target=read, name="driver", daemon=True).start()
    with suppress(OSError):  # the same, seen here first
        pipe.send(None)
        while True:
            work(batches.get(), pipe.send)


def start(config: EngineConfig) -> Local:
    """A worker for each core, or as many as the configuration says."""
    return Local(config.workers or cores())
