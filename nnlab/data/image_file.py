"""Reads an image file as a net takes it: (height, width, channels) uint8. Files are not trusted."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from nnlab.data.regular_file import check_regular
from nnlab.errors import UserError

# their decoders only read pixels; those of some other formats run programs or open other files
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
KNOWN = "PNG, JPEG, WebP, BMP, GIF or TIFF"
REMEDY = f"give a {KNOWN} file"
MAX_PIXELS = 80_000_000
MAX_SIDE = 65_535  # pixels; the most of a JPEG or GIF, and decoders hold tables of this length
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # by number of channels


def read(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The image of a file, turned upright, on white, resampled to ``shape`` (height, width, channels).

    An animation gives its first frame. UserError of one line if the file is not an image, is damaged, or
    is too large to be opened safely.
    """
    check_regular(path, REMEDY)
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
        raise UserError(f"{path}: {what}; {REMEDY}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except Exception as error:  # decoders raise any kind of error on a broken file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: damaged or cut short ({reason}); export it again") from None
    white = Image.new("RGBA", colour.size, "white")
    picture = Image.alpha_composite(white, colour.convert("RGBA")).convert(MODES[channels])
    return np.asarray(picture).reshape(shape)


def _check_size(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise _too_large(path)


def _too_large(path: Path) -> UserError:
    million = MAX_PIXELS // 10**6
    return UserError(
        f"{path}: has more than {million} million pixels, or {MAX_SIDE} on a side; scale it down first"
    )


def _colour(path: Path, image: Image.Image) -> Image.Image:
    """The image as RGB, or as RGBA if a part is transparent, with 8 bits per sample."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray(np.rint(np.asarray(image) / 257.0).astype(np.uint8))
    if image.mode in ("I", "F", "LAB"):
        raise UserError(f"{path}: its pixels are {image.mode}; save it as RGB or grey with 8 or 16 bits")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
