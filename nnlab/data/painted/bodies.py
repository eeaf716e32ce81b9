"""Bodies: fur and the poses that painted cats share with the other animals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState
from PIL import Image, ImageChops, ImageDraw

from nnlab.data.painted.canvas import FULL, Figure, Points, curve, mirrored, oval, ribbon, smooth, turned
from nnlab.data.painted.coats import Coat, Colour, mix

Head = Callable[[Figure], None]
Pose = Callable[[Figure, Head, float], None]

# light falls from above
_SHADE = Image.merge(
    "RGB", [Image.linear_gradient("L").point(lambda v: 255 - v * 70 // 255).resize((FULL, FULL))] * 3
)


def figure(
    image: Image.Image, coat: Coat, rng: RandomState, place: Points, size: float, turn: float
) -> Figure:
    """Returns a figure at `place` (2,), of `size` picture pixels a unit, maybe mirrored."""
    flip = np.diag((1.0 if rng.uniform() < 0.5 else -1.0, 1.0))
    matrix = turned(turn) @ flip * size
    bare = Figure(image, matrix, place, coat, Image.new("RGB", (FULL, FULL), coat.base), rng)
    return Figure(image, matrix, place, coat, _fur(bare), rng)


def _fur(bare: Figure) -> Image.Image:
    """Lays the figure's coat out over a whole picture, in the figure's frame."""
    coat, rng = bare.coat, bare.rng
    layer = Figure(bare.fur, bare.matrix, bare.origin, coat, bare.fur, rng)
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
    for x, y, dx, dy in rng.randint(0, FULL, (110, 4)).tolist():
        hair = mix(coat.base, coat.mark if dx % 2 else coat.pale, 0.35)
        draw.line((x, y, x + dx % 9 - 4, y + 5 + dy % 9), fill=hair, width=2)
    return ImageChops.multiply(bare.fur, _SHADE)


def _paws(fig: Figure, xs: tuple[float, ...], y: float, r: float) -> None:
    coat = fig.coat
    colour = coat.tips if coat.pattern in ("points", "solid") else coat.pale
    for x in xs:
        fig.part(oval(x, y, r * 1.2, r))
        fig.fill(oval(x, y, r * 1.08, r * 0.88), mix(colour, coat.base, 0.2))
        for toe in (-0.3, 0.3):
            fig.line(((x + toe * r, y), (x + toe * r, y + 0.75 * r)), 0.025, coat.edge)


def _tail(fig: Figure, path: Points, length: float) -> None:
    """Draws the first `length` share of a tail along `path` (n, 2), tipped in the tips' colour."""
    path = path[0] + (path - path[0]) * length
    radius = 0.09 if length > 0.3 else 0.14
    fig.part(ribbon(path, radius, radius * 0.75))
    if fig.coat.tips != fig.coat.base or fig.coat.pattern == "tuxedo":
        colour: Colour = fig.coat.pale if fig.coat.pattern == "tuxedo" else fig.coat.tips
        fig.fill(ribbon(curve(path)[-5:], radius * 0.8, radius * 0.7), colour)


def _chest(fig: Figure, x: float, y: float, rx: float, ry: float) -> None:
    if fig.coat.pattern != "points" and fig.coat.pale != fig.coat.base:
        share = 0.0 if fig.coat.pattern == "tuxedo" else 0.35
        fig.fill(oval(x, y, rx, ry), mix(fig.coat.pale, fig.coat.base, share))


def close_up(fig: Figure, head: Head, tail: float) -> None:
    """A face that fills the picture, with shoulders under it."""
    fig.part(smooth(((-0.75, 1.7), (-0.7, 0.75), (0.0, 0.35), (0.7, 0.75), (0.75, 1.7))))
    _chest(fig, 0.0, 1.15, 0.34, 0.5)
    head(fig.at(0.0, 0.05, 0.82, fig.rng.uniform(-0.2, 0.2)))


def sitting(fig: Figure, head: Head, tail: float) -> None:
    """The whole animal, sitting and facing the camera."""
    bend = fig.rng.uniform(-0.2, 0.3)
    path = np.array(((0.4, 0.85), (0.8, 0.8), (0.98, 0.4 + bend), (0.85, 0.0 + bend)))
    _tail(fig, path, tail)
    half = ((0.0, -0.35), (-0.3, -0.1), (-0.42, 0.35), (-0.56, 0.72), (-0.45, 0.98), (0.0, 1.0))
    left, right = mirrored(half)
    fig.part(smooth(np.vstack((left, right[-2:0:-1]))))
    _chest(fig, 0.0, 0.2, 0.2, 0.42)
    for x in (-0.36, 0.0, 0.36):
        fig.line(((x, 0.35), (0.9 * x, 0.92)), 0.03, fig.coat.edge)
    _paws(fig, (-0.2, 0.2), 0.95, 0.13)
    head(fig.at(0.0, -0.46, 0.46, fig.rng.uniform(-0.25, 0.25)))


def lying(fig: Figure, head: Head, tail: float) -> None:
    """A loaf: a long low body with the head at one end."""
    _tail(fig, np.array(((0.85, 0.55), (1.25, 0.7), (0.95, 0.9), (0.3, 0.88))), tail)
    top = fig.rng.uniform(-0.2, 0.05)
    back = ((-0.85, 0.75), (-0.85, 0.2), (-0.2, top), (0.6, top), (1.08, 0.3), (1.0, 0.8))
    fig.part(smooth((*back, (0.0, 0.9))))
    fig.line(curve(((0.45, 0.8), (0.4, 0.5), (0.65, 0.3), (0.9, 0.4))), 0.03, fig.coat.edge)
    _paws(fig, (-0.75, -0.4), 0.82, 0.13)
    head(fig.at(-0.55, 0.02, 0.5, fig.rng.uniform(-0.25, 0.25)))


def walking(fig: Figure, head: Head, tail: float) -> None:
    """Side view on four legs, tail up, the head towards the camera."""
    lift = fig.rng.uniform(-0.3, 0.2)
    _tail(fig, np.array(((0.8, 0.1), (1.05, -0.3), (0.95, -0.7 + lift), (1.15, -0.95 + lift))), tail)
    step = fig.rng.uniform(-0.12, 0.12)
    for x, dx in ((-0.42, step), (-0.2, -step), (0.5, step), (0.74, -step)):
        fig.part(ribbon(((x, 0.2), (x + dx / 2, 0.6), (x + dx, 0.88)), 0.15, 0.1))
        _paws(fig, (x + dx - 0.03,), 0.92, 0.09)
    back = ((-0.6, 0.3), (-0.55, -0.12), (0.1, -0.08), (0.75, -0.15), (0.92, 0.2), (0.6, 0.45))
    fig.part(smooth((*back, (0.0, 0.42))))
    head(fig.at(-0.6, -0.22, 0.42, fig.rng.uniform(-0.25, 0.25)))


def peeking(fig: Figure, head: Head, tail: float) -> None:
    """A head and two paws over an edge that hides the rest."""
    head(fig.at(0.0, 0.0, 0.72, fig.rng.uniform(-0.2, 0.2)))
    colour = mix(fig.coat.other, (120, 100, 90), fig.rng.uniform(0.3, 1.0))
    fig.fill(((-5, 0.42), (5, 0.42), (5, 5), (-5, 5)), colour)
    fig.fill(((-5, 0.42), (5, 0.42), (5, 0.5), (-5, 0.5)), mix(colour, (255, 255, 255), 0.25))
    _paws(fig, (-0.62, 0.62), 0.44, 0.17)


POSES: tuple[Pose, ...] = (close_up, close_up, sitting, sitting, lying, walking, peeking)
