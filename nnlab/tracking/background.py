"""Publishing in a thread that runs beside the training."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nnlab import signals
from nnlab.tracking.publisher import Publisher

LOOK_EVERY = 0.3  # seconds between two looks for new records
RETRY_AFTER = 5.0  # seconds until an unreachable store is tried again
GRACE = 1.8  # seconds that an interrupted command gives to publishing
LAST_CELL = 0.5  # the last of those seconds, in which no new cell is started


@contextmanager
def publishing(publisher: Publisher, delay: float = 0.0) -> Iterator[Publisher]:
    """Publish in a new thread, which begins after ``delay`` seconds or when the block ends.

    If the block is interrupted, publishing stops after ``GRACE`` seconds; `nnlab sync` publishes the rest.
    """
    # events, since an interrupt in Thread.join lets Python 3.11 take a running thread for one that ended
    stop, ended = threading.Event(), threading.Event()

    def work() -> None:
        try:
            stop.wait(delay)
            while not stop.is_set():
                reached = publisher.publish()
                stop.wait(LOOK_EVERY if reached else RETRY_AFTER)
            publisher.publish(last=True)
        finally:
            ended.set()

    threading.Thread(target=work, name="publisher", daemon=True).start()
    hangs = False
    try:
        yield publisher
        stop.set()
        ended.wait()
    except KeyboardInterrupt:
        signals.heard()
        publisher.stop_at(time.monotonic() + GRACE - LAST_CELL)
        stop.set()
        if publisher.busy:
            ended.wait(GRACE)
        hangs = not ended.is_set()
        if hangs:
            publisher.give_up()
        raise
    finally:
        stop.set()
        if not hangs:
            ended.wait()
