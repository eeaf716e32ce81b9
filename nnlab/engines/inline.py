"""The engine `inline`: one cell after the other in this process, in a thread of its own."""

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

from nnlab.config import EngineConfig
from nnlab.engines.events import Batch, Event
from nnlab.engines.worker import work
from nnlab.nn import Step

SOON = 0.5  # seconds that closing waits for the step in progress


class Closed(BaseException):
    """Ends a training whose engine is closed; no Exception, which would be a failure of the cell."""


class Inline:
    """The thread trains and this one waits, so costs so far are heard and an interrupt ends the waiting."""

    workers = nodes = 1

    def __init__(self) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, batch: Batch) -> None:
        """Have a batch trained."""
        self._thread = threading.Thread(target=self._work, args=(batch,), name="engine", daemon=True)
        self._thread.start()

    def next_event(self, seconds: float) -> Event | None:
        """The next event of any cell; None if there is none for so many seconds."""
        with suppress(Empty):
            return self._events.get(timeout=seconds)
        return None

    def close(self) -> None:
        """End the training before its next step."""
        self._closed = True
        if self._thread is not None:
            self._thread.join(SOON)

    def _work(self, batch: Batch) -> None:
        with suppress(Closed):
            work(batch, self._events.put, self._look)

    def _look(self, step: Step) -> None:
        if self._closed:
            raise Closed


def start(config: EngineConfig) -> Inline:
    """This process; a number of workers other than 1 was refused before."""
    return Inline()
