"""An engine is three calls, and how many workers it has."""

from importlib import import_module
from typing import Protocol

from nnlab.config import EngineConfig
from nnlab.engines.events import Batch, Event


class Engine(Protocol):
    """Workers that train cells. The one who uses it tries lost cells again; the engine does not.

    It gets at most as many batches at a time as it has workers.
    """

    @property
    def workers(self) -> int:
        """How many batches can be trained at the same time."""

    @property
    def nodes(self) -> int:
        """How many machines the workers are on, as far as it is known."""

    def submit(self, batch: Batch) -> None:
        """Have a batch trained; Failed if no worker can be started."""

    def next_event(self, seconds: float) -> Event | None:
        """The next event of any cell; None if there is none for so many seconds."""

    def close(self) -> None:
        """End all workers at once; cells in training are given up."""


def start(config: EngineConfig) -> Engine:
    """The engine that a configuration names."""
    engine: Engine = import_module(f"nnlab.engines.{config.name}").start(config)
    return engine
