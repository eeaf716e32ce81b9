"""The predictions of a recorded net for arrays or image files, as a pandas table."""

import reprlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nnlab.cells import ask, image_inputs, net_of, outputs
from nnlab.config import given
from nnlab.errors import UserError
from nnlab.records.record import Record

Images = NDArray[Any] | str | Path | Sequence[str | Path]


def predicted(rec: Record, images: Images) -> pd.DataFrame:
    """A row for each image or example; see ``Run.predict``."""
    net = net_of(rec)
    if isinstance(images, str | Path):
        images = [images]
    if files := _files(images):
        x, names = _read(rec, files)
    else:
        x = _checked(rec, _array(images))
        names = pd.RangeIndex(len(x))
    if rec.regression:
        A_L = outputs(rec, net, x)  # (n_L, k)
        return pd.DataFrame(A_L.T, index=names, columns=range(1, len(A_L) + 1))
    said = ask(rec, net, x)
    table = {"class": [a.name for a in said], "probability": [a.probability for a in said]}
    return pd.DataFrame(table, index=names)


def _files(images: "Images") -> list[str | Path]:
    """The image files, if these are files; UserError for a list that has something else beside them."""
    found = [] if isinstance(images, np.ndarray) or not isinstance(images, Sequence) else list(images)
    files = [one for one in found if isinstance(one, str | Path)]
    if files and len(files) < len(found):
        other = next(one for one in found if not isinstance(one, str | Path))
        raise UserError(f"predict: {other!r} is no file among files; give a list of files alone")
    return files


def _array(images: "Images") -> NDArray[Any]:
    """The images as one array; UserError for what is none, or has none in it."""
    x = None
    if isinstance(images, Sequence) or hasattr(images, "__array__"):
        with suppress(ValueError):  # its rows have several lengths
            x = np.asarray(images)
    if x is None or len(x.shape) == 0:
        raise UserError(
            f"predict: {reprlib.repr(images)} is no image; give an array (k, height, width, 3), or files"
        )
    if len(x) == 0:
        raise UserError("predict: there is nothing to predict; give images (k, height, width, 3) or files")
    return x


def _read(rec: Record, files: Sequence[str | Path]) -> "tuple[NDArray[np.uint8], pd.Index[Any]]":
    """The pixels (k, height, width, channels) of image files, and their names."""
    found = image_inputs.read_images(rec, [given(file) for file in files])
    if found.wrong:
        raise UserError("\n".join(found.wrong))
    return np.stack(list(found.seen.values())), pd.Index(map(str, found.seen), name="image")


def _checked(rec: Record, x: NDArray[Any]) -> NDArray[Any]:
    """Examples (k, ...) as the net was trained on them; UserError for another shape or type."""
    wanted, dtype = tuple(rec.shape), "uint8" if len(rec.shape) == 3 else "numbers"
    if x.shape[1:] != wanted:
        one = " (one example needs x[None])" if x.shape == wanted else ""
        raise UserError(f"predict: needs an array (k, {', '.join(map(str, wanted))}), not {x.shape}{one}")
    if x.dtype.kind not in ("u" if dtype == "uint8" else "fiub") or (
        dtype == "uint8" and x.dtype != np.uint8
    ):
        raise UserError(
            f"predict: needs {dtype}, not {x.dtype}; images are uint8 from 0 to 255, not divided"
        )
    return x
