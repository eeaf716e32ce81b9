"""The tracking store: which one it is, and whether this home's own can be written."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from nnlab.errors import UserError
from nnlab.records.lock import locked

SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")  # in the environment, quoted by some errors


def bound_client() -> None:
    """Set what MLflow's client goes by, before it is imported; a value that the user set stays.

    A server that is away must not hold a caller for long: two tries of 5 s. Nothing is reported to anyone.
    """
    for name, value in {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # it may ask to come back in an hour
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_LOGGING_LEVEL": "CRITICAL",
        "GIT_PYTHON_REFRESH": "quiet",
    }.items():
        os.environ.setdefault(name, value)


def uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file in NNLAB_HOME; UserError where that is no address."""
    given = os.environ.get("MLFLOW_TRACKING_URI") or _own(home)
    try:
        urlsplit(given)
    except ValueError:
        raise UserError(
            "MLFLOW_TRACKING_URI: is no address; give one such as http://127.0.0.1:5000"
        ) from None
    return given


def create(uri: str, migrate: Callable[[str], object]) -> None:
    """See that an SQLite store exists: ``migrate`` makes it beside its place, and it is moved in whole.

    MLflow cannot make the same one twice at a time, nor go on with one that a kill left half made.
    """
    path = Path(uri.removeprefix("sqlite:///").partition("?")[0])
    if not uri.startswith("sqlite:///") or (path.exists() and path.stat().st_size):
        return
    with locked(path.with_name(f"{path.name}.lock"), wait=True):
        if not (path.exists() and path.stat().st_size):
            part = path.with_name(f"{path.name}.part")
            part.unlink(missing_ok=True)
            migrate(f"sqlite:///{part}")
            part.replace(path)


def is_server(uri: str) -> bool:
    """Is the store a server, which has an address and a place for artifacts of its own?"""
    return uri.startswith(("http://", "https://"))


def is_folder(uri: str) -> bool:
    """Are the artifacts at this address files of this machine?"""
    return urlsplit(uri).scheme in ("", "file")


def artifacts(home: Path) -> str:
    """Where artifacts go if the store is no server: a database would take the current folder."""
    return (home / "mlartifacts").as_uri()


def public(uri: str) -> str:
    """A store's name without the credentials that its address may hold, before the host or as a query."""
    named = re.sub(r"(?<=://)[^/].*@", "", uri)  # to the last @: a password may have a slash
    return named if named.startswith("sqlite:") else named.partition("?")[0]


def reason(error: Exception) -> str:
    """The first line of what a client says went wrong, without credentials."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    given = os.environ.get("MLFLOW_TRACKING_URI", "").rstrip("/")
    if given:
        text = text.replace(given, public(given))
    for secret in (given.partition("?")[2], *(os.environ.get(name, "") for name in SECRETS)):
        for part in secret.split():
            text = text.replace(part, "***")
    return re.sub(r"(\w+://)[^\s/]*@", r"\1", text)


def check_writable(home: Path) -> None:
    """Raise a UserError where the SQLite file, if that is the store, cannot be written."""
    database = home / "mlflow.db"
    target = database if database.exists() else home
    if uri(home) == _own(home) and not os.access(target, os.W_OK):
        raise UserError(
            f"{target}: not writable; change its permissions, or set NNLAB_HOME or "
            "MLFLOW_TRACKING_URI to a place that is"
        )


def _own(home: Path) -> str:
    if "?" in str(home) or "%" in str(home):  # in an address they are no part of the path
        raise UserError(
            f"{home}: an SQLite store cannot stand in a folder with ? or % in its name; rename it"
        )
    return f"sqlite:///{home}/mlflow.db"
