"""Scenes: backgrounds, things in front of the subject, and the light of a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nnlab.data.painted.canvas import FULL, SIDE
from nnlab.data.painted.coats import Colour, brightness, mix, vary

# walls, cloths and furniture, from dark to light
PAINTS: tuple[Colour, ...] = (
    (34, 32, 40),
    (58, 42, 34),
    (44, 60, 92),
    (70, 84, 60),
    (120, 50, 52),
    (104, 104, 110),
    (150, 112, 78),
    (96, 140, 150),
    (190, 130, 90),
    (176, 176, 170),
    (206, 190, 160),
    (226, 214, 200),
    (168, 196, 214),
    (226, 186, 184),
)
LEAF: Colour = (84, 124, 56)
SHADOW: Colour = (46, 43, 48)
HAZE: Colour = (232, 228, 222)
SKY: Colour = (170, 205, 232)
MIDDLE = 145.0  # brightness; about half of the coats are lighter
_SQUARE = np.linspace(-1.0, 1.0, SIDE) ** 2
_RADIUS: NDArray[np.float64] = (_SQUARE[:, None] + _SQUARE)[..., None]


def paint_of(rng: RandomState) -> Colour:
    """Returns a random colour of a wall, a cloth or a piece of furniture."""
    return vary(PAINTS[rng.randint(len(PAINTS))], rng)


def scene(rng: RandomState, coat: Colour) -> Image.Image:
    """Returns a blurred background, (FULL, FULL) RGB, in contrast to the coat's colour."""
    image = Image.new("RGB", (SIDE, SIDE), paint_of(rng))
    SCENES[rng.randint(len(SCENES))](image, rng)
    behind = SHADOW if brightness(coat) > MIDDLE else HAZE
    image = Image.blend(image, Image.new("RGB", image.size, behind), rng.uniform(0.55, 0.85))
    return image.resize((FULL, FULL), Image.Resampling.BILINEAR)


def _gradient(image: Image.Image, rng: RandomState) -> None:
    low = paint_of(rng)
    ramp = Image.linear_gradient("L").rotate(90 * rng.randint(4)).resize((SIDE, SIDE))
    image.paste(low, (0, 0, SIDE, SIDE), ramp)


