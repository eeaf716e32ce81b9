"""Locks: who trains a cell. The system releases a process's locks when it ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def cell_lock(folder: Path, wait: bool = False) -> Iterator[bool]:
    """Lock a cell's folder for this block; yields whether the lock was free.

    It yields False if another process holds the lock (and ``wait`` is False), or if the last holder
    died: the cell may have killed it, and the driver decides what to do with the cell.
    A holder writes its process id into the lock and removes it at the end. So if a free lock has an id,
    its last holder died.
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


def holder_died(folder: Path) -> bool:
    """Did a process die while it trained this cell?"""
    if not (folder / "lock").exists():
        return False
    with locked(folder / "lock", wait=False) as lock:
        return lock is not None and os.fstat(lock).st_size > 0


def forget_death(folder: Path) -> None:
    """Let a cell whose last holder died be trained again."""
    if (folder / "lock").exists():
        with locked(folder / "lock", wait=False) as lock:
            if lock is not None:
                os.ftruncate(lock, 0)


@contextmanager
def locked(path: Path, wait: bool) -> Iterator[int | None]:
    """Lock a file for this block; yields its descriptor, or None if another process holds the lock."""
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
