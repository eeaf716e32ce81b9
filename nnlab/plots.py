"""Pictures of a cell, drawn with Pillow in milliseconds: wrong test images, first-layer weights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CELL = 80  # pixels of one image, without its label
LABEL = 12  # pixels of the label under it
COLUMNS = 8
MOST = 64  # images in one picture


def _grid(tiles: Sequence[NDArray[np.uint8]], labels: Sequence[str]) -> Image.Image:
    """Tiles (height, width, 3) enlarged to CELL x CELL, labelled, in rows of COLUMNS."""
    rows = -(-len(tiles) // COLUMNS) or 1
    size = (COLUMNS * (CELL + 4) + 4, rows * (CELL + LABEL + 6) + 4)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for i, (tile, label) in enumerate(zip(tiles, labels, strict=True)):
        x, y = 4 + i % COLUMNS * (CELL + 4), 4 + i // COLUMNS * (CELL + LABEL + 6)
        picture = Image.fromarray(tile).resize((CELL, CELL), Image.Resampling.NEAREST)
        sheet.paste(picture, (x, y))
        draw.text((x, y + CELL), label, fill="black")
    return sheet


def misclassified(
    images: NDArray[np.uint8],
    y: NDArray[np.int64],
    predicted: NDArray[np.int64],
    classes: Sequence[str],
) -> Image.Image:
    """The test images (k, height, width, 3) that the net got wrong, under each what it said."""
    wrong = np.flatnonzero(y != predicted)[:MOST]
    labels = [f"said {classes[predicted[i]]}"[:13] if predicted[i] >= 0 else "no number" for i in wrong]
    return _grid([images[i] for i in wrong], labels)


def first_layer(W1: NDArray[np.floating], image_shape: tuple[int, ...]) -> Image.Image:
    """Each unit's weights W1 (n_1, n_0) as an image, grey at 0, the largest |w| of the unit at 0 or 255."""
    units = W1[:MOST].reshape(-1, *image_shape)
    largest = np.abs(units).max(axis=(1, 2, 3), keepdims=True)
    scaled = 127.5 + 127.5 * units / np.where(largest > 0.0, largest, 1.0)
    labels = [f"unit {i + 1}" for i in range(len(units))]
    return _grid(list(np.nan_to_num(scaled, nan=127.5).astype(np.uint8)), labels)
