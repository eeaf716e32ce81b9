"""Opening an HDF5 file, and what to say of one that cannot be read: damaged, locked, of another kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from nnlab.data.regular_file import check_regular
from nnlab.errors import UserError


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The open file. Every error of HDF5 within the block becomes a UserError of one line."""
    check_regular(path, _remedy(path))
    try:
        if not h5py.is_hdf5(path):
            raise UserError(f"{path}: not an HDF5 file{_looks_like(path)}; fetch or export it again")
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise UserError(f"{path}: {_reason(error)}") from error


def _remedy(path: Path) -> str:
    if path.is_dir():
        held = [str(file) for file in sorted(path.glob("*.h5"))[:2]]
        return (
            f"name a file in it, such as {held[0]}"
            if held
            else "`nnlab data import` makes a file of pictures"
        )
    if path.parent.name == "catvnoncat":
        return "`nnlab data fetch` downloads the set, or set NNLAB_DATA to the folder that has it"
    return "check data.train and data.test, or data.file"


def _looks_like(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64).lstrip().lower()
    if not head:
        return " but empty"
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return " but a web page"
    if head.startswith(b"version https://git-lfs"):
        return " but a Git LFS pointer"
    return ""


def _reason(error: Exception) -> str:
    """What is wrong, and the remedy. A file that another program holds is not damaged."""
    text = str(error)
    if isinstance(error, BlockingIOError):
        return "locked by another program that has it open for writing; close it there"
    if "unable to lock file" in text:
        return "cannot be locked on this file system; set HDF5_USE_FILE_LOCKING=FALSE"
    if "already open for" in text:
        return (
            "open for writing in another program, or left so when that program was killed; "
            "close it there, or run `h5clear -s` on it"
        )
    detail = text.split("(", 1)[-1].rstrip(")").strip()
    return f"damaged or cut short ({detail}); fetch or export it again"
