"""Nets of one hidden layer built for a function, and their largest error against the width."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiment import Run, Verdict, verdict_of
from nnlab.forward import Parameters, logits
from nnlab.panels import COLOURS, panels

Array = NDArray[np.floating]

FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "sin(2 pi x)": lambda x: np.sin(2.0 * np.pi * x),
    "abs(x - 1/3)": lambda x: np.abs(x - 1.0 / 3.0),
    "sqrt(x)": np.sqrt,
}
RATES = {"relu": (-2.0, -1.0, -0.5), "sigmoid": (-1.0, -1.0, -0.5)}  # predicted, in the order above
WIDTHS = tuple(2**k for k in range(2, 11))
X = np.linspace(0.0, 1.0, 10_001)[:, np.newaxis]  # (points, 1)
SMALL, NEAR, STEEP = 0.02, 0.15, 50.0


def polyline(f: Callable[[Array], Array], n: int) -> Parameters:
    """n ReLUs: f(0) plus a change of slope at each of n points."""
    knots = np.linspace(0.0, 1.0, n + 1)
    changes = np.diff(np.diff(f(knots)) * n, prepend=0.0)
    return [(np.ones((n, 1)), -knots[:-1, np.newaxis]), (changes[np.newaxis], f(knots[:1])[np.newaxis])]


def staircase(f: Callable[[Array], Array], n: int) -> Parameters:
    """n steep sigmoids: f(0) plus a step at the middle of each of n intervals."""
    knots = np.linspace(0.0, 1.0, n + 1)
    middles = (knots[:-1] + knots[1:]) / 2.0
    steepness = STEEP * n
    first = np.full((n, 1), steepness), -steepness * middles[:, np.newaxis]
    return [first, (np.diff(f(knots))[np.newaxis], f(knots[:1])[np.newaxis])]


BUILD = {"relu": polyline, "sigmoid": staircase}


def error(activation: str, name: str, n: int) -> float:
    """The largest |net(x) - f(x)| over the points."""
    net = BUILD[activation](FUNCTIONS[name], n)
    with np.errstate(over="ignore"):  # a steep sigmoid far on its left is 0
        return float(np.abs(logits(net, X, activation, 0.0)[0] - FUNCTIONS[name](X[:, 0])).max())


def errors() -> dict[tuple[str, str], list[float]]:
    """(activation, function): the error at each width."""
    return {(a, name): [error(a, name, n) for n in WIDTHS] for a in BUILD for name in FUNCTIONS}


def rate(found: Sequence[float]) -> float:
    """The slope from width 64 to the widest, in logarithms."""
    start = WIDTHS.index(64)
    return float(np.log(found[-1] / found[start]) / np.log(WIDTHS[-1] / WIDTHS[start]))


def analyse(runs: Sequence[Run]) -> Verdict:
    """Falls, is small, at the predicted rate."""
    found = errors()
    predicted = {(a, name): r for a, of in RATES.items() for name, r in zip(FUNCTIONS, of, strict=True)}
    falls = all(np.diff(values).max() < 0.0 for values in found.values())
    small = max(values[-1] for values in found.values())
    off = max(abs(rate(found[key]) - predicted[key]) for key in found)
    sentence = (
        f"At width {WIDTHS[-1]} the largest error of six nets is {small:.3f}; it falls as a power "
        "of the width, "
        + ", ".join(f"{rate(found['relu', name]):.2f} for {name}" for name in FUNCTIONS)
        + " with ReLUs."
    )
    figures = {
        f"{a}, {name}: errors at width {WIDTHS[0]} and {WIDTHS[-1]}, rate, predicted": [
            values[0], values[-1], rate(values), predicted[a, name],
        ]
        for (a, name), values in found.items()
    }  # fmt: skip
    return verdict_of(falls and small < SMALL and off <= NEAR, sentence, figures)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Three functions with nets of eight units; errors against width."""
    figure, (left, right) = panels("One hidden layer: eight units, and the error against the width", 2)
    found = errors()
    for colour, (name, f) in zip(COLOURS, FUNCTIONS.items(), strict=False):
        left.plot(X, f(X), color=colour, lw=4, alpha=0.25)
        for activation, style in (("relu", "-"), ("sigmoid", ":")):
            with np.errstate(over="ignore"):
                fit = logits(BUILD[activation](f, 8), X, activation, 0.0)[0]
            left.plot(X, fit, style, color=colour, lw=1.2)
            right.loglog(
                WIDTHS, found[activation, name], f"o{style}", color=colour, label=f"{name}, {activation}"
            )
    left.set(xlabel="x", title="Functions (wide), 8 ReLUs (line), 8 sigmoids (dots)")
    right.set(xlabel="units in the hidden layer", title="Largest error on [0, 1]")
    right.legend(fontsize=7)
    return figure
