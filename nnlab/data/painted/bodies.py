"""Bodies: fur and poses, which painted cats share with the other animals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState
from PIL import Image, ImageChops, ImageDraw

from nnlab.data.painted.canvas import FULL, Pen, Points, curve, mirrored, oval, ribbon, smooth, turned
from nnlab.data.painted.coats import Coat, Colour, mix

Head = Callable[[Pen], None]
Pose = Callable[[Pen, Head, float], None]

# light falls from above
_SHADE = Image.merge(
    "RGB", [Image.linear_gradient("L").point(lambda v: 255 - v * 70 // 255).resize((FULL, FULL))] * 3
)


def make_pen(
    image: Image.Image, coat: Coat, rng: RandomState, place: Points, size: float, turn: float
) -> Pen:
    """Returns a pen for a subject at `place` (2,), half of the time mirrored.

    One unit of the subject's frame is `size` picture pixels.
    """
    flip = np.diag((1.0 if rng.uniform() < 0.5 else -1.0, 1.0))
    matrix = turned(turn) @ flip * size
    bare = Pen(image, matrix, place, coat, Image.new("RGB", (FULL, FULL), coat.base), rng)
    return Pen(image, matrix, place, coat, _fur(bare), rng)


def _fur(bare: Pen) -> Image.Image:
    """Returns the coat's pattern over a whole picture, drawn in the subject's frame."""
    coat, rng = bare.coat, bare.rng
    layer = Pen(bare.fur, bare.matrix, bare.origin, coat, bare.fur, rng)
    if coat.pattern == "tabby":
        for x in np.arange(-1.6, 1.6, rng.uniform(0.2, 0.3)):
            bend, wide = rng.uniform(-0.1, 0.2), rng.uniform(0.05, 0.11)
            layer.line(curve(((x, -1.5), (x + bend, 0.2), (x, 1.5))), wide, coat.mark)
    elif coat.pattern == "patches":
        for _ in range(9):
            x, y, r = rng.uniform(-1.2, 1.2), rng.uniform(-1.2, 1.2), rng.uniform(0.2, 0.45)
            colour = coat.mark if rng.uniform() < 0.5 else coat.other
            layer.fill(oval(x, y, r, r * rng.uniform(0.6, 1.3), rng.uniform(0, 3)), colour)
    draw = ImageDraw.Draw(bare.fur)
    hair = mix(coat.base, coat.pale, 0.35), mix(coat.base, coat.mark, 0.35)
    for x, y, dx, dy in rng.randint(0, FULL, (110, 4)).tolist():
        draw.line((x, y, x + dx % 9 - 4, y + 5 + dy % 9), fill=hair[dx % 2], width=2)
    return ImageChops.multiply(bare.fur, _SHADE)


def _paws(pen: Pen, xs: tuple[float, ...], y: float, r: float) -> None:
    coat = pen.coat
    colour = coat.tips if coat.pattern in ("points", "solid") else coat.pale
    for x in xs:
        pen.part(oval(x, y, r * 1.2, r))
        pen.fill(oval(x, y, r * 1.08, r * 0.88), mix(colour, coat.base, 0.2))
        for toe in (-0.3, 0.3):
            pen.line(((x + toe * r, y), (x + toe * r, y + 0.75 * r)), 0.025, coat.edge)


def _tail(pen: Pen, path: Points, length: float) -> None:
    """Draws a tail along `path` (n, 2), shortened to the share `length`, with a tip of another colour."""
    path = path[0] + (path - path[0]) * length
    radius = 0.09 if length > 0.3 else 0.14
    pen.part(ribbon(path, radius, radius * 0.75))
    if pen.coat.tips != pen.coat.base or pen.coat.pattern == "tuxedo":
        colour: Colour = pen.coat.pale if pen.coat.pattern == "tuxedo" else pen.coat.tips
        pen.fill(ribbon(curve(path)[-5:], radius * 0.8, radius * 0.7), colour)


def _chest(pen: Pen, x: float, y: float, rx: float, ry: float) -> None:
    if pen.coat.pattern != "points" and pen.coat.pale != pen.coat.base:
        share = 0.0 if pen.coat.pattern == "tuxedo" else 0.35
        pen.fill(oval(x, y, rx, ry), mix(pen.coat.pale, pen.coat.base, share))


def close_up(pen: Pen, head: Head, tail: float) -> None:
    """A face that fills the picture, with shoulders under it."""
    pen.part(smooth(((-0.75, 1.7), (-0.7, 0.75), (0.0, 0.35), (0.7, 0.75), (0.75, 1.7))))
    _chest(pen, 0.0, 1.15, 0.34, 0.5)
    head(pen.at(0.0, 0.05, 0.82, pen.rng.uniform(-0.2, 0.2)))


def sitting(pen: Pen, head: Head, tail: float) -> None:
    """The whole animal, sitting and facing the camera."""
    bend = pen.rng.uniform(-0.2, 0.3)
    path = np.array(((0.4, 0.85), (0.8, 0.8), (0.98, 0.4 + bend), (0.85, 0.0 + bend)))
    _tail(pen, path, tail)
    half = ((0.0, -0.35), (-0.3, -0.1), (-0.42, 0.35), (-0.56, 0.72), (-0.45, 0.98), (0.0, 1.0))
    left, right = mirrored(half)
    pen.part(smooth(np.vstack((left, right[-2:0:-1]))))
    _chest(pen, 0.0, 0.2, 0.2, 0.42)
    for x in (-0.36, 0.0, 0.36):
        pen.line(((x, 0.35), (0.9 * x, 0.92)), 0.03, pen.coat.edge)
    _paws(pen, (-0.2, 0.2), 0.95, 0.13)
    head(pen.at(0.0, -0.46, 0.46, pen.rng.uniform(-0.25, 0.25)))


def lying(pen: Pen, head: Head, tail: float) -> None:
    """A long low body with the head at one end."""
    _tail(pen, np.array(((0.85, 0.55), (1.25, 0.7), (0.95, 0.9), (0.3, 0.88))), tail)
    top = pen.rng.uniform(-0.2, 0.05)
    back = ((-0.85, 0.75), (-0.85, 0.2), (-0.2, top), (0.6, top), (1.08, 0.3), (1.0, 0.8))
    pen.part(smooth((*back, (0.0, 0.9))))
    pen.line(curve(((0.45, 0.8), (0.4, 0.5), (0.65, 0.3), (0.9, 0.4))), 0.03, pen.coat.edge)
    _paws(pen, (-0.75, -0.4), 0.82, 0.13)
    head(pen.at(-0.55, 0.02, 0.5, pen.rng.uniform(-0.25, 0.25)))


def walking(pen: Pen, head: Head, tail: float) -> None:
    """Side view on four legs, tail up, the head towards the camera."""
    lift = pen.rng.uniform(-0.3, 0.2)
    _tail(pen, np.array(((0.8, 0.1), (1.05, -0.3), (0.95, -0.7 + lift), (1.15, -0.95 + lift))), tail)
    step = pen.rng.uniform(-0.12, 0.12)
    for x, dx in ((-0.42, step), (-0.2, -step), (0.5, step), (0.74, -step)):
        pen.part(ribbon(((x, 0.2), (x + dx / 2, 0.6), (x + dx, 0.88)), 0.15, 0.1))
        _paws(pen, (x + dx - 0.03,), 0.92, 0.09)
    back = ((-0.6, 0.3), (-0.55, -0.12), (0.1, -0.08), (0.75, -0.15), (0.92, 0.2), (0.6, 0.45))
    pen.part(smooth((*back, (0.0, 0.42))))
    head(pen.at(-0.6, -0.22, 0.42, pen.rng.uniform(-0.25, 0.25)))


def peeking(pen: Pen, head: Head, tail: float) -> None:
    """A head and two paws over an edge that hides the rest."""
    head(pen.at(0.0, 0.0, 0.72, pen.rng.uniform(-0.2, 0.2)))
    colour = mix(pen.coat.other, (120, 100, 90), pen.rng.uniform(0.3, 1.0))
    pen.fill(((-5, 0.42), (5, 0.42), (5, 5), (-5, 5)), colour)
    pen.fill(((-5, 0.42), (5, 0.42), (5, 0.5), (-5, 0.5)), mix(colour, (255, 255, 255), 0.25))
    _paws(pen, (-0.62, 0.62), 0.44, 0.17)


POSES: tuple[Pose, ...] = (close_up, close_up, sitting, sitting, lying, walking, peeking)
