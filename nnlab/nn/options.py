"""Options: the numbers that an activation or an optimizer owns, each with its default and its range."""

import math
from collections.abc import Callable
from typing import NamedTuple


class Option(NamedTuple):
    """A number of the configuration that only its owner reads."""

    default: float
    holds: Callable[[float], bool]  # is a value in the range?
    wanted: str  # the range in words, for an error
    meaning: str  # one line, for the reference


def fraction(default: float, meaning: str) -> Option:
    """A number from 0 up to but not 1."""
    return Option(default, lambda x: 0.0 <= x < 1.0, "a number from 0 up to but not 1", meaning)


def positive(default: float, meaning: str) -> Option:
    """A finite number above 0."""
    return Option(default, lambda x: 0.0 < x < math.inf, "a finite number above 0", meaning)


def share(default: float, meaning: str) -> Option:
    """A number above 0, at most 1."""
    return Option(default, lambda x: 0.0 < x <= 1.0, "a number above 0, at most 1", meaning)
