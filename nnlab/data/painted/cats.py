"""Cats: pointed ears, almond eyes, a small muzzle and whiskers."""

from __future__ import annotations

import numpy as np

from nnlab.data.painted.bodies import POSES
from nnlab.data.painted.canvas import Pen, curve, mirrored, oval, smooth
from nnlab.data.painted.coats import INK, PINK, WHITE, brightness, mix

_HALF_FACE = ((0.0, -0.74), (-0.48, -0.72), (-0.88, -0.3), (-1.0, 0.2), (-0.72, 0.64), (-0.3, 0.84))


def cat(pen: Pen) -> None:
    """Draws a cat in a random pose."""
    POSES[pen.rng.randint(len(POSES))](pen, cat_head, 1.0)


def cat_head(pen: Pen) -> None:
    """Draws a cat's head, one unit from its middle to each cheek."""
    rng, coat = pen.rng, pen.coat
    look = rng.uniform(-0.22, 0.22)
    _ears(pen, look)
    left, right = mirrored(_HALF_FACE)
    pen.part(smooth(np.vstack((left, (0.0, 0.86), right[:0:-1]))))
    if coat.pattern == "points":
        pen.fill(oval(look, 0.25, 0.52, 0.5), mix(coat.tips, coat.base, 0.25))
    if coat.pattern == "tabby":
        _stripes(pen, look)
    if coat.pattern == "tuxedo":
        blaze = ((look, -0.5), (look + 0.14, 0.1), (look + 0.4, 0.5), (look, 0.8))
        pen.fill(smooth((*blaze, (look - 0.4, 0.5), (look - 0.14, 0.1))), coat.pale)
    _muzzle(pen, 1.25 * look)
    _eyes(pen, look)


def _ears(pen: Pen, look: float) -> None:
    rng, coat = pen.rng, pen.coat
    height, spread = rng.uniform(1.25, 1.5), rng.uniform(0.68, 0.86)
    inside = mix(PINK, coat.base, 0.25)
    for side in (-1.0, 1.0):
        tip = np.array((side * spread + 0.4 * look, -height))
        outer, inner = np.array((side * 0.97, -0.05)), np.array((side * 0.14, -0.66))
        bulge = (outer + tip) / 2 + (side * 0.07, -0.02)
        ear = np.vstack((outer, bulge, tip, (inner + tip) / 2 + (0, -0.05), inner))
        pen.part(ear, 0.06)
        if coat.tips != coat.base:
            pen.fill(ear, coat.tips)
        middle = np.add(ear.mean(0), (0.0, 0.12))
        pen.fill(middle + (ear - middle) * 0.6, inside)


def _stripes(pen: Pen, look: float) -> None:
    mark = pen.coat.mark
    for x in (-0.22, 0.0, 0.22):
        pen.line(((look + x, -0.32), (look + 1.3 * x, -0.68)), 0.09, mark)
    for line in mirrored(((-0.62, 0.22), (-0.95, 0.12))):
        pen.line(line, 0.08, mark)
        pen.line(np.add(line, (0.0, 0.2)), 0.08, mark)


def _eyes(pen: Pen, look: float) -> None:
    rng, coat = pen.rng, pen.coat
    rx, ry = rng.uniform(0.2, 0.26), rng.uniform(0.15, 0.24)
    wide = rng.uniform(0.06, 0.17)
    asleep = rng.uniform() < 0.1
    for side in (-1.0, 1.0):
        x, y = side * 0.42 + look, -0.06
        if asleep:
            lid = ((x - rx, y), (x, y + 0.12), (x + rx, y))
            pen.line(curve(lid), 0.07, mix(INK, coat.base, 0.2))
            continue
        pen.fill(oval(x, y, rx + 0.06, ry + 0.06, side * -0.3), INK)
        pen.fill(oval(x, y, rx, ry, side * -0.3), coat.eye)
        pen.fill(oval(x, y, min(wide, rx), ry * 0.95), INK)
        pen.fill(oval(x + 0.07, y - 0.08, 0.045, 0.045), (255, 255, 255))


def _muzzle(pen: Pen, x: float) -> None:
    coat = pen.coat
    pale = mix(coat.pale, coat.base, 0.15)
    pen.fill(oval(x, 0.64, 0.2, 0.16), pale)
    for side in (-1.0, 1.0):
        pen.fill(oval(x + side * 0.17, 0.47, 0.23, 0.18), pale)
    line = mix(INK, pale, 0.3)
    pen.line(((x, 0.35), (x, 0.5)), 0.045, line)
    for cheek in mirrored(((0.0, 0.5), (-0.1, 0.58), (-0.22, 0.54))):
        pen.line(np.add(cheek, (x, 0.0)), 0.045, line)
    nose = mix(PINK, INK, 0.75 if coat.pattern == "points" or brightness(coat.base) < 70 else 0.1)
    pen.fill(((x - 0.13, 0.27), (x + 0.13, 0.27), (x, 0.42)), nose)
    hair = WHITE[0] if brightness(coat.base) < 190 else (130, 122, 118)
    for y, drop in ((0.42, -0.12), (0.48, 0.04), (0.54, 0.2)):
        for whisker in mirrored(((0.3, y), (0.8, y + drop / 3), (1.25, y + drop))):
            pen.line(np.add(whisker, (x, 0.0)), 0.028, hair)
