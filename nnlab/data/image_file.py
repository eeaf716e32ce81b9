"""Reads an image file as a net takes it: (height, width, channels) uint8. Files are not trusted.

Decoders are large programs in C: call ``decoder.decode``, which runs this module in a child process.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, ImageOps, UnidentifiedImageError

from nnlab.data.regular_file import ForeignFile, check_regular
from nnlab.errors import UserError

# their decoders only read pixels; those of some other formats run programs or open other files
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIF")
KNOWN = "PNG, JPEG, WebP, BMP, GIF, TIFF, AVIF or HEIC"
REMEDY = f"give a {KNOWN} file"
MAX_PIXELS = 80_000_000
MAX_SIDE = 65_535  # pixels; the most of a JPEG or GIF, and decoders hold tables of this length
MEMORY_MB = 512  # an image of MAX_PIXELS takes 320
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # by number of channels
NAMES = {"L": "grey", "1": "black and white", "P": "a palette", "LA": "grey with transparency"}
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")


@dataclass(frozen=True, eq=False)
class Picture:
    """An image at the size of a net's input, and what was changed for it."""

    pixels: NDArray[np.uint8]  # (height, width, channels)
    changes: list[str]


def arrays(path: Path, shape: tuple[int, ...]) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """An image as ``decoder_child`` sends it; see ``read``."""
    picture = read(path, shape)
    return {"pixels": picture.pixels}, picture.changes


def read(path: Path, shape: tuple[int, ...]) -> Picture:
    """The image of a file, turned upright, on white, resampled to ``shape`` (height, width, channels).

    An animation gives its first frame. The content decides what a file is, not the end of its name.
    UserError of one line if the file is not an image (``ForeignFile`` unless its name ends like one), is
    damaged, or is too large to be opened safely.
    """
    check_regular(path, REMEDY)
    height, width, channels = shape
    with _opened(path) as image:
        changes = _changes(image, MODES[channels])
        upright = ImageOps.exif_transpose(image)
        colour = _colour(path, upright)
        if colour.size != (width, height):
            squeezed = "" if colour.width * height == colour.height * width else ", in other proportions"
            changes.append(f"resized to {width} x {height}{squeezed}")
            colour = colour.resize((width, height), Image.Resampling.BICUBIC)
    white = Image.new("RGBA", colour.size, "white")
    picture = Image.alpha_composite(white, colour.convert("RGBA")).convert(MODES[channels])
    return Picture(np.asarray(picture).reshape(shape), changes)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The open image; every error of a decoder within the block becomes a UserError of one line."""
    kind = _kind(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # about metadata that is not used
            _prepare(path, kind)
            with Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN]) as image:
                if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                    raise _too_large(path)
                yield image
    except UserError:
        raise
    except UnidentifiedImageError:
        if kind is not None:
            raise UserError(f"{path}: a damaged {kind} image, or cut short; export it again") from None
        what = "not an image" if path.stat().st_size else "empty"
        named_so = path.suffix.lower() in Image.registered_extensions()
        raise (UserError if named_so else ForeignFile)(f"{path}: {what}; {REMEDY}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except Exception as error:  # decoders raise any kind of error on a broken file
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: damaged or cut short ({reason}); export it again") from None


def _kind(path: Path) -> str | None:
    """HEIC or AVIF if the file begins like one: both are ISO media files, which begin with their brands."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] != b"ftyp":
        return None
    brands = [head[i : i + 4] for i in (8, *range(16, min(int.from_bytes(head[:4]), 64), 4))]
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    return "HEIC" if any(brand in HEIC_BRANDS for brand in brands) else None


def _prepare(path: Path, kind: str | None) -> None:
    """Register the decoder of this kind; UserError that names the package if it is not installed.

    One thread: the memory that each thread reserves counts against the limit of the child.
    """
    Image.init()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    if kind == "AVIF" and not AvifImagePlugin.SUPPORTED:
        raise _missing(path, kind, "pillow>=11.3")
    if kind == "HEIC":
        try:
            import pillow_heif  # the extra `heic`
        except ImportError:
            raise _missing(path, kind, "pillow-heif") from None
        pillow_heif.register_heif_opener(
            decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
        )


def _missing(path: Path, kind: str, package: str) -> UserError:
    return UserError(
        f"{path}: is a {kind} image, whose decoder is not installed; "
        f'run {sys.executable} -m pip install "{package}"'
    )


def _too_large(path: Path) -> UserError:
    million = MAX_PIXELS // 10**6
    return UserError(
        f"{path}: has more than {million} million pixels, or {MAX_SIDE} on a side; scale it down first"
    )


def _changes(image: Image.Image, mode: str) -> list[str]:
    """What must be changed besides the size."""
    changes = []
    if image.format not in ("JPEG", "MPO", "HEIF") and getattr(image, "n_frames", 1) > 1:
        changes.append("the first of several frames taken")
    if image.getexif().get(0x0112, 1) != 1:  # its orientation
        changes.append("turned upright, as its EXIF data say")
    if image.has_transparency_data and mode != "RGBA":
        changes.append("its transparent parts made white")
    if image.mode not in (mode, "RGBA"):
        changes.append(f"converted from {NAMES.get(image.mode, image.mode)} to {NAMES.get(mode, mode)}")
    return changes


def _colour(path: Path, image: Image.Image) -> Image.Image:
    """The image as RGB, or as RGBA if a part is transparent, with 8 bits per sample."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray(np.rint(np.asarray(image) / 257.0).astype(np.uint8))
    if image.mode in ("I", "F", "LAB"):
        raise UserError(f"{path}: its pixels are {image.mode}; save it as RGB or grey with 8 or 16 bits")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
