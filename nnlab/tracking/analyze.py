"""SQLite's count of its rows, without which a sorted table of 10,000 runs takes MLflow half a minute."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from nnlab.tracking import location

PATIENCE = 5.0  # seconds that another process may hold the store's lock


def analyze(uri: str, home: Path) -> None:
    """Let the home's own SQLite file count its rows; other stores count themselves, or are not ours."""
    database = location.own_database(uri, home)
    if database is None:
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, PATIENCE)) as store:
        store.execute("PRAGMA analysis_limit = 1000")  # rows of each index; without it all are read
        store.execute("ANALYZE")
        store.commit()
