"""Subjects other than cats, in the same coats: animals, people, things, fur alone and empty scenes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnlab.data.painted.bodies import POSES, make_pen
from nnlab.data.painted.canvas import FULL, Pen, curve, mirrored, oval, ribbon, smooth
from nnlab.data.painted.coats import BROWN, CREAM, INK, PINK, Colour, brightness, mix

_GLASS: Colour = (176, 204, 216)


def other(pen: Pen) -> None:
    """Draws a random subject that is not a cat."""
    kind = pen.rng.uniform()
    kinds = ANIMALS if kind < 0.5 else THINGS if kind < 0.87 else EMPTY
    kinds[pen.rng.randint(len(kinds))](pen)


def _beast(head: Callable[[Pen], None], tail: float) -> Callable[[Pen], None]:
    def draw(pen: Pen) -> None:
        POSES[pen.rng.randint(len(POSES))](pen, head, tail)

    return draw


def _face(pen: Pen, width: float = 1.0) -> None:
    pen.part(oval(0.0, 0.0, width, 0.86))
    if pen.coat.pattern == "tuxedo":
        pen.fill(oval(0.0, 0.05, 0.2, 0.75), pen.coat.pale)


def _round_eyes(pen: Pen, x: float, y: float, r: float) -> None:
    for side in (-1.0, 1.0):
        if brightness(pen.coat.base) < 110:
            pen.fill(oval(side * x, y, r * 1.45, r * 1.45), pen.coat.pale)
        pen.fill(oval(side * x, y, r, r * 1.1), INK)
        pen.fill(oval(side * x + r / 3, y - r / 2, r / 3, r / 3), (255, 255, 255))


def _dog_head(pen: Pen) -> None:
    look, coat = pen.rng.uniform(-0.15, 0.15), pen.coat
    _face(pen, 0.82)
    drop = pen.rng.uniform(0.3, 0.75)
    flap = ((-0.5, -0.78), (-0.95, -0.6), (-1.12, 0.0), (-0.98, drop), (-0.7, 0.2), (-0.6, -0.3))
    for ear in mirrored(flap):
        pen.part(smooth(ear))
        pen.fill(smooth(ear * 0.9), mix(coat.mark, coat.base, 0.3))
    pen.part(oval(look, 0.5, 0.44, 0.42))
    pen.fill(oval(look, 0.5, 0.41, 0.39), mix(coat.pale, coat.base, 0.3))
    if pen.rng.uniform() < 0.5:
        pen.fill(oval(look, 0.86, 0.14, 0.24), (222, 112, 116))
    pen.line(curve(((look - 0.3, 0.62), (look, 0.72), (look + 0.3, 0.62))), 0.05, INK)
    pen.fill(oval(look, 0.3, 0.2, 0.14), INK)
    _round_eyes(pen.at(look, 0.0, 1.0), 0.34, -0.14, 0.13)


def _rabbit_head(pen: Pen) -> None:
    lean = pen.rng.uniform(0.0, 0.3)
    for side in (-1.0, 1.0):
        ear = oval(side * (0.34 + lean / 2), -1.35, 0.22, 0.8, side * lean)
        pen.part(ear)
        middle = ear.mean(0)
        pen.fill(middle + (ear - middle) * 0.6, mix(PINK, pen.coat.base, 0.25))
    _face(pen, 0.8)
    _round_eyes(pen, 0.5, -0.1, 0.14)
    _snout(pen, 0.45, 0.3, PINK)


def _snout(pen: Pen, y: float, r: float, nose: Colour) -> None:
    pen.fill(oval(0.0, y, r * 1.2, r), mix(pen.coat.pale, pen.coat.base, 0.2))
    pen.fill(oval(0.0, y - r / 2, r * 0.42, r * 0.3), nose)
    pen.line(((0.0, y - r / 4), (0.0, y + r / 2)), 0.045, INK)


def _bear_head(pen: Pen) -> None:
    _round_ears(pen, 0.68, -0.66, 0.33)
    _face(pen)
    _round_eyes(pen, 0.38, -0.12, 0.1)
    _snout(pen, 0.38, 0.38, INK)


def _mouse_head(pen: Pen) -> None:
    _round_ears(pen, 0.8, -0.7, 0.58)
    left, right = mirrored(((0.0, -0.75), (-0.75, -0.4), (-0.7, 0.2), (-0.2, 0.8)))
    pen.part(smooth(np.vstack((left, right[:0:-1]))))
    _round_eyes(pen, 0.4, -0.05, 0.14)
    pen.fill(oval(0.0, 0.78, 0.15, 0.12), PINK)


def _round_ears(pen: Pen, x: float, y: float, r: float) -> None:
    for side in (-1.0, 1.0):
        pen.part(oval(side * x, y, r, r))
        pen.fill(oval(side * x, y, r * 0.62, r * 0.62), mix(PINK, pen.coat.base, 0.4))


def _bird(pen: Pen) -> None:
    pen.part(np.array(((0.5, 0.1), (1.3, 0.3), (1.25, 0.6), (0.4, 0.5))))
    for x in (-0.1, 0.15):
        pen.line(((x, 0.6), (x, 1.0)), 0.06, INK)
    pen.part(smooth(((-0.6, -0.2), (0.1, -0.25), (0.75, 0.25), (0.2, 0.72), (-0.5, 0.5))))
    pen.part(oval(-0.42, -0.4, 0.38, 0.36))
    pen.fill(smooth(((-0.15, 0.0), (0.5, 0.05), (0.9, 0.35), (0.2, 0.4))), pen.coat.mark)
    pen.fill(((-0.74, -0.5), (-1.12, -0.34), (-0.74, -0.24)), (222, 160, 50))
    pen.fill(oval(-0.5, -0.46, 0.09, 0.09), INK)


def _fish(pen: Pen) -> None:
    pen.part(np.array(((0.6, 0.0), (1.2, -0.5), (1.08, 0.0), (1.2, 0.5))))
    pen.part(np.array(((-0.3, -0.4), (0.15, -0.85), (0.45, -0.3))))
    pen.part(smooth(((-1.0, 0.0), (-0.3, -0.5), (0.75, -0.08), (0.75, 0.08), (-0.3, 0.5))))
    pen.line(curve(((-0.45, -0.35), (-0.3, 0.0), (-0.45, 0.35))), 0.06, pen.coat.mark)
    pen.fill(oval(-0.68, -0.1, 0.11, 0.11), (250, 250, 245))
    pen.fill(oval(-0.69, -0.1, 0.06, 0.06), INK)


def _person(pen: Pen) -> None:
    rng, skin = pen.rng, mix(CREAM[0], BROWN[0], pen.rng.uniform(0.0, 1.0))
    if rng.uniform() < 0.4:
        for side in (-1.0, 1.0):  # buns of hair in the place of a cat's ears
            pen.part(oval(side * 0.52, -0.9, 0.26, 0.26))
    pen.part(oval(0.0, -0.25, 0.78, rng.uniform(0.75, 1.1)))
    pen.part(smooth(((-1.1, 1.6), (-0.9, 0.95), (0.0, 0.75), (0.9, 0.95), (1.1, 1.6))))
    pen.fill(((-0.22, 0.4), (0.22, 0.4), (0.26, 0.9), (-0.26, 0.9)), mix(skin, INK, 0.15))
    pen.fill(oval(0.0, -0.02, 0.58, 0.72), skin)
    for side in (-1.0, 1.0):
        pen.fill(oval(side * 0.24, -0.08, 0.12, 0.08), (250, 250, 245))
        pen.fill(oval(side * 0.24, -0.08, 0.06, 0.07), INK)
        pen.line(((side * 0.12, -0.26), (side * 0.38, -0.27)), 0.06, mix(skin, INK, 0.6))
    pen.line(((0.0, -0.02), (-0.07, 0.2), (0.04, 0.21)), 0.04, mix(skin, INK, 0.35))
    pen.line(curve(((-0.2, 0.38), (0.0, 0.46), (0.2, 0.38))), 0.07, (178, 76, 76))


def _cup(pen: Pen) -> None:
    pen.line(curve(((0.5, -0.2), (1.0, -0.2), (0.95, 0.35), (0.45, 0.4))), 0.15, pen.coat.edge)
    pen.part(np.array(((-0.7, -0.55), (0.7, -0.55), (0.5, 0.75), (-0.5, 0.75))))
    pen.part(oval(0.0, -0.55, 0.7, 0.2))
    pen.fill(oval(0.0, -0.52, 0.6, 0.14), mix(BROWN[1], INK, 0.3))


def _ball(pen: Pen) -> None:
    pen.part(oval(0.0, 0.0, 0.85, 0.85))
    for bow in mirrored(((-0.6, -0.6), (-0.25, 0.0), (-0.6, 0.6))):
        pen.line(curve(bow), 0.08, pen.coat.pale)
    pen.fill(oval(0.0, -0.55, 0.14, 0.1), (250, 250, 245))


def _car(pen: Pen) -> None:
    roof = ((-0.7, 0.1), (-0.45, -0.38), (0.35, -0.38), (0.68, 0.1))
    pen.part(np.array((*roof, (1.15, 0.18), (1.15, 0.55), (-1.15, 0.55), (-1.1, 0.15))))
    pen.fill(((-0.55, 0.08), (-0.38, -0.28), (-0.05, -0.28), (-0.05, 0.08)), _GLASS)
    pen.fill(((0.05, 0.08), (0.05, -0.28), (0.3, -0.28), (0.52, 0.08)), _GLASS)
    for x in (-0.65, 0.65):
        pen.fill(oval(x, 0.55, 0.26, 0.26), INK)
        pen.fill(oval(x, 0.55, 0.12, 0.12), (190, 190, 192))


def _house(pen: Pen) -> None:
    pen.part(np.array(((-0.75, -0.1), (0.75, -0.1), (0.75, 0.9), (-0.75, 0.9))))
    roof = np.array(((-0.95, -0.05), (0.0, -0.95), (0.95, -0.05)))
    pen.fill(roof, mix(pen.coat.mark, INK, 0.2))
    pen.fill(((-0.15, 0.35), (0.2, 0.35), (0.2, 0.9), (-0.15, 0.9)), mix(BROWN[1], INK, 0.2))
    for x in (-0.5, 0.5):
        pane = ((x - 0.16, 0.1), (x + 0.16, 0.1), (x + 0.16, 0.42), (x - 0.16, 0.42))
        pen.fill(pane, _GLASS)


def _flower(pen: Pen) -> None:
    stem: Colour = (70, 110, 50)
    pen.line(curve(((0.0, 0.0), (0.08, 0.6), (0.0, 1.6))), 0.1, stem)
    pen.fill(oval(0.32, 0.85, 0.34, 0.13, -0.5), stem)
    petals = pen.rng.randint(5, 9)
    for angle in np.arange(petals) * 2 * np.pi / petals + pen.rng.uniform(0.0, 1.0):
        x, y = 0.5 * np.cos(angle), 0.5 * np.sin(angle) - 0.25
        pen.part(oval(x, y, 0.4, 0.22, angle))
    pen.fill(oval(0.0, -0.25, 0.24, 0.24), pen.coat.mark)


def _lamp(pen: Pen) -> None:
    pen.fill(((-0.05, -0.2), (0.05, -0.2), (0.05, 0.85), (-0.05, 0.85)), INK)
    pen.part(oval(0.0, 0.88, 0.4, 0.12))
    pen.part(np.array(((-0.35, -0.9), (0.35, -0.9), (0.72, -0.05), (-0.72, -0.05))))


def _chair(pen: Pen) -> None:
    for x in (-0.5, 0.5):
        pen.fill(ribbon(((x, 0.2), (x, 0.6), (x * 1.1, 1.0)), 0.08, 0.06), pen.coat.edge)
    pen.part(smooth(((-0.6, -0.85), (0.6, -0.85), (0.62, 0.1), (-0.62, 0.1))))
    pen.part(smooth(((-0.78, 0.05), (0.78, 0.05), (0.85, 0.4), (-0.85, 0.4))))


def _fur_only(pen: Pen) -> None:
    near = make_pen(pen.image, pen.coat, pen.rng, np.full(2, FULL / 2), FULL * 0.6, 0.0)
    pen.image.paste(near.fur, (0, 0))


def _nothing(pen: Pen) -> None:
    """An empty scene."""


ANIMALS: tuple[Callable[[Pen], None], ...] = (
    _beast(_dog_head, 0.6),
    _beast(_dog_head, 0.6),
    _beast(_rabbit_head, 0.2),
    _beast(_bear_head, 0.15),
    _beast(_mouse_head, 1.0),
    _bird,
    _fish,
    _person,
    _person,
)
THINGS: tuple[Callable[[Pen], None], ...] = (
    _cup,
    _ball,
    _car,
    _house,
    _flower,
    _lamp,
    _chair,
)
EMPTY: tuple[Callable[[Pen], None], ...] = (_fur_only, _nothing)
