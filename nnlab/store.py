"""The tracking store: which one it is, and whether this home's own can be written."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from nnlab.errors import UserError


def uri(home: Path) -> str:
    """MLFLOW_TRACKING_URI, or the SQLite file in NNLAB_HOME."""
    return os.environ.get("MLFLOW_TRACKING_URI") or _own(home)


def is_server(uri: str) -> bool:
    """Is the store a server, which has an address and a place for artifacts of its own?"""
    return urlsplit(uri).scheme in ("http", "https")


def artifacts(home: Path) -> str:
    """Where artifacts go if the store is no server: a database would take the current folder."""
    return (home / "mlartifacts").as_uri()


def public(uri: str) -> str:
    """A store's name without the credentials that its address may hold."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


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
    return f"sqlite:///{home}/mlflow.db"
