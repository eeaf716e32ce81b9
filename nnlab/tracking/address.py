"""The address of a store as a user gives it.

Mistyped, it is refused and not taken for a folder. A path in it is made absolute.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nnlab.config import absolute as absolute_path
from nnlab.errors import UserError

HOST = re.compile(
    r"(?:[^@/]*@)?(?:\[[\da-fA-F:]+\]|[\w-]+(?:\.[\w-]+)*):\d+(?:/.*)?", re.ASCII
)  # with a port
NAME = re.compile(r"(?:localhost|[\w-]+(?:\.[\w-]+)+)(?:/.*)?", re.ASCII)  # without one
SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?:/(?=~))?([^?]*)(.*)", re.DOTALL)  # start, path, options
RELATIVE_FILE = re.compile(r"file:(?:/{0,3}(?=~))?([^/].*)", re.DOTALL)
WORDS = ("databricks", "databricks-uc", "uc")  # addresses that look like a path and are none
VARIABLE = "MLFLOW_TRACKING_URI"


def check(given: str) -> None:
    """Raise a UserError for quotes or spaces around an address, or for one without http:// or sqlite:///."""
    plain = given.strip(" \t\r\n'\"")
    if plain != given:
        raise UserError(f"{VARIABLE}: has quotes or spaces around the address; set it to the address alone")
    try:
        parts = urlsplit(given)
    except ValueError:
        raise UserError(f"{VARIABLE}: is not an address; give one such as http://127.0.0.1:5000") from None
    if parts.scheme in ("http", "https") and not parts.netloc:
        raise UserError(f"{VARIABLE}: has no host; an address begins with {parts.scheme}:// and the host")
    host = given.removeprefix("//")
    if host.endswith((".db", ".sqlite", ".sqlite3")) and not parts.scheme:
        raise UserError(f"{VARIABLE}: {given} is a file; give sqlite:///{given}")
    if HOST.fullmatch(host) or (NAME.fullmatch(host) and not Path(host).exists()):
        shown = host.rpartition("@")[2]  # without a password
        raise UserError(f"{VARIABLE}: {shown} is no address of a store; give http://{shown}")


def absolute(given: str) -> str:
    """An address with its path absolute: from the current folder, with the home folder for `~`."""
    if found := SQLITE.fullmatch(given):
        start, path, options = found.groups()
        if path.startswith(("/", "file:")) or path in ("", ":memory:"):
            return given
        return f"{start}{plain(absolute_path(path))}{options}"
    scheme = urlsplit(given).scheme
    if scheme == "file" and (found := RELATIVE_FILE.fullmatch(given)):
        return absolute_path(unquote(found[1])).as_uri()
    return given if scheme or given in WORDS else str(absolute_path(given))


def plain(path: Path) -> Path:
    """The path of an SQLite store; UserError for characters that mean something else in an address."""
    if "?" in str(path) or "%" in str(path):
        raise UserError(f"{path}: an SQLite store cannot be in a folder with ? or % in its name; rename it")
    return path
