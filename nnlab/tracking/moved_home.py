"""A home that was renamed, moved or copied: the addresses in its store follow it.

MLflow keeps the whole address of every artifact. The address of its first experiment, `Default`, says where
the home was when its store was last opened. If the home is elsewhere now, all addresses inside the old home
are written anew, in one transaction, before anything is read or published. So a copy never writes into its
original, and a kill leaves the old addresses or the new ones. Addresses outside of the home stay.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nnlab.tracking import location

ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)  # tables and columns of MLflow
PLACE_DEFAULT = "update experiments set artifact_location = ? where experiment_id = 0"
PATIENCE = 20.0  # seconds that another process may hold the store's lock, as in MLflow
# where experiments that nnlab made in another home keep their artifacts
ELSEWHERE = """select distinct artifact_location from experiments as e
    where artifact_location like 'file:///%/mlartifacts' and artifact_location != ?
    and (exists (select 1 from experiment_tags as t
                 where t.experiment_id = e.experiment_id and t.key = 'mlflow.experimentKind')
      or exists (select 1 from runs as r join tags as t using (run_uuid)
                 where r.experiment_id = e.experiment_id and t.key = 'nnlab.kind'))"""
# 1 if a record of such an experiment was in a folder, 0 if none was, null if there is no record
RECORDS = """select max(substr(t.value, 1, length(:folder)) = :folder)
    from experiments join runs using (experiment_id) join tags as t using (run_uuid)
    where artifact_location = :place and t.key = 'nnlab.record'"""


def follow(uri: str, home: Path) -> Mapping[str, str]:
    """Write the addresses in an SQLite store anew if they are of another home.

    Returns nothing, or, if the store cannot be written, the new address of each old one; see ``moved``.
    """
    database, new = location.database(uri), location.artifacts(home)
    if database is None or not database.is_file():
        return {}
    writable, own = location.is_writable(database), location.own_database(uri, home) is not None
    if not writable:
        location.check_readable(database)
    with _opened(database, "rw" if writable else "ro") as store:
        old = _former(store, home, own)
        if not writable:
            return dict.fromkeys(old, new)
        if old or (own and _unplaced(store)):
            store.execute("begin immediate")
            for place in _former(store, home, own):  # again: another process may have been faster
                _rewrite(store, place, new)
            if own and _unplaced(store):
                store.execute(PLACE_DEFAULT, [f"{new}/0"])
            store.execute("commit")
    return {}


def moved(address: str, places: Mapping[str, str]) -> str:
    """An address with its old beginning replaced by the new one, if it is in ``places``."""
    for old, new in places.items():
        if f"{address}/".startswith(f"{old}/"):
            return new + address.removeprefix(old)
    return address


@contextmanager
def _opened(database: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{database.as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, PATIENCE, uri=True, isolation_level=None)) as store:
        yield store


def _former(store: sqlite3.Connection, home: Path, own: bool) -> list[str]:
    """The addresses that the home's folder of artifacts had before; none if the home did not move.

    ``own``: the store stands in the home itself, and so has no other home's artifacts.
    """
    new, default = location.artifacts(home), _default(store)
    if default is None or (own and default == f"{new}/0"):
        return []
    if own and default.endswith("/mlartifacts/0"):
        return [default.removesuffix("/0")]
    found = [str(place) for (place,) in store.execute(ELSEWHERE, [new])]
    if own:
        return [place for place in found if _published_from(store, place)]
    return [place for place in found if _gone(store, place, home)]


def _default(store: sqlite3.Connection) -> str | None:
    """The address of MLflow's experiment `Default`; None in a store that has no experiments yet."""
    if not store.execute("select 1 from sqlite_master where name = 'experiments'").fetchone():
        return None
    found = store.execute("select artifact_location from experiments where experiment_id = 0").fetchone()
    return str(found[0]) if found else ""


def _unplaced(store: sqlite3.Connection) -> bool:
    """Is `Default` where MLflow puts it by itself, as for nnlab 0.1: in what was the current folder?"""
    return (_default(store) or "").endswith("/mlruns/0")


def _published_from(store: sqlite3.Connection, place: str) -> bool:
    """Is it the place of a home? The runs then name records there, or none at all.

    Somebody may keep the artifacts of an experiment on a disk of their own, in a folder with the same name.
    """
    folder = f"{_path(place).parent}/"
    (found,) = store.execute(RECORDS, {"folder": folder, "place": place}).fetchone()
    return found is None or found == 1


def _gone(store: sqlite3.Connection, place: str, home: Path) -> bool:
    """Is there nothing at a place any more, and are its artifacts in this home?

    Only then a store outside of the home is changed: it may have artifacts of other homes.
    """
    if _path(place).exists():
        return False
    under = "select run_uuid from runs where substr(artifact_uri, 1, length(:place)) = :place"
    here = _path(location.artifacts(home))
    return any((here / run_id).is_dir() for (run_id,) in store.execute(under, {"place": f"{place}/"}))


def _rewrite(store: sqlite3.Connection, old: str, new: str) -> None:
    """Replace the beginning of all addresses, and of the records' paths in the runs' tags."""
    for table, column in ADDRESSES:
        if column in {row[1] for row in store.execute(f"pragma table_info({table})")}:
            _replace(store, table, column, old, new)
    before, now = _path(old).parent, _path(new).parent
    _replace(store, "tags", "value", str(before), str(now), "key = 'nnlab.record' and ")


def _replace(
    store: sqlite3.Connection, table: str, column: str, old: str, new: str, condition: str = ""
) -> None:
    store.execute(
        f"update {table} set {column} = :new || substr({column}, length(:old) + 1) "
        f"where {condition}substr({column} || '/', 1, length(:old) + 1) = :old || '/'",
        {"old": old, "new": new},
    )


def _path(address: str) -> Path:
    """The folder at an address of a file."""
    return Path(unquote(urlsplit(address).path))
