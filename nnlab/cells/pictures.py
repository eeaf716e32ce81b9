"""Pictures of a cell, drawn with Pillow in milliseconds: misclassified test images, first-layer weights."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nnlab.data import Examples

COLUMNS = 8
MOST = 64  # images in one picture
LARGEST = 512  # pixels of a side; of larger images every second, third, ... pixel is shown
GAP, LABEL = 4, 12  # pixels around an image; of the label under it


def _grid(tiles: Sequence[NDArray[np.uint8]], labels: Sequence[str], width: int) -> Image.Image:
    """Tiles (height, width, 3), enlarged by a whole factor to about ``width``, labelled, in rows."""
    shrink = max(1, *(-(-side // LARGEST) for side in tiles[0].shape[:2])) if tiles else 1
    tiles = [tile[::shrink, ::shrink] for tile in tiles]
    height_0, width_0 = tiles[0].shape[:2] if tiles else (1, width)
    zoom = max(1, width // max(height_0, width_0))
    step_x, step_y = zoom * width_0 + GAP, zoom * height_0 + LABEL + GAP
    rows = max(1, -(-len(tiles) // COLUMNS))
    sheet = np.full((rows * step_y + GAP, COLUMNS * step_x + GAP, 3), 255, np.uint8)
    for i, (tile, label) in enumerate(zip(tiles, labels, strict=True)):
        x, y = GAP + i % COLUMNS * step_x, GAP + i // COLUMNS * step_y
        right, under = x + zoom * width_0, y + zoom * height_0
        sheet[y:under, x:right] = tile.repeat(zoom, axis=1).repeat(zoom, axis=0)
        sheet[under : under + LABEL, x:right] = _label(label, right - x)
    return Image.fromarray(sheet)


@cache
def _label(text: str, width: int) -> NDArray[np.uint8]:
    """The text as pixels (LABEL, width, 3)."""
    image = Image.new("RGB", (width, LABEL), "white")
    ImageDraw.Draw(image).text((0, 0), text, fill="black")
    return np.asarray(image)


def misclassified(
    images: Examples,
    y: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: Sequence[str],
) -> Image.Image:
    """The test images (k, height, width, 3) that the net got wrong, with its answer under each."""
    wrong = np.flatnonzero(y != predicted)[:MOST]
    labels = [f"said {classes[predicted[i]]}"[:20] if predicted[i] >= 0 else "no number" for i in wrong]
    return _grid(list(images[wrong]), labels, width=128)


def labelled(images: Sequence[NDArray[np.uint8]], labels: Sequence[str]) -> Image.Image:
    """At most MOST images (height, width, 1, 3 or 4) with a label under each."""
    tiles = [
        image.repeat(3, axis=2)[..., :3] if image.shape[2] == 1 else image[..., :3] for image in images
    ]
    return _grid(tiles[:MOST], [label[:20] for label in labels[:MOST]], width=128)


def first_layer(W1: NDArray[np.floating], image_shape: tuple[int, ...]) -> Image.Image:
    """Each unit's weights W1 (n_1, n_0) as an image, grey at 0, the largest |w| of the unit at 0 or 255."""
    units = W1[:MOST]
    largest = np.maximum(units.max(axis=1, keepdims=True), -units.min(axis=1, keepdims=True))
    factors = 127.5 / np.where(largest > 0.0, largest, 1.0)
    scaled = factors * units
    scaled += 127.5
    if not np.isfinite(factors * largest).all():
        np.nan_to_num(scaled, copy=False, nan=127.5)
    shades = scaled.astype(np.uint8).reshape(-1, *image_shape)
    return _grid(list(shades), [f"unit {i + 1}" for i in range(len(units))], width=64)
