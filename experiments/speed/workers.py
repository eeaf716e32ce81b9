"""Workers: processes on one core, with one thread each, that run a task when they are asked.

Each peer has its own process, with its state, its compiled code and its libraries. The driver asks one
worker at a time, in turn, so that other work on the machine slows all of them alike.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def cores() -> list[int]:
    """The cores that this process may use, the last one first."""
    return sorted(os.sched_getaffinity(0), reverse=True)


@dataclass(frozen=True)
class Failure:
    """The reason why a task could not be made or run."""

    text: str


class Worker:
    """A process that calls ``make(*arguments)`` once; the function it returns answers each ``ask``."""

    def __init__(self, make: Callable[..., Callable[..., Any]], *arguments: Any, core: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        self._process = context.Process(target=_serve, args=(end, core, make, arguments), daemon=True)
        with patch.dict(os.environ, ONE_THREAD):
            self._process.start()
        end.close()

    def ask(self, *arguments: Any) -> Any:
        """Run the task once and return its answer, or a ``Failure``."""
        self.send(*arguments)
        return self.receive()

    def send(self, *arguments: Any) -> None:
        """Start the task."""
        self._pipe.send(arguments)

    def receive(self) -> Any:
        """Wait for the answer of the task."""
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return Failure("its process ended")

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()


def _serve(pipe: Any, core: int, make: Callable[..., Any], arguments: Sequence[Any]) -> None:
    os.sched_setaffinity(0, {core})
    task: Callable[..., Any] | None = None
    while True:
        try:
            order = pipe.recv()
        except EOFError:
            return
        try:
            with threadpool_limits(1), np.errstate(all="ignore"):
                task = task or make(*arguments)
                answer = task(*order)
        except ModuleNotFoundError as error:
            answer = Failure(f"not installed ({error.name})")
        except Exception as error:
            answer = Failure(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        pipe.send(answer)


@contextmanager
def working(makers: dict[str, tuple[Any, ...]], core: int) -> Iterator[dict[str, Worker]]:
    """A worker for each name, made of (make, *arguments); all on one core, since they take turns."""
    with ExitStack() as stack:
        workers = {}
        for name, (make, *arguments) in makers.items():
            workers[name] = Worker(make, *arguments, core=core)
            stack.callback(workers[name].close)
        yield workers


@dataclass(frozen=True)
class Timed:
    """One run of a trainer."""

    seconds: float
    costs: np.ndarray


def trainer(make: Callable[..., Any], *arguments: Any) -> Callable[[int], Timed]:
    """A task from a class of trainers: ``start()`` makes the state anew, ``run(iterations)`` is timed.

    If a trainer has ``excluded``, these seconds of its last run are subtracted.
    """
    made = make(*arguments)

    def once(iterations: int) -> Timed:
        made.start()
        begin = time.perf_counter()
        costs = made.run(iterations)
        seconds = time.perf_counter() - begin
        return Timed(seconds - getattr(made, "excluded", 0.0), np.asarray(costs, float))

    return once
