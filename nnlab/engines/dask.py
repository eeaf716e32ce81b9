"""The engine `dask`: tasks of a Dask cluster, an existing one (`engine.address`) or one of this machine."""

import logging
import os
import pickle
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from nnlab import signals
from nnlab.config import EngineConfig
from nnlab.engines.events import Batch, Event, Unfinished
from nnlab.engines.extra import imported
from nnlab.engines.worker import work_elsewhere
from nnlab.errors import Failed
from nnlab.nn import Step
from nnlab.threads import cores

WAIT = 10  # seconds for a cluster's answer


class Cancelled(BaseException):
    """Ends a training that Dask has cancelled; no Exception, which would be a failure of the cell."""


class Dask:
    """Each batch is a task; its events come through a queue of the scheduler."""

    def __init__(self, distributed: Any, config: EngineConfig) -> None:
        self._distributed, self._wanted = distributed, config.workers
        self._cluster = None if config.address else _cluster(distributed, config.workers or cores())
        with _no_cluster(config.address):
            self._client = distributed.Client(self._cluster or config.address, timeout=WAIT)
        if self._cluster is not None:
            self._client.register_plugin(_quiet(distributed))
        self._count()
        self._queue = distributed.Queue(f"nnlab-{uuid.uuid4().hex}", client=self._client)
        self._running: dict[Any, Unfinished] = {}  # by tasks
        self._events: deque[Event] = deque()

    def submit(self, batch: Batch) -> None:
        """Have a batch trained."""
        task = self._client.submit(send_events, batch, self._queue.name, pure=False, retries=0)
        self._running[task] = Unfinished(batch)

    def next_event(self, seconds: float) -> Event | None:
        """The next event of any cell; None if there is none for so many seconds."""
        while not self._events:
            self._count()
            try:
                event: Event = pickle.loads(self._queue.get(timeout=seconds))
            except TimeoutError:
                self._look_for_tasks()
                break
            self._hear(event)
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        """Cancel what is in training, and leave the cluster."""
        self._client.cancel([*self._running])
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def _count(self) -> None:
        """As many workers as wanted, or as the cluster has threads."""
        threads = self._client.scheduler_info(n_workers=-1)["workers"]
        self.workers = self._wanted or max(1, sum(worker["nthreads"] for worker in threads.values()))
        self.nodes = len({worker["host"] for worker in threads.values()})

    def _hear(self, event: Event) -> None:
        """Keep an event, unless Dask has trained its cell twice, which it may do when a worker dies."""
        task = next((task for task, cells in self._running.items() if event.fingerprint in cells), None)
        if task is None:
            return
        self._events.append(event)
        self._running[task].hear(event)
        if not self._running[task]:
            del self._running[task]

    def _look_for_tasks(self) -> None:
        """Nothing has come for a while: find out what was lost."""
        for task, cells in list(self._running.items()):
            if task.status in ("error", "cancelled", "lost"):
                del self._running[task]
                how = str(task.exception(timeout=WAIT)) if task.status == "error" else task.status
                self._events += cells.lost(how)


def _cluster(distributed: Any, workers: int) -> Any:
    """Workers on this machine, each a process with one thread; no task is tried again."""
    import dask

    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of the scheduler, ended in between
    dask.config.set({"distributed.scheduler.allowed-failures": 0})
    with signals.starting_workers(), _no_cluster("a cluster of this machine"):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        )


@contextmanager
def _no_cluster(name: str | None) -> Iterator[None]:
    """Say in a line that a cluster does not answer or start."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise Failed(f"engine.address: {name}: {str(error).strip().splitlines()[0]}") from None


def _quiet(distributed: Any) -> Any:
    """What a worker of this machine prints when it is ended is not for the user's terminal."""

    class Quiet(distributed.WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    return Quiet()


def send_events(batch: Batch, queue: str) -> None:
    """What a task does: train the cells and put each event into the queue."""
    from distributed import Queue, get_worker

    worker, events = get_worker(), Queue(queue)
    key = worker.get_current_task()

    def look(step: Step) -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":  # its driver may be gone
            raise Cancelled

    with suppress(Cancelled):
        work_elsewhere(batch, lambda event: events.put(pickle.dumps(event)), look)


def start(config: EngineConfig) -> Dask:
    """Connect to the cluster that the configuration names."""
    return Dask(imported("distributed", "dask"), config)
