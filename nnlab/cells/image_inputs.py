"""Image files as the inputs of a trained net: their pixels at its size."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.data import decode, listed
from nnlab.data import image_file as images
from nnlab.errors import UserError, printable
from nnlab.records.record import Record


class Images(NamedTuple):
    """Image files, read at the size of a net's input."""

    seen: dict[Path, NDArray[np.uint8]]  # (height, width, channels) by file
    wrong: list[str]  # what is wrong with the other files
    remarks: list[str]  # what was passed over


def read_images(rec: Record, given: Sequence[Path]) -> Images:
    """The images of these files and folders at the size that the net of ``rec`` takes.

    UserError if it takes no images, or if there is no image in the folders.
    """
    files, remarks = _files(given)
    seen, wrong, passed_over = {}, [], 0
    for found in decode("picture", list(files), shape=_image_shape(rec)):
        if found.problem is None:
            seen[found.path] = found.arrays["pixels"]
        elif found.foreign and files[found.path]:
            passed_over += 1
        else:
            wrong.append(printable(found.problem))
    if passed_over:
        are = "files are" if passed_over > 1 else "file is"
        remarks.append(f"{passed_over} other {are} no image, and passed over")
    if not seen and not wrong:
        raise UserError(f"{given[0]}: there is no image in it; {images.REMEDY}")
    return Images(seen, wrong, remarks)


def _image_shape(rec: Record) -> tuple[int, ...]:
    """(height, width, channels) of the images that the net takes."""
    if len(rec.shape) != 3 or rec.shape[2] not in images.MODES:
        numbers = " x ".join(map(str, rec.shape))
        raise UserError(
            f"run {rec.fingerprint[:16]}: was trained on examples of {numbers} numbers, which no image "
            "file holds; name a run that was trained on images"
        )
    return tuple(rec.shape)


def _files(given: Sequence[Path]) -> tuple[dict[Path, bool], list[str]]:
    """The files that are meant, in order, whether each was found in a folder, and which links were left."""
    files: dict[Path, bool] = {}
    remarks = []
    for path in given:
        if not path.is_dir():
            files[path] = False
            continue
        listing = listed(path)
        for file in listing.files:
            files.setdefault(file, True)
        if listing.links:
            links = ", ".join(link.name for link in listing.links[:3])
            remarks.append(f"{path}: links are not followed: {links}")
    return files, remarks
