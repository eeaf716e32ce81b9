"""Locks: who trains a cell. The system releases a process's locks when it ends, however it ends."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL}  # of a file system that has none


@contextmanager
def cell_lock(folder: Path, wait: bool = False) -> Iterator[bool]:
    """Lock a cell's folder for this block; yields whether it is locked.

    It yields False if another process holds the lock and ``wait`` is False.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock", wait) as lock:
        yield lock is not None


@contextmanager
def locked(path: Path, wait: bool) -> Iterator[int | None]:
    """Lock a file for this block; yields its descriptor, or None if another process holds the lock.

    Where the file system refuses locks, every process gets it; ``remarks`` says so.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor if _lock(descriptor, wait) else None
    finally:
        os.close(descriptor)


def remarks(path: Path) -> list[str]:
    """What a user should know if the file system of this file refuses locks, in a line."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in NO_LOCKS:
            return [f"{path.parent}: locks are refused here ({error.strerror}); run one sweep at a time"]
    finally:
        os.close(descriptor)
    return []


def _lock(descriptor: int, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True
