"""Files that are written in one piece: a reader finds the old content or the new one, never half of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, durable: bool = False) -> Iterator[Path]:
    """Yield the path of a temporary file beside ``path``, whose place it takes after the block.

    If the block fails, ``path`` stays as it was. ``durable``: the content is on the disk before
    the name is, so that a power cut does not leave an empty file.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)  # of a killed process that had the same number
    try:
        yield temporary
        if durable:
            sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a whole file in one piece; see ``replacing``."""
    with replacing(path, durable) as temporary:
        temporary.write_bytes(content)


def writable(path: Path) -> bool:
    """Can a file be written at this path? Its folders may be missing."""
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return os.access(there, os.W_OK)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
