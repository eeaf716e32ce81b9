"""`python -m nnlab` and the command `nnlab`: an interrupt is one line from the very first moment."""

import atexit
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

INTERRUPTS: list[float] = []  # when the first came, by time.monotonic
PATIENCE = 3.0  # seconds in which an interrupted command sums up, undisturbed by further ones


def main() -> None:
    """Run the command line; loading it takes half a second, which may be interrupted too."""
    _on_interrupt(_leave)  # an exception would be lost in the start of some library written in C
    gc.set_threshold(10_000)  # imports make many objects and no garbage; each look for it takes longer
    atexit.register(gc.freeze)  # and none is looked for in a process that ends: with MLflow, 0.8 s
    from nnlab import cli

    _on_interrupt(_interrupt)
    try:
        cli.main()
    except BaseException:
        if INTERRUPTS:  # whatever a library made of it on the way
            _leave()
        raise


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not INTERRUPTS:
        INTERRUPTS.append(time.monotonic())
        raise KeyboardInterrupt
    if time.monotonic() - INTERRUPTS[0] > PATIENCE:
        _leave()


def _on_interrupt(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _leave(number: int = 0, frame: FrameType | None = None) -> None:
    """Say so and end at once: a thread in the middle of a call or an import is not waited for."""
    print("interrupted; finished cells are kept, the same command goes on from them", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)


if __name__ == "__main__":
    main()
