"""The engine `ray`: tasks on a Ray cluster, an existing one (`engine.address`) or one of this machine."""

import os
import signal
import time
from collections import deque
from typing import Any

from nnlab.config import EngineConfig
from nnlab.engines.events import Batch, Event, Unfinished
from nnlab.engines.extra import imported
from nnlab.engines.worker import stream
from nnlab.errors import Failed

COUNT_EVERY = 2.0  # seconds between two looks how many workers there are


class Ray:
    """Each batch is a task that yields the events of its cells; Ray itself tries nothing again."""

    def __init__(self, ray: Any, config: EngineConfig) -> None:
        self._ray, self._wanted = ray, config.workers
        _connect(ray, config)
        self._counted = 0.0
        self._count()
        self._stream = ray.remote(num_cpus=1, max_retries=0, num_returns="streaming")(stream)
        self._running: dict[Any, Unfinished] = {}  # by the events of a task
        self._events: deque[Event] = deque()

    def submit(self, batch: Batch) -> None:
        """Have a batch trained."""
        self._running[self._stream.remote(batch)] = Unfinished(batch)

    def next_event(self, seconds: float) -> Event | None:
        """The next event of any cell; None if there is none for so many seconds."""
        self._count()
        if not self._events and self._running:
            ready, _ = self._ray.wait([*self._running], timeout=seconds, fetch_local=False)
            for task in ready:
                self._hear(task)
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        """Cancel what is in training, and leave the cluster."""
        for task in self._running:
            self._ray.cancel(task, force=True)
        self._running.clear()
        self._ray.shutdown()

    def _count(self) -> None:
        """As many workers as wanted, or as the cluster has processors; asked for from time to time."""
        if time.monotonic() - self._counted < COUNT_EVERY:
            return
        self._counted = time.monotonic()
        living = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        self.workers = self._wanted or max(1, int(sum(node.get("CPU", 0) for node in living)))
        self.nodes = len(living)

    def _hear(self, task: Any) -> None:
        cells = self._running[task]
        try:
            event: Event = self._ray.get(next(task))
        except StopIteration:
            del self._running[task]
        except self._ray.exceptions.RayError as error:
            del self._running[task]
            self._events += cells.lost(str(error).splitlines()[0])
        else:
            self._events.append(event)
            cells.hear(event)


def _connect(ray: Any, config: EngineConfig) -> None:
    """Connect to the cluster, or start one here; Ray's handler of SIGTERM is taken back."""
    here = {} if config.address else {"num_cpus": config.workers, "include_dashboard": False}
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(config.address or "local", log_to_driver=False, logging_level="ERROR", **here)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = str(error).strip().splitlines()[0]
        if config.address:
            reason += "; is it up, and are RAY_AUTH_MODE and RAY_AUTH_TOKEN here as they are there?"
        raise Failed(f"engine.address: {reason}") from None
    finally:
        signal.signal(signal.SIGTERM, handler)


def start(config: EngineConfig) -> Ray:
    """Connect to the cluster that the configuration names."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to others
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else Ray warns that it will change
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "error")  # what Ray's C++ part tells the terminal
    return Ray(imported("ray", "ray"), config)
