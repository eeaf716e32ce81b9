"""Claims: who trains a cell. A lock on the cell's folder that the kernel releases with its holder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claim(folder: Path, wait: bool = False) -> Iterator[bool]:
    """Hold the cell's lock; yields False when somebody else holds it (and ``wait`` is False), or
    when its last holder died: such an orphan is left to the driver, since it may kill again.

    A holder's process id stands in the lock while he works; found in a free lock, it tells of a death.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock", wait) as lock:
        if lock is None or os.fstat(lock).st_size:
            yield False
            return
        os.write(lock, str(os.getpid()).encode())
        try:
            yield True
        finally:
            os.ftruncate(lock, 0)


def orphaned(folder: Path) -> bool:
    """Did somebody die while he trained this cell?"""
    if not (folder / "lock").exists():
        return False
    with locked(folder / "lock", wait=False) as lock:
        return lock is not None and os.fstat(lock).st_size > 0


def forget_orphan(folder: Path) -> None:
    """Let an orphaned cell be claimed again."""
    if (folder / "lock").exists():
        with locked(folder / "lock", wait=False) as lock:
            if lock is not None:
                os.ftruncate(lock, 0)


@contextmanager
def locked(path: Path, wait: bool) -> Iterator[int | None]:
    """A locked file's descriptor, or None when somebody else holds the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor if _lock(descriptor, wait) else None
    finally:
        os.close(descriptor)


def _lock(descriptor: int, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
