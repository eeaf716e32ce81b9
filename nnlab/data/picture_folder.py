"""The files of a folder of pictures. Links are not followed: they could lead anywhere."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Listing:
    """The files in and below a folder."""

    files: list[Path]  # sorted; without hidden ones
    links: list[Path]  # not followed


def listed(folder: Path) -> Listing:
    """Look through a folder and all folders in it, but not into hidden ones or links."""
    files, links = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            links.append(path)
        elif path.is_dir():
            inner = listed(path)
            files += inner.files
            links += inner.links
        else:
            files.append(path)
    return Listing(files, links)