def _room(image: Image.Image, rng: RandomState) -> None:
    draw, floor, top = ImageDraw.Draw(image), paint_of(rng), rng.randint(34, 54)
    draw.rectangle((0, top, SIDE, SIDE), fill=floor)
    for x in range(rng.randint(-20, 0), SIDE + 20, 11):
        draw.line((32 + (x - 32) // 2, top, x, SIDE), fill=mix(floor, (0, 0, 0), 0.2))
    draw.line((0, top, SIDE, top), fill=mix(floor, (255, 255, 255), 0.5), width=2)
    if rng.uniform() < 0.5:
        x, y = rng.randint(2, 44), rng.randint(2, 14)
        draw.rectangle((x, y, x + 16, y + 14), fill=paint_of(rng), outline=paint_of(rng))


def _sofa(image: Image.Image, rng: RandomState) -> None:
    draw, cloth, top = ImageDraw.Draw(image), paint_of(rng), rng.randint(12, 30)
    dark = mix(cloth, (0, 0, 0), 0.25)
    split = rng.randint(16, 48)
    draw.rounded_rectangle((-6, top, SIDE + 6, SIDE), 6, fill=cloth)
    draw.line((split, top + 2, split, 44), fill=dark)
    draw.rectangle((0, 44, SIDE, 46), fill=dark)
    x, side = rng.randint(-6, 50), rng.randint(14, 20)
    draw.rounded_rectangle((x, 44 - side, x + side, 44), 4, fill=paint_of(rng))


def _garden(image: Image.Image, rng: RandomState) -> None:
    draw, green, top = ImageDraw.Draw(image), vary(LEAF, rng, 24), rng.randint(-10, 34)
    sky = vary(SKY, rng) if rng.uniform() < 0.5 else mix(green, (0, 0, 0), 0.5)
    draw.rectangle((0, 0, SIDE, SIDE), fill=sky)
    draw.rectangle((0, top, SIDE, SIDE), fill=green)
    for x, y, h in rng.randint(0, SIDE, (60, 3)).tolist():
        shade = mix(green, (0, 0, 0) if h % 2 else (230, 240, 160), 0.3)
        y = max(y, top)
        draw.line((x, y, x + h % 5 - 2, y - 3 - h % 4), fill=shade)


def _window(image: Image.Image, rng: RandomState) -> None:
    draw, x, y = ImageDraw.Draw(image), rng.randint(-8, 26), rng.randint(-12, 8)
    frame = paint_of(rng)
    draw.rectangle((x, y, x + 44, y + 44), fill=vary(SKY, rng, 30), outline=frame, width=3)
    draw.line((x + 22, y, x + 22, y + 44), fill=frame, width=2)
    draw.line((x, y + 22, x + 44, y + 22), fill=frame, width=2)
    draw.rectangle((0, y + 46, SIDE, y + 50), fill=mix(frame, (255, 255, 255), 0.3))


def _blanket(image: Image.Image, rng: RandomState) -> None:
    draw, cloth, step = ImageDraw.Draw(image), paint_of(rng), rng.randint(8, 18)
    lean = rng.randint(-20, 20)
    for x in range(-20, SIDE + 20, step):
        draw.line((x, 0, x + lean, SIDE), fill=cloth, width=step // 2)
    if rng.uniform() < 0.5:
        other = paint_of(rng)
        for y in range(-20, SIDE + 20, step):
            draw.line((0, y, SIDE, y - lean), fill=other, width=step // 4)


def _mottled(image: Image.Image, rng: RandomState) -> None:
    cells = rng.randint(5, 12)
    ramp = Image.fromarray(rng.randint(0, 256, (cells, cells)).astype(np.uint8))
    smooth = ramp.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    image.paste(paint_of(rng), (0, 0, SIDE, SIDE), smooth)


SCENES: tuple[Callable[[Image.Image, RandomState], None], ...] = (
    _gradient,
    _room,
    _sofa,
    _garden,
    _window,
    _blanket,
    _mottled,
)


def cover(image: Image.Image, rng: RandomState) -> None:
    """Draws something in front of the subject: a box, an edge, leaves or a bar at one side."""
    draw, kind, colour = ImageDraw.Draw(image), rng.randint(4), paint_of(rng)
    dark = mix(colour, (0, 0, 0), 0.3)
    if kind == 0:
        x, y = rng.randint(-40, 216), rng.randint(180, 220)
        draw.rectangle((x, y, x + 90, FULL), fill=colour, outline=dark, width=3)
        draw.line((x, y + 16, x + 90, y + 16), fill=dark, width=3)
    elif kind == 1:
        y = rng.randint(200, 240)
        draw.rectangle((0, y, FULL, FULL), fill=colour)
        draw.rectangle((0, y, FULL, y + 6), fill=mix(colour, (255, 255, 255), 0.3))
    elif kind == 2:
        x, green = (0, FULL)[rng.randint(2)], vary(LEAF, rng, 24)
        for tip, y in rng.randint(-70, 70, (9, 2)).tolist():
            leaf = mix(green, (0, 0, 0), abs(tip) / 200)
            draw.polygon((x - 9, FULL, x + 9, FULL, x + tip, 150 + y), fill=leaf)
    else:
        x = rng.randint(10, 40)
        side = (0, 0, x, FULL) if rng.uniform() < 0.5 else (FULL - x, 0, FULL, FULL)
        draw.rectangle(side, fill=colour)


def light(pixels: NDArray[np.uint8], rng: RandomState) -> NDArray[np.uint8]:
    """Returns a picture (SIDE, SIDE, 3) in random light, with the noise of a camera."""
    warmth = rng.uniform(-0.1, 0.1)
    gain = rng.uniform(0.85, 1.25) * np.array((1 + warmth, 1.0, 1 - warmth))
    contrast = rng.uniform(0.75, 1.1)
    edges = 1 - rng.uniform(0.0, 0.22) * _RADIUS
    grain = rng.normal(0.0, rng.uniform(0.5, 2.0), (SIDE, SIDE, 1))
    lit = ((pixels - 128.0) * contrast + 128.0) * gain * edges + grain
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)
