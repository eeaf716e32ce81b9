"""Coats: the colours and patterns of painted cats and of all other subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from numpy.random import RandomState

Colour: TypeAlias = tuple[int, int, int]
Pattern = Literal["solid", "tabby", "patches", "tuxedo", "points"]

PATTERNS: tuple[Pattern, ...] = ("solid", "tabby", "tabby", "patches", "tuxedo", "points")
# base, marks, pale parts
COLOURS: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((38, 35, 38), (74, 68, 70), (112, 106, 106)),  # black
    ((238, 234, 228), (204, 196, 186), (252, 250, 247)),  # white
    ((132, 134, 140), (74, 76, 84), (208, 208, 210)),  # grey
    ((216, 136, 62), (164, 84, 30), (247, 218, 176)),  # ginger
    ((124, 92, 64), (62, 44, 33), (196, 166, 132)),  # brown
    ((230, 204, 164), (190, 150, 106), (249, 239, 220)),  # cream
)
BLACK, WHITE, GREY, GINGER, BROWN, CREAM = COLOURS
# black and brown twice: dark coats are then as frequent as light ones, so brightness says little
COMMON = (*COLOURS, BLACK, BROWN)
EYES: tuple[Colour, ...] = ((150, 190, 80), (226, 190, 60), (214, 140, 40), (110, 170, 214))
PINK: Colour = (226, 150, 146)
INK: Colour = (26, 22, 24)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Returns the colour `share` of the way from `a` to `b`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def vary(colour: Colour, rng: RandomState, spread: float = 12.0) -> Colour:
    """Returns a colour near `colour`."""
    moved = rng.uniform(-spread, spread, 3) + rng.uniform(-spread, spread)
    red, green, blue = (min(255, max(0, round(c + d))) for c, d in zip(colour, moved, strict=True))
    return red, green, blue


def brightness(colour: Colour) -> float:
    """Returns how bright a colour looks, 0 to 255."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


@dataclass(frozen=True)
class Coat:
    """The colours of one subject.

    Attributes:
        pattern: Where the colours are.
        base: Most of the coat.
        mark: Stripes or patches.
        other: A second colour of patches.
        pale: Muzzle, chest, paws.
        tips: Ears, tail and feet.
        eye: The iris.
        edge: Thin lines around the parts, visible on the base.
    """

    pattern: Pattern
    base: Colour
    mark: Colour
    other: Colour
    pale: Colour
    tips: Colour
    eye: Colour
    edge: Colour


def draw_coat(rng: RandomState) -> Coat:
    """Returns a random coat."""
    pattern = PATTERNS[rng.randint(len(PATTERNS))]
    base, mark, pale = (vary(c, rng) for c in COMMON[rng.randint(len(COMMON))])
    other, tips = mark, base
    if pattern == "patches":
        base, mark, other = vary(WHITE[0], rng), vary(GINGER[0], rng), vary(BLACK[0], rng)
        pale = tips = base
    elif pattern == "tuxedo":
        base, _, pale = (BLACK, BLACK, GREY, GINGER)[rng.randint(4)]
        base, pale = vary(base, rng), vary(WHITE[0], rng)
        mark = tips = base
    elif pattern == "points":
        base, tips = vary(CREAM[2], rng), vary(BROWN[1], rng)
        mark, pale = mix(base, tips, 0.15), mix(base, tips, 0.5)
    eye = EYES[3] if pattern == "points" else EYES[rng.randint(len(EYES))]
    edge = mix(base, INK, 0.45) if brightness(base) > 90 else mix(base, GREY[0], 0.4)
    return Coat(pattern, base, mark, other, pale, tips, eye, edge)
