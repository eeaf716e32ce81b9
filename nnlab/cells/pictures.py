"""Pictures of a cell, drawn with Pillow in milliseconds: its mistakes on the test set, its first layer."""

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nnlab.config import Config
from nnlab.data import Dataset, Examples
from nnlab.errors import printable
from nnlab.nn import Answer, Array, answers

LARGEST = 512  # pixels of a side; of larger images every second, third, ... pixel is shown
GAP, LINE = 6, 20  # pixels around an image; of a line of text
LETTERS = 15  # pixels of their size; the MLflow UI shows the pictures somewhat smaller


@np.errstate(all="ignore")  # the weights of a diverged net
def of_net(cfg: Config, data: Dataset, W1: Array, A_L: Array) -> dict[str, Image.Image]:
    """The first layer's weights and the mistakes on the test set, where the data are colour images.

    W1 (n_1, n_0) and the outputs A_L (n_L, k) for the test images are those of a trained net.
    """
    shape = data.train.x.shape[1:]
    if len(shape) != 3 or shape[2] != 3:
        return {}
    drawn, test = {"first_layer": first_layer(W1, shape)}, data.test
    if data.train.regression:
        return drawn | {"largest_errors": largest_errors(test.x, test.y, A_L)}
    probability = cfg.model.output != "identity"
    return drawn | {"misclassified": misclassified(test.x, test.y, A_L, data.classes, probability)}


