"""Where the tracking store is: its address, whether it can be written, its name without credentials."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from nnlab import files
from nnlab.errors import UserError
from nnlab.records import locked
from nnlab.tracking import address, server_errors

SECRETS = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)  # variables that errors may quote
LONGEST = 1200  # letters of an error


def uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI with its path made absolute, or the SQLite file in NNLAB_HOME.

    UserError if it is not an address.
    """
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if not given:
        return _own(home)
    address.check(given)
    return address.absolute(given)


def database(uri: str) -> Path | None:
    """The file of an SQLite store; None for another store."""
    found = address.SQLITE.fullmatch(uri)
    return Path(found[2]) if found and found[2].startswith("/") else None


def own_database(uri: str, home: Path) -> Path | None:
    """The file of an SQLite store that stands in the home itself; None for another store."""
    found = database(uri)
    return found if found is not None and found.parent.resolve() == home.resolve() else None


def exists(uri: str) -> bool:
    """Is there an SQLite store at this address, and not an empty file?"""
    path = database(uri)
    return path is not None and path.exists() and path.stat().st_size > 0


def create(uri: str, migrate: Callable[[str], object]) -> None:
    """Create an SQLite store if there is none: ``migrate`` first makes it under another name.

    It is moved to its place when it is complete, and by one process at a time. MLflow cannot continue a
    store that a kill left incomplete, and two processes cannot make the same store at the same time.
    """
    path = database(uri)
    if path is None or exists(uri):
        return
    with locked(path.with_name(f"{path.name}.lock"), wait=True):
        if not exists(uri):
            with files.replacing(path) as part:
                migrate(f"sqlite:///{part}")


def is_server(uri: str) -> bool:
    """Is the store a server? Then it keeps the artifacts itself."""
    return uri.startswith(("http://", "https://"))


def is_folder(uri: str) -> bool:
    """Are the artifacts at this address files of this machine?"""
    return urlsplit(uri).scheme in ("", "file")


def artifacts(home: Path) -> str:
    """The folder of the artifacts if the store is a database; MLflow would use the current folder."""
    return (home / "mlartifacts").as_uri()


def public(uri: str) -> str:
    """A store's address without credentials, which may be before the host or in the query."""
    named = re.sub(r"(?<=://)[^/].*@", "", uri)  # up to the last @: a password may have a slash
    return named if named.startswith("sqlite:") else named.partition("?")[0]


def reason(error: Exception) -> str:
    """An error of MLflow's client in one line, without credentials.

    The statement that follows an error of a database is left out, and the middle of a very long text, such
    as a page that a server answered with: the cause is at an end.
    """
    given = os.environ.get("MLFLOW_TRACKING_URI", "").rstrip("/")
    said = server_errors.explained(error, given) or str(error).partition("\n[SQL: ")[0]
    text = " ".join(said.split()) or type(error).__name__
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
    if given:
        text = text.replace(given, public(given))
    for secret in (given.partition("?")[2], *(os.environ.get(name, "") for name in SECRETS)):
        for part in secret.split():
            text = text.replace(part, "***")
    return re.sub(r"(\w+://)[^\s/]*@", r"\1", text)


def is_writable(database: Path) -> bool:
    """Can an SQLite file be written? SQLite makes its journal beside it."""
    return os.access(database, os.W_OK) and os.access(database.parent, os.W_OK)


def check_readable(database: Path) -> None:
    """UserError if an SQLite file cannot be opened where nothing can be written beside it.

    So it is in the mode of the write-ahead log, if another process had it open to the end, and closed it.
    """
    with database.open("rb") as file:
        has_log = file.read(20)[18:] == b"\2\2"  # in SQLite's header
    if has_log and not database.with_name(f"{database.name}-wal").exists():
        raise UserError(
            f"{database}: SQLite must write beside it to read it, and cannot; copy it to another disk"
        )


def check_home(home: Path) -> None:
    """UserError if there is no home."""
    if not home.exists():
        raise UserError(f"{home}: there is no such folder, so nothing is recorded there; check NNLAB_HOME")


def check_writable(home: Path) -> None:
    """UserError if the store is the home's SQLite file, and it cannot be written or there is no home."""
    if uri(home) != _own(home):
        return
    check_home(home)
    database = home / "mlflow.db"
    target = database if database.exists() else home
    if not (os.access(target, os.W_OK) and os.access(home, os.W_OK)):
        raise UserError(
            f"{target}: not writable; change its permissions, or set NNLAB_HOME or "
            "MLFLOW_TRACKING_URI to a place that is"
        )


def _own(home: Path) -> str:
    return f"sqlite:///{address.plain(home)}/mlflow.db"
