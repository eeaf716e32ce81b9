"""The pen that draws one subject (an animal, a person or a thing) on a picture, and shapes for it.

A subject is drawn in its own frame: the origin is its middle, y points downwards, and one unit is
about half of its size. Pictures are drawn at four times the final size, so that shrinking them smooths
every edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from nnlab.data.painted.coats import Coat, Colour

SIDE = 64
SCALE = 4
FULL = SIDE * SCALE

Points = NDArray[np.float64]

_ANGLES = np.linspace(0.0, 2 * np.pi, 28, endpoint=False)
_CIRCLE = np.column_stack((np.cos(_ANGLES), np.sin(_ANGLES)))
_T = np.linspace(0.0, 1.0, 6, endpoint=False)[:, None]
# Catmull-Rom weights of the four neighbouring points, for six steps between two of them
_SPLINE = 0.5 * np.hstack(
    (
        -_T + 2 * _T**2 - _T**3,
        2 - 5 * _T**2 + 3 * _T**3,
        _T + 4 * _T**2 - 3 * _T**3,
        _T**3 - _T**2,
    )
)


def turned(angle: float) -> Points:
    """Returns the (2, 2) matrix that turns points clockwise on the screen by `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((c, -s), (s, c)))


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """Returns an ellipse around (x, y) as a (28, 2) polygon."""
    return _CIRCLE * (rx, ry) @ turned(turn).T + (x, y)


def smooth(points: ArrayLike) -> Points:
    """Returns the closed smooth curve through n points as a (6n, 2) polygon."""
    p = np.asarray(points, dtype=np.float64)
    around = np.stack((np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)), axis=1)
    return (_SPLINE @ around).reshape(-1, 2)


def curve(points: ArrayLike) -> Points:
    """Returns the open smooth curve through n points as (6(n-1) + 1, 2) points."""
    p = np.asarray(points, dtype=np.float64)
    p = np.vstack((2 * p[0] - p[1], p, 2 * p[-1] - p[-2]))
    around = np.stack((p[:-3], p[1:-2], p[2:-1], p[3:]), axis=1)
    return np.vstack(((_SPLINE @ around).reshape(-1, 2), p[-2]))


def ribbon(points: ArrayLike, start: float, end: float) -> Points:
    """Returns the outline of a round-tipped tail along a curve, of radius `start` to `end`."""
    path = curve(points)
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = along[:, ::-1] * (-1, 1) * np.linspace(start, end, len(path))[:, None]
    return np.vstack((path + across, path[-1:] + along[-1] * end, (path - across)[::-1]))


def mirrored(points: ArrayLike) -> tuple[Points, Points]:
    """Returns a shape and its mirror image in the vertical axis."""
    p = np.asarray(points, dtype=np.float64)
    return p, p * (-1, 1)


@dataclass(frozen=True)
class Pen:
    """Draws one subject on a picture, in the subject's frame and coat.

    Attributes:
        image: The picture, (FULL, FULL) RGB, which is changed in place.
        matrix: (2, 2), from the subject's frame to picture pixels.
        origin: (2,), the subject's origin in picture pixels.
        coat: The colours of the subject.
        fur: The coat's pattern over the whole picture; a `part` shows it.
        rng: The picture's random numbers.
    """

    image: Image.Image
    matrix: Points
    origin: Points
    coat: Coat
    fur: Image.Image
    rng: RandomState

    def at(self, x: float, y: float, size: float, turn: float = 0.0) -> Pen:
        """Returns a pen with a new frame around (x, y), for a head on a body."""
        origin = self.place((x, y))
        return replace(self, matrix=self.matrix @ turned(turn) * size, origin=origin)

    def place(self, points: ArrayLike) -> Points:
        """Returns points (..., 2) of the subject's frame in picture pixels."""
        return np.asarray(points, dtype=np.float64) @ self.matrix.T + self.origin

    def pixels(self, length: float) -> int:
        """Returns a length of the subject's frame in whole picture pixels, at least one."""
        return max(1, round(length * float(np.hypot(*self.matrix[:, 0]))))

    def fill(self, outline: ArrayLike, colour: Colour) -> None:
        """Fills a polygon (n, 2) with one colour."""
        ImageDraw.Draw(self.image).polygon(self.place(outline).ravel().tolist(), fill=colour)

    def line(self, points: ArrayLike, width: float, colour: Colour) -> None:
        """Draws a line through points (n, 2)."""
        flat = self.place(points).ravel().tolist()
        ImageDraw.Draw(self.image).line(flat, fill=colour, width=self.pixels(width), joint="curve")

    def part(self, outline: Points, edge: float = 0.035) -> None:
        """Fills a polygon (n, 2) with the coat's pattern and draws a thin edge around it."""
        placed = self.place(outline)
        left, top = np.clip(np.floor(placed.min(0)), 0, FULL).astype(int).tolist()
        right, bottom = np.clip(np.ceil(placed.max(0)) + 1, 0, FULL).astype(int).tolist()
        if left >= right or top >= bottom:
            return
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon((placed - (left, top)).ravel().tolist(), fill=255)
        box = (left, top, right, bottom)
        self.image.paste(self.fur.crop(box), box, mask)
        if edge:
            self.line(np.vstack((outline, outline[:1])), edge, self.coat.edge)
