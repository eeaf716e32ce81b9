"""SQLite's write-ahead log (WAL) for the home's own store while records are published.

MLflow makes seven transactions a cell. Each waits several times for the disk, with the log once; a power
cut takes back nothing of what is committed, in both modes. Afterwards the store is one file again, which
can be copied alone and read where nothing can be written. A store that a kill, or another process that has
it open, leaves with its log is complete as well: SQLite reads both, and the next publication ends the log.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import psutil

from nnlab.tracking import location
from nnlab.tracking.store import Store

# file systems of one machine alone, whose processes share memory; SQLite asks for that
LOCAL = {"apfs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "overlay", "tmpfs", "xfs", "zfs"}
PATIENCE = 0.5  # seconds that another process may hold the store's lock; else its mode stays


def begin(store: Store) -> None:
    """Write with a log from now on, if the store is the home's own and its disk is of this machine."""
    if _filesystem(store.home / "mlflow.db") in LOCAL:
        _set_mode("wal", store.uri, store.home)


def end(store: Store) -> None:
    """Close the store and leave its log; the next call opens it again."""
    store.disconnect()
    leave(store.uri, store.home)


def leave(uri: str, home: Path) -> None:
    """Take all from the log into the store and remove the log, if no process has the store open."""
    _set_mode("delete", uri, home)


def _set_mode(mode: str, uri: str, home: Path) -> None:
    database = location.own_database(uri, home)
    if database is None or not location.exists(uri):
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, PATIENCE)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")


def _filesystem(path: Path) -> str:
    """The type of the file system that a path is on."""
    place = path.resolve()
    mounts = {Path(mount.mountpoint): mount.fstype.lower() for mount in psutil.disk_partitions(all=True)}
    return next((mounts[folder] for folder in (place, *place.parents) if folder in mounts), "")
