"""Turns examples of any usual form into pictures (m, height, width, channels) uint8, or features (m, n)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.errors import UserError

Examples = NDArray[Any]
CHANNELS = (1, 3, 4)
AXES = {"m": "m", "h": "height", "w": "width", "c": "channels", "n": "n"}
SWAPPED = str.maketrans("hw", "wh")
PART = 256  # examples that are scaled at a time


def turned(
    x: Examples, y_shape: tuple[int, ...], of_matlab: bool, given: str | None, notes: list[str]
) -> Examples:
    """The examples as (m, height, width, channels) or (m, n).

    ``y_shape`` is the shape of their labels, which says how many there are. ``given`` names the axes by
    letters of ``AXES``, such as mchw. UserError if the axes cannot be told.
    """
    axes = given or _axes(x.shape, y_shape, of_matlab)
    if len(axes) != x.ndim or len(set(axes)) != len(axes) or "m" not in axes:
        raise UserError(f"--axes: {axes} does not name the axes of {x.shape}; give a letter each, as mchw")
    target = "".join(axis for axis in "mhwcn" if axis in axes)
    out = x.transpose([axes.index(axis) for axis in target])
    if of_matlab and x.ndim > 1:
        notes.append(f"axes: reversed to {x.shape}, as MATLAB shows them")
    if axes != target:
        named = ", ".join(AXES[axis] for axis in axes)
        doubt = "" if given else _doubt(axes, x.shape)
        notes.append(f"axes: turned from {x.shape} ({named}) to {out.shape}{doubt}")
    if "h" in axes and "c" not in axes:
        out = out[..., np.newaxis]
        notes.append(f"axes: grey pictures got an axis of one channel, {out.shape}")
    return out if out.ndim != 1 else out[:, np.newaxis]


def _doubt(axes: str, shape: tuple[int, ...]) -> str:
    """Height and width of equal length can be told apart only by eye in an unusual order."""
    if axes[-1] != "m" or "h" not in axes or shape[axes.index("h")] != shape[axes.index("w")]:
        return ""
    return f"; if the pictures lie on their side, give --axes {axes.translate(SWAPPED)}"


def unflattened(x: Examples, shape: tuple[int, ...], notes: list[str]) -> Examples:
    """Rows of numbers (m, n) as pictures (m, *shape); UserError if n is not the product of ``shape``."""
    if x.ndim != 2 or x.shape[1] != math.prod(shape):
        raise UserError(f"--shape: {shape} does not fit examples of shape {x.shape}; give its factors")
    notes.append(f"shape: rows of {x.shape[1]} numbers became {shape}")
    return x.reshape(len(x), *shape)


def _axes(shape: tuple[int, ...], y_shape: tuple[int, ...], of_matlab: bool) -> str:
    """The letters of the axes, as the shapes tell them."""
    m = [math.prod(y_shape)] if max(y_shape, default=0) == math.prod(y_shape) else list(y_shape)
    first = bool(shape) and shape[0] in m
    if not first and not (shape and shape[-1] in m):
        raise UserError(
            f"--x: examples of shape {shape} and labels of shape {y_shape} do not fit together; "
            "choose others with --x and --y"
        )
    rest = shape[1:] if first else shape[:-1]
    if len(rest) < 3:
        inner = ["", "n", "hw"][len(rest)]
    elif len(rest) == 3 and rest[2] in CHANNELS:
        inner = "hwc"
    elif len(rest) == 3 and rest[0] in CHANNELS:
        # (channels, ..., m) is the reverse of (m, height, width, channels), but not if MATLAB shows it so
        inner = "chw" if first or of_matlab else "cwh"
    else:
        raise UserError(
            f"--x: examples of shape {shape} have no axis of 1, 3 or 4 channels; name the axes with --axes"
        )
    return f"m{inner}" if first else f"{inner}m"


def layout(parts: Sequence[Examples], size: int | None, notes: list[str]) -> list[Examples]:
    """The examples of each set as uint8 pictures, or as features of a type that HDF5 files hold.

    All sets are scaled in the same way. Pictures become ``size`` x ``size`` unless it is None. UserError if
    the sets do not fit together or hold no such numbers.
    """
    if any(part.size == 0 for part in parts):
        raise UserError(f"--x: the examples are empty, {_shapes(parts)}; at least one is needed")
    if len({part.shape[1:] for part in parts}) > 1:
        raise UserError(f"--x: the sets have examples of shapes {_shapes(parts)}; they must be equal")
    if any(part.dtype.kind not in "biuf" for part in parts):
        raise UserError(f"--x: examples are {parts[0].dtype}; they must be numbers")
    low, high = min(part.min() for part in parts), max(part.max() for part in parts)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise UserError("--x: a number of an example is not finite; remove or repair it")
    if parts[0].ndim == 2:
        return [_features(part, notes) for part in parts]
    pictures = _pixels(parts, low, high, notes)
    if size is not None and pictures[0].shape[1:3] != (size, size):
        notes.append(
            f"pictures: resized from {pictures[0].shape[1]} x {pictures[0].shape[2]} to {size} x {size}"
        )
        pictures = [resized(part, size) for part in pictures]
    return pictures


def _pixels(parts: Sequence[Examples], low: Any, high: Any, notes: list[str]) -> list[Examples]:
    """Pictures (m, height, width, channels) as uint8."""
    if all(part.dtype == np.uint8 for part in parts):
        if high <= 1:
            notes.append(f"pixels: are doubtful: uint8 from {low} to {high} of 255 is nearly black")
        return list(parts)
    most = [part.max() for part in parts]
    if len({top <= 1 for top in most if top > 0}) > 1:
        raise UserError(
            f"--x: pixels go up to {most[0]:g} and {most[1]:g} in the two sets; scale both alike"
        )
    dtype = np.result_type(*parts)
    factor, how = _factor(dtype, float(low), float(high))
    notes.append(f"pixels: {dtype} from {low:g} to {high:g} became uint8{how}")
    return [_scaled(part, factor) for part in parts]


def _shapes(parts: Sequence[Examples]) -> str:
    return " and ".join(str(part.shape) for part in parts)


def _features(part: Examples, notes: list[str]) -> Examples:
    if part.dtype.kind == "b" or part.dtype.itemsize > 8:
        kind = np.dtype("u1" if part.dtype.kind == "b" else "f8")
        notes.append(f"features: {part.dtype} became {kind}")
        return part.astype(kind)
    if part.dtype == np.uint8 and _looks_like_pictures(part.shape[1]):
        notes.append(
            f"features: rows of {part.shape[1]} numbers of 0 to 255 stay unscaled; if they are pictures, "
            "give --shape, such as 64,64,3"
        )
    return part


def _looks_like_pictures(n: int) -> bool:
    """Whether so many numbers can be a square picture of at least 8 pixels a side."""
    return any(n % c == 0 and n >= 64 * c and math.isqrt(n // c) ** 2 == n // c for c in CHANNELS)


def _factor(dtype: np.dtype[Any], low: float, high: float) -> tuple[float, str]:
    """What pixels are multiplied by, and how to say it."""
    if dtype.kind in "bf" and low >= 0.0 and high <= 1.0:
        return 255.0, ", multiplied by 255"
    if low >= 0.0 and high <= 255.0:
        return 1.0, ", rounded" if dtype.kind == "f" else ""
    if dtype == np.uint16:
        return 1.0 / 257.0, ", divided by 257"
    raise UserError(
        f"--x: pixels are {dtype} from {low:g} to {high:g}; scale them to 0 to 1 or 0 to 255 first, "
        "or flatten them to features (m, n)"
    )


def _scaled(part: Examples, factor: float) -> Examples:
    out = np.empty(part.shape, np.uint8)
    for start in range(0, len(part), PART):
        rows = slice(start, start + PART)
        out[rows] = np.rint(part[rows].astype(np.float64) * factor)
    return out


def resized(part: Examples, size: int) -> Examples:
    """Pictures (m, height, width, channels) uint8 resampled to ``size`` x ``size``."""
    from PIL import Image  # few imports need it

    out = np.empty((len(part), size, size, part.shape[3]), np.uint8)
    for i, pixels in enumerate(part):
        image = Image.fromarray(pixels[..., 0] if part.shape[3] == 1 else np.ascontiguousarray(pixels))
        out[i] = np.asarray(image.resize((size, size), Image.Resampling.BICUBIC)).reshape(out.shape[1:])
    return out
