"""Interrupts: SIGINT and SIGTERM as a KeyboardInterrupt, raised again where it got lost.

An exception out of a signal's handler may vanish in the start of a library written in C, or in whatever
catches everything: so it comes again until it is heard. In the middle of Python's import system it would
leave a lock behind, on which every later import waits for ever: so it waits until that is done.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

SOON = 0.02  # seconds until an interrupt is raised that came in the midst of an import's bookkeeping
AGAIN = 1.5  # seconds until one that nobody heard is raised again
PATIENCE = 3.0  # seconds in which an interrupted command sums up, undisturbed by further ones

came: list[float] = []  # when the first came, by time.monotonic


def handle(handler: Callable[[int, FrameType | None], None]) -> None:
    """Let ``handler`` have both signals."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt at the first signal; a late further one ends the process."""
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
    """Whoever sums up after an interrupt says so first, and is not disturbed."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)


def leave(number: int = 0, frame: FrameType | None = None) -> None:
    """Say so and end at once: a thread in the middle of a call or an import is not waited for."""
    print("interrupted; finished cells are kept, the same command goes on from them", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)
