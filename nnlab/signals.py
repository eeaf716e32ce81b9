"""Interrupts: SIGINT and SIGTERM as a KeyboardInterrupt, raised again if it was lost.

An exception that a signal's handler raises may get lost: in the start of a library written in C, or in code
that catches every exception. So it is raised again until ``heard`` is called. In the middle of an import it
would leave a lock behind, on which every later import waits for ever. So it is raised after the import.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
SOON = 0.02  # seconds until an interrupt that came in the middle of an import is raised
AGAIN = 1.5  # seconds until an interrupt that got lost is raised again
PATIENCE = 3.0  # seconds in which an interrupted command sums up; further interrupts are ignored

came: list[float] = []  # when the first came, by time.monotonic


def handle(handler: Callable[[int, FrameType | None], None]) -> None:
    """Make ``handler`` the handler of both signals."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt at the first signal; one that comes after PATIENCE ends the process."""
    if not came:
        came.append(time.monotonic())
        signal.signal(signal.SIGALRM, _strike)
        _strike(number, frame)
    elif time.monotonic() - came[0] > PATIENCE:
        leave()


def _strike(number: int, frame: FrameType | None) -> None:
    importing = frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")
    signal.setitimer(signal.ITIMER_REAL, SOON if importing else AGAIN)
    if not importing:
        raise KeyboardInterrupt


def heard() -> None:
    """Stop raising the interrupt again: call this before summing up after one."""
    if came:  # else the timer may be that of the program that calls nnlab from Python
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def from_workers(parallel: Callable[[Iterable[Any]], Generator[T]], calls: Iterable[Any]) -> Generator[T]:
    """What the workers of ``parallel``, a joblib.Parallel that returns a generator, return.

    Ctrl-C reaches all processes of a terminal. A worker would show a traceback, so it never gets SIGINT:
    the driver ends the workers when this generator is closed.
    """
    with starting_workers():
        running = parallel(calls)
    with closing(running):
        yield from running


@contextmanager
def starting_workers() -> Iterator[None]:
    """Processes that are started here never get SIGINT; one that comes now is raised at the end."""
    from multiprocessing import resource_tracker  # takes time, in which no interrupt would be heard

    resource_tracker.ensure_running()  # its start, which loky's first worker brings, would undo the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave(number: int = 0, frame: FrameType | None = None) -> None:
    """End immediately, and say that nothing finished is lost; perhaps nothing was finished yet."""
    end("interrupted; what is finished is kept, and the same command does the rest")


def end(line: str) -> None:
    """Print a line and end immediately as interrupted, without waiting for threads."""
    print(line, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)
