"""The check before any file of a user is opened."""

import os
from pathlib import Path

from nnlab.errors import UserError


class ForeignFile(UserError):
    """A file is of another kind than asked for, as a list of names in a folder of pictures."""


def check_regular(path: Path, remedy: str) -> None:
    """UserError unless ``path`` is a readable regular file: opening a pipe would wait without end."""
    if not path.exists():
        raise UserError(f"{path}: there is no such file; {remedy}")
    if not path.is_file():
        raise UserError(f"{path}: is {'a folder' if path.is_dir() else 'not a regular file'}; {remedy}")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: not readable by you; change its permissions (chmod u+r)")
