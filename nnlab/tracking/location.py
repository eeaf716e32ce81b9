"""Where the tracking store is: its address, whether it can be written, its name without credentials."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from nnlab import files
from nnlab.errors import UserError
from nnlab.records import locked

SECRETS = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)  # variables that errors may quote


def uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file in NNLAB_HOME; UserError if it is not an address."""
    given = os.environ.get("MLFLOW_TRACKING_URI") or _own(home)
    try:
        urlsplit(given)
    except ValueError:
        raise UserError(
            "MLFLOW_TRACKING_URI: is not an address; give one such as http://127.0.0.1:5000"
        ) from None
    return given


def create(uri: str, migrate: Callable[[str], object]) -> None:
    """Create an SQLite store if there is none: ``migrate`` first makes it under another name.

    It is moved to its place when it is complete, and by one process at a time. MLflow cannot continue a
    store that a kill left incomplete, and two processes cannot make the same store at the same time.
    """
    path = Path(uri.removeprefix("sqlite:///").partition("?")[0])
    if not uri.startswith("sqlite:///") or (path.exists() and path.stat().st_size):
        return
    with locked(path.with_name(f"{path.name}.lock"), wait=True):
        if not (path.exists() and path.stat().st_size):
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
    """The first line of an error of MLflow's client, without credentials."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    given = os.environ.get("MLFLOW_TRACKING_URI", "").rstrip("/")
    if given:
        text = text.replace(given, public(given))
    for secret in (given.partition("?")[2], *(os.environ.get(name, "") for name in SECRETS)):
        for part in secret.split():
            text = text.replace(part, "***")
    return re.sub(r"(\w+://)[^\s/]*@", r"\1", text)


def check_writable(home: Path) -> None:
    """UserError if the store is the SQLite file and it cannot be written."""
    database = home / "mlflow.db"
    target = database if database.exists() else home
    if uri(home) == _own(home) and not os.access(target, os.W_OK):
        raise UserError(
            f"{target}: not writable; change its permissions, or set NNLAB_HOME or "
            "MLFLOW_TRACKING_URI to a place that is"
        )


def _own(home: Path) -> str:
    if "?" in str(home) or "%" in str(home):  # they mean something else in an address
        raise UserError(f"{home}: an SQLite store cannot be in a folder with ? or % in its name; rename it")
    return f"sqlite:///{home}/mlflow.db"
