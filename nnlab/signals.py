"""Interrupts: SIGINT and SIGTERM as a KeyboardInterrupt, raised again if it was lost.

An exception that a signal's handler raises may get lost: in the start of a library written in C, or in code
that catches every exception. So it is raised again until ``heard`` is called. In the middle of an import it
would leave a lock behind, on which every later import waits for ever. So it is raised after the import.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

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
    signal.setitimer(signal.ITIMER_REAL, 0.0)


def leave(number: int = 0, frame: FrameType | None = None) -> None:
    """Print a line and end immediately, without waiting for threads."""
    print("interrupted; finished cells are kept, the same command goes on from them", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)