class Sheet:
    """Images of one size in rows, each enlarged by a whole factor to about ``width`` pixels."""

    def __init__(self, columns: int, width: int, most: int) -> None:
        self.columns, self._width = columns, width
        self.most = most  # images on it

    def draw(
        self, tiles: Sequence[NDArray[np.uint8]], labels: Sequence[str], heading: str = ""
    ) -> Image.Image:
        """The picture of tiles (height, width, 3), each above its label, which may have several lines."""
        shrink = max(1, *(-(-side // LARGEST) for side in tiles[0].shape[:2])) if tiles else 1
        tiles = [tile[::shrink, ::shrink] for tile in tiles]
        height_0, width_0 = tiles[0].shape[:2] if tiles else (1, self._width)
        zoom = max(1, self._width // max(height_0, width_0))
        top = GAP + (LINE + GAP if heading else 0)
        below = LINE * max((label.count("\n") + 1 for label in labels), default=0)
        step_x, step_y = zoom * width_0 + GAP, zoom * height_0 + below + GAP
        rows = -(-len(tiles) // self.columns)
        pixels = np.full((top + rows * step_y, self.columns * step_x + GAP, 3), 255, np.uint8)
        places = [
            (GAP + i % self.columns * step_x, top + i // self.columns * step_y) for i in range(len(tiles))
        ]
        for (x, y), tile in zip(places, tiles, strict=True):
            large = tile.repeat(zoom, axis=1).repeat(zoom, axis=0)
            pixels[y : y + len(large), x : x + large.shape[1]] = large
        for (x, y), label in zip(places, labels, strict=True):
            for number, line in enumerate(label.split("\n"), 1):
                under = y + zoom * height_0 + number * LINE
                pixels[under - LINE : under, x : x + step_x - GAP] = _text(line, step_x - GAP)
        if heading:
            pixels[GAP : GAP + LINE, GAP:] = _text(heading, pixels.shape[1] - GAP)
        return Image.fromarray(pixels)


@cache
def _font() -> ImageFont.FreeTypeFont:
    """DejaVu has the letters of most languages, Pillow's own font those of English alone.

    It comes with Matplotlib, which is not imported for it: that takes a moment in every worker.
    """
    package = find_spec("matplotlib")
    assert package is not None and package.origin is not None
    font = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(font, LETTERS)


@lru_cache(4096)  # the cells of a sweep say much the same, and FreeType takes half a millisecond
def _text(text: str, width: int) -> NDArray[np.uint8]:
    """A line of text as pixels (LINE, width, 3), as far as it fits."""
    text = kept = printable(text)
    while kept and _font().getlength(text) > width:
        kept = kept[:-1]
        text = f"{kept}..."
    image = Image.new("RGB", (width, LINE), "white")
    ImageDraw.Draw(image).text((0, 0), text, "black", _font())
    return np.asarray(image)


MISTAKES, ANSWERS, UNITS = Sheet(4, 192, 36), Sheet(8, 128, 64), Sheet(8, 64, 64)


def misclassified(
    images: Examples, y: NDArray[np.int64], A_L: Array, classes: Sequence[str], probability: bool
) -> Image.Image:
    """The test images (k, height, width, 3) that the net got wrong, the surest mistakes first.

    A_L (n_L, k) are its outputs; without ``probability`` they are no probabilities.
    """
    said = answers(A_L, classes)
    names = [classes[label] for label in y]
    wrong = [i for i, answer in enumerate(said) if answer.name != names[i]]
    wrong.sort(key=lambda i: (said[i].name is None, -said[i].probability))  # what is no number comes last
    labels = [f"is {names[i]}\n{_said(said[i], probability)}" for i in wrong[: MISTAKES.most]]
    heading = f"{len(wrong)} of {len(said)} test pictures are misclassified"
    return _mistakes(images, wrong, labels, f"{heading}; the surest mistakes")


def _said(answer: Answer, probability: bool) -> str:
    if answer.name is None:
        return "said no number"
    how = f"{answer.probability:.0%} sure of" if probability else f"output {answer.probability:.2f} for"
    return f"{how} {answer.name}"


def largest_errors(images: Examples, targets: NDArray[np.float64], A_L: Array) -> Image.Image:
    """The test images (k, height, width, 3) on which a regression is furthest from its targets (k, n_L)."""
    outputs = A_L.T
    error = np.nan_to_num(np.abs(outputs - targets).max(axis=1), nan=np.inf)
    worst = np.argsort(-error, kind="stable").tolist()
    labels = [f"is {_numbers(targets[i])}\nsaid {_numbers(outputs[i])}" for i in worst[: MISTAKES.most]]
    return _mistakes(images, worst, labels, f"{len(worst)} test pictures; the largest errors")


def _mistakes(images: Examples, places: list[int], labels: list[str], heading: str) -> Image.Image:
    shown = places[: len(labels)]
    first = f" (first {len(shown)})" if len(shown) < len(places) else ""
    tiles = list(images[np.array(shown, np.int64)]) if shown else []
    return MISTAKES.draw(
        tiles, labels, f"{heading} come first{first}" if shown else heading.partition(";")[0]
    )


def _numbers(values: NDArray[np.floating]) -> str:
    """At most three numbers of a target."""
    more = ", ..." if len(values) > 3 else ""
    return ", ".join(f"{value:.3g}" for value in values[:3]) + more


def labelled(images: Sequence[NDArray[np.uint8]], labels: Sequence[str]) -> Image.Image:
    """At most 64 images (height, width, 1, 3 or 4) with a label under each."""
    tiles = [
        image.repeat(3, axis=2)[..., :3] if image.shape[2] == 1 else image[..., :3] for image in images
    ]
    return ANSWERS.draw(tiles[: ANSWERS.most], labels[: ANSWERS.most])


def first_layer(W1: NDArray[np.floating], image_shape: tuple[int, ...]) -> Image.Image:
    """Each unit's weights W1 (n_1, n_0) as an image, grey at 0, the largest |w| of the unit at 0 or 255."""
    units = W1[: UNITS.most]
    largest = np.maximum(units.max(axis=1, keepdims=True), -units.min(axis=1, keepdims=True))
    factors = 127.5 / np.where(largest > 0.0, largest, 1.0)
    scaled = factors * units
    scaled += 127.5
    if not np.isfinite(factors * largest).all():
        np.nan_to_num(scaled, copy=False, nan=127.5)
    shades = scaled.astype(np.uint8).reshape(-1, *image_shape)
    return UNITS.draw(list(shades), [f"unit {i + 1}" for i in range(len(units))])
