"""Any common image file as what a net takes: (height, width, channels) uint8. Files are untrusted."""

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from nnlab.errors import UserError

# decoders of pixels alone: those of other formats run programs or open what a file names
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
KNOWN = "PNG, JPEG, WebP, BMP, GIF or TIFF"
MOST_PIXELS = 80_000_000
LONGEST = 65_535  # pixels of a side; the decoders hold tables of the rows, and other formats have no more
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # by channels


def read(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The image in a file, upright, on white, resampled as a whole to shape (height, width, channels).

    Of several frames it is the first. UserError with one line where the file is no image, damaged,
    or too large to be opened safely.
    """
    _check_file(path)
    height, width, channels = shape
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # about metadata that is not used
            with Image.open(path, formats=FORMATS) as image:
                _check_size(path, image)
                colour = _colour(path, ImageOps.exif_transpose(image))
                if colour.size != (width, height):
                    colour = colour.resize((width, height), Image.Resampling.BICUBIC)
    except UserError:
        raise
    except UnidentifiedImageError:
        what = "not an image" if path.stat().st_size else "empty"
        raise UserError(f"{path}: {what}; give a {KNOWN} file") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except Exception as error:  # a broken file makes decoders raise anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: damaged or cut short ({reason}); export it again") from None
    white = Image.new("RGBA", colour.size, "white")
    picture = Image.alpha_composite(white, colour.convert("RGBA")).convert(MODES[channels])
    return np.asarray(picture).reshape(shape)


def _check_file(path: Path) -> None:
    """Only regular files are opened: a pipe would wait for ever."""
    if not path.is_file():
        what = (
            "is a folder" if path.is_dir() else "not a file" if path.exists() else "there is no such file"
        )
        raise UserError(f"{path}: {what}; give a {KNOWN} file")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: not readable by you; change its permissions (chmod u+r)")


def _check_size(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST:
        raise _too_large(path)


def _too_large(path: Path) -> UserError:
    most = MOST_PIXELS // 10**6
    return UserError(
        f"{path}: has more than {most} million pixels, or {LONGEST} on a side; scale it down first"
    )


def _colour(path: Path, image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent, with 8 bits a sample."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray(np.rint(np.asarray(image) / 257.0).astype(np.uint8))
    if image.mode in ("I", "F", "LAB"):
        raise UserError(f"{path}: its pixels are {image.mode}; save it as RGB or grey with 8 or 16 bits")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
