"""Whatever is no cat, in the cats' own coats: other animals, people, things, some fur and empty rooms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnlab.data.painted.bodies import POSES, figure
from nnlab.data.painted.canvas import FULL, Figure, curve, mirrored, oval, ribbon, smooth
from nnlab.data.painted.coats import BROWN, CREAM, INK, PINK, Colour, brightness, mix

_GLASS: Colour = (176, 204, 216)


def other(fig: Figure) -> None:
    """Draws something that is no cat."""
    kind = fig.rng.uniform()
    kinds = ANIMALS if kind < 0.5 else THINGS if kind < 0.87 else EMPTY
    kinds[fig.rng.randint(len(kinds))](fig)


def _beast(head: Callable[[Figure], None], tail: float) -> Callable[[Figure], None]:
    def draw(fig: Figure) -> None:
        POSES[fig.rng.randint(len(POSES))](fig, head, tail)

    return draw


def _face(fig: Figure, width: float = 1.0) -> None:
    fig.part(oval(0.0, 0.0, width, 0.86))
    if fig.coat.pattern == "tuxedo":
        fig.fill(oval(0.0, 0.05, 0.2, 0.75), fig.coat.pale)


def _round_eyes(fig: Figure, x: float, y: float, r: float) -> None:
    for side in (-1.0, 1.0):
        if brightness(fig.coat.base) < 110:
            fig.fill(oval(side * x, y, r * 1.45, r * 1.45), fig.coat.pale)
        fig.fill(oval(side * x, y, r, r * 1.1), INK)
        fig.fill(oval(side * x + r / 3, y - r / 2, r / 3, r / 3), (255, 255, 255))


def _dog_head(fig: Figure) -> None:
    look, coat = fig.rng.uniform(-0.15, 0.15), fig.coat
    _face(fig, 0.82)
    drop = fig.rng.uniform(0.3, 0.75)
    flap = ((-0.5, -0.78), (-0.95, -0.6), (-1.12, 0.0), (-0.98, drop), (-0.7, 0.2), (-0.6, -0.3))
    for ear in mirrored(flap):
        fig.part(smooth(ear))
        fig.fill(smooth(ear * 0.9), mix(coat.mark, coat.base, 0.3))
    fig.part(oval(look, 0.5, 0.44, 0.42))
    fig.fill(oval(look, 0.5, 0.41, 0.39), mix(coat.pale, coat.base, 0.3))
    if fig.rng.uniform() < 0.5:
        fig.fill(oval(look, 0.86, 0.14, 0.24), (222, 112, 116))
    fig.line(curve(((look - 0.3, 0.62), (look, 0.72), (look + 0.3, 0.62))), 0.05, INK)
    fig.fill(oval(look, 0.3, 0.2, 0.14), INK)
    _round_eyes(fig.at(look, 0.0, 1.0), 0.34, -0.14, 0.13)


def _rabbit_head(fig: Figure) -> None:
    lean = fig.rng.uniform(0.0, 0.3)
    for side in (-1.0, 1.0):
        ear = oval(side * (0.34 + lean / 2), -1.35, 0.22, 0.8, side * lean)
        fig.part(ear)
        middle = ear.mean(0)
        fig.fill(middle + (ear - middle) * 0.6, mix(PINK, fig.coat.base, 0.25))
    _face(fig, 0.8)
    _round_eyes(fig, 0.5, -0.1, 0.14)
    _snout(fig, 0.45, 0.3, PINK)


def _snout(fig: Figure, y: float, r: float, nose: Colour) -> None:
    fig.fill(oval(0.0, y, r * 1.2, r), mix(fig.coat.pale, fig.coat.base, 0.2))
    fig.fill(oval(0.0, y - r / 2, r * 0.42, r * 0.3), nose)
    fig.line(((0.0, y - r / 4), (0.0, y + r / 2)), 0.045, INK)


def _bear_head(fig: Figure) -> None:
    _round_ears(fig, 0.68, -0.66, 0.33)
    _face(fig)
    _round_eyes(fig, 0.38, -0.12, 0.1)
    _snout(fig, 0.38, 0.38, INK)


def _mouse_head(fig: Figure) -> None:
    _round_ears(fig, 0.8, -0.7, 0.58)
    left, right = mirrored(((0.0, -0.75), (-0.75, -0.4), (-0.7, 0.2), (-0.2, 0.8)))
    fig.part(smooth(np.vstack((left, right[:0:-1]))))
    _round_eyes(fig, 0.4, -0.05, 0.14)
    fig.fill(oval(0.0, 0.78, 0.15, 0.12), PINK)


def _round_ears(fig: Figure, x: float, y: float, r: float) -> None:
    for side in (-1.0, 1.0):
        fig.part(oval(side * x, y, r, r))
        fig.fill(oval(side * x, y, r * 0.62, r * 0.62), mix(PINK, fig.coat.base, 0.4))


def _bird(fig: Figure) -> None:
    fig.part(np.array(((0.5, 0.1), (1.3, 0.3), (1.25, 0.6), (0.4, 0.5))))
    for x in (-0.1, 0.15):
        fig.line(((x, 0.6), (x, 1.0)), 0.06, INK)
    fig.part(smooth(((-0.6, -0.2), (0.1, -0.25), (0.75, 0.25), (0.2, 0.72), (-0.5, 0.5))))
    fig.part(oval(-0.42, -0.4, 0.38, 0.36))
    fig.fill(smooth(((-0.15, 0.0), (0.5, 0.05), (0.9, 0.35), (0.2, 0.4))), fig.coat.mark)
    fig.fill(((-0.74, -0.5), (-1.12, -0.34), (-0.74, -0.24)), (222, 160, 50))
    fig.fill(oval(-0.5, -0.46, 0.09, 0.09), INK)


def _fish(fig: Figure) -> None:
    fig.part(np.array(((0.6, 0.0), (1.2, -0.5), (1.08, 0.0), (1.2, 0.5))))
    fig.part(np.array(((-0.3, -0.4), (0.15, -0.85), (0.45, -0.3))))
    fig.part(smooth(((-1.0, 0.0), (-0.3, -0.5), (0.75, -0.08), (0.75, 0.08), (-0.3, 0.5))))
    fig.line(curve(((-0.45, -0.35), (-0.3, 0.0), (-0.45, 0.35))), 0.06, fig.coat.mark)
    fig.fill(oval(-0.68, -0.1, 0.11, 0.11), (250, 250, 245))
    fig.fill(oval(-0.69, -0.1, 0.06, 0.06), INK)


def _person(fig: Figure) -> None:
    rng, skin = fig.rng, mix(CREAM[0], BROWN[0], fig.rng.uniform(0.0, 1.0))
    if rng.uniform() < 0.4:
        for side in (-1.0, 1.0):  # buns of hair, where a cat has its ears
            fig.part(oval(side * 0.52, -0.9, 0.26, 0.26))
    fig.part(oval(0.0, -0.25, 0.78, rng.uniform(0.75, 1.1)))
    fig.part(smooth(((-1.1, 1.6), (-0.9, 0.95), (0.0, 0.75), (0.9, 0.95), (1.1, 1.6))))
    fig.fill(((-0.22, 0.4), (0.22, 0.4), (0.26, 0.9), (-0.26, 0.9)), mix(skin, INK, 0.15))
    fig.fill(oval(0.0, -0.02, 0.58, 0.72), skin)
    for side in (-1.0, 1.0):
        fig.fill(oval(side * 0.24, -0.08, 0.12, 0.08), (250, 250, 245))
        fig.fill(oval(side * 0.24, -0.08, 0.06, 0.07), INK)
        fig.line(((side * 0.12, -0.26), (side * 0.38, -0.27)), 0.06, mix(skin, INK, 0.6))
    fig.line(((0.0, -0.02), (-0.07, 0.2), (0.04, 0.21)), 0.04, mix(skin, INK, 0.35))
    fig.line(curve(((-0.2, 0.38), (0.0, 0.46), (0.2, 0.38))), 0.07, (178, 76, 76))


def _cup(fig: Figure) -> None:
    fig.line(curve(((0.5, -0.2), (1.0, -0.2), (0.95, 0.35), (0.45, 0.4))), 0.15, fig.coat.edge)
    fig.part(np.array(((-0.7, -0.55), (0.7, -0.55), (0.5, 0.75), (-0.5, 0.75))))
    fig.part(oval(0.0, -0.55, 0.7, 0.2))
    fig.fill(oval(0.0, -0.52, 0.6, 0.14), mix(BROWN[1], INK, 0.3))


def _ball(fig: Figure) -> None:
    fig.part(oval(0.0, 0.0, 0.85, 0.85))
    for bow in mirrored(((-0.6, -0.6), (-0.25, 0.0), (-0.6, 0.6))):
        fig.line(curve(bow), 0.08, fig.coat.pale)
    fig.fill(oval(0.0, -0.55, 0.14, 0.1), (250, 250, 245))


def _car(fig: Figure) -> None:
    roof = ((-0.7, 0.1), (-0.45, -0.38), (0.35, -0.38), (0.68, 0.1))
    fig.part(np.array((*roof, (1.15, 0.18), (1.15, 0.55), (-1.15, 0.55), (-1.1, 0.15))))
    fig.fill(((-0.55, 0.08), (-0.38, -0.28), (-0.05, -0.28), (-0.05, 0.08)), _GLASS)
    fig.fill(((0.05, 0.08), (0.05, -0.28), (0.3, -0.28), (0.52, 0.08)), _GLASS)
    for x in (-0.65, 0.65):
        fig.fill(oval(x, 0.55, 0.26, 0.26), INK)
        fig.fill(oval(x, 0.55, 0.12, 0.12), (190, 190, 192))


def _house(fig: Figure) -> None:
    fig.part(np.array(((-0.75, -0.1), (0.75, -0.1), (0.75, 0.9), (-0.75, 0.9))))
    roof = np.array(((-0.95, -0.05), (0.0, -0.95), (0.95, -0.05)))
    fig.fill(roof, mix(fig.coat.mark, INK, 0.2))
    fig.fill(((-0.15, 0.35), (0.2, 0.35), (0.2, 0.9), (-0.15, 0.9)), mix(BROWN[1], INK, 0.2))
    for x in (-0.5, 0.5):
        pane = ((x - 0.16, 0.1), (x + 0.16, 0.1), (x + 0.16, 0.42), (x - 0.16, 0.42))
        fig.fill(pane, _GLASS)


def _flower(fig: Figure) -> None:
    stem: Colour = (70, 110, 50)
    fig.line(curve(((0.0, 0.0), (0.08, 0.6), (0.0, 1.6))), 0.1, stem)
    fig.fill(oval(0.32, 0.85, 0.34, 0.13, -0.5), stem)
    petals = fig.rng.randint(5, 9)
    for angle in np.arange(petals) * 2 * np.pi / petals + fig.rng.uniform(0.0, 1.0):
        x, y = 0.5 * np.cos(angle), 0.5 * np.sin(angle) - 0.25
        fig.part(oval(x, y, 0.4, 0.22, angle))
    fig.fill(oval(0.0, -0.25, 0.24, 0.24), fig.coat.mark)


def _lamp(fig: Figure) -> None:
    fig.fill(((-0.05, -0.2), (0.05, -0.2), (0.05, 0.85), (-0.05, 0.85)), INK)
    fig.part(oval(0.0, 0.88, 0.4, 0.12))
    fig.part(np.array(((-0.35, -0.9), (0.35, -0.9), (0.72, -0.05), (-0.72, -0.05))))


def _chair(fig: Figure) -> None:
    for x in (-0.5, 0.5):
        fig.fill(ribbon(((x, 0.2), (x, 0.6), (x * 1.1, 1.0)), 0.08, 0.06), fig.coat.edge)
    fig.part(smooth(((-0.6, -0.85), (0.6, -0.85), (0.62, 0.1), (-0.62, 0.1))))
    fig.part(smooth(((-0.78, 0.05), (0.78, 0.05), (0.85, 0.4), (-0.85, 0.4))))


def _fur_only(fig: Figure) -> None:
    near = figure(fig.image, fig.coat, fig.rng, np.full(2, FULL / 2), FULL * 0.6, 0.0)
    fig.image.paste(near.fur, (0, 0))


def _nothing(fig: Figure) -> None:
    """An empty scene."""


ANIMALS: tuple[Callable[[Figure], None], ...] = (
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
THINGS: tuple[Callable[[Figure], None], ...] = (
    _cup,
    _ball,
    _car,
    _house,
    _flower,
    _lamp,
    _chair,
)
EMPTY: tuple[Callable[[Figure], None], ...] = (_fur_only, _nothing)
