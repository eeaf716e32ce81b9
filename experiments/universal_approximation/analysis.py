"""Nets with one hidden layer, built for a function by hand, and their errors by width."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import COLOURS, name_at, panels
from nnlab.nn import Array, Parameters, logits
from nnlab.nn import activation as function

Function = Callable[[Array], Array]

FUNCTIONS: dict[str, Function] = {
    "sin(2 pi x)": lambda x: np.sin(2.0 * np.pi * x),
    "abs(x - 1/3)": lambda x: np.abs(x - 1.0 / 3.0),
    "sqrt(x)": np.sqrt,
}
RATES = {"relu": (-2.0, -1.0, -0.5), "sigmoid": (-1.0, -1.0, -0.5)}  # predicted, in the order above
WIDTHS = tuple(2**k for k in range(2, 11))
X = np.linspace(0.0, 1.0, 10_001)[:, np.newaxis]  # (points, 1)
SMALL, NEAR, STEEP = 0.02, 0.15, 50.0


def polyline(f: Function, n: int) -> Parameters:
    """n ReLUs: f(0) plus a change of slope at each of n points."""
    knots = np.linspace(0.0, 1.0, n + 1)
    changes = np.diff(np.diff(f(knots)) * n, prepend=0.0)
    return [(np.ones((n, 1)), -knots[:-1, np.newaxis]), (changes[np.newaxis], f(knots[:1])[np.newaxis])]


def staircase(f: Function, n: int) -> Parameters:
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
    with np.errstate(over="ignore"):  # a steep sigmoid is 0 far to its left
        return float(np.abs(logits(net, X, function(activation))[0] - FUNCTIONS[name](X[:, 0])).max())


def errors() -> dict[tuple[str, str], list[float]]:
    """The error at each width, by (activation, function)."""
    return {(a, name): [error(a, name, n) for n in WIDTHS] for a in BUILD for name in FUNCTIONS}


def rate(found: Sequence[float]) -> float:
    """The slope from width 64 to the greatest width, in logarithms."""
    start = WIDTHS.index(64)
    return float(np.log(found[-1] / found[start]) / np.log(WIDTHS[-1] / WIDTHS[start]))


def built() -> tuple[bool, dict[str, list[float]]]:
    """Do the errors of the built nets get small, at the predicted rates? Also their numbers."""
    found = errors()
    predicted = {(a, name): r for a, of in RATES.items() for name, r in zip(FUNCTIONS, of, strict=True)}
    falls = all(np.diff(values).max() < 0.0 for values in found.values())
    small = max(values[-1] for values in found.values()) < SMALL
    off = max(abs(rate(found[key]) - predicted[key]) for key in found)
    numbers = {
        f"built, {a}, {name}: errors at width {WIDTHS[0]} and {WIDTHS[-1]}, rate, predicted": [
            values[0], values[-1], rate(values), predicted[a, name],
        ]
        for (a, name), values in found.items()
    }  # fmt: skip
    return falls and small and off <= NEAR, numbers


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do the built nets get as close as wanted?"""
    holds, numbers = built()
    worst = max(values[1] for values in numbers.values())
    off = max(abs(values[2] - values[3]) for values in numbers.values())
    sentence = (
        f"Nets built of {WIDTHS[0]} to {WIDTHS[-1]} units get closer with every doubling: with "
        f"{WIDTHS[-1]} units the largest error on three functions is {worst:.2g}, and the errors fall at "
        f"the predicted rates, to within {off:.2g} of the exponent."
    )
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The nets that are built of 8 units, and the errors by width."""
    figure, axes = panels("Nets of one hidden layer that are built, not trained: how close they are", 3)
    for ax, activation in zip(axes, BUILD, strict=False):
        for colour, (name, f) in zip(COLOURS, FUNCTIONS.items(), strict=False):
            ax.plot(X, f(X), color=colour, lw=4, alpha=0.25)
            with np.errstate(over="ignore"):
                ax.plot(
                    X, logits(BUILD[activation](f, 8), X, function(activation))[0], color=colour, lw=1.2
                )
            name_at(ax, 1.0, float(f(X[-1:])[0, 0]), name, colour)
        ax.set(xlabel="x", xlim=(0, 1.5), title=f"Functions (wide)\nand nets of 8 {activation} units")
        ax.set_xticks([0, 0.5, 1])
    found = errors()
    for colour, name in zip(COLOURS, FUNCTIONS, strict=False):
        for activation, style in (("relu", "-"), ("sigmoid", ":")):
            values = found[activation, name]
            axes[2].loglog(WIDTHS, values, style, color=colour)
        name_at(axes[2], WIDTHS[-1], found["relu", name][-1], name, colour)
    axes[2].set(xlabel="units in the hidden layer", xlim=(WIDTHS[0], WIDTHS[-1] * 30),
                title="Largest error on [0, 1]\n(line: relu, dotted: sigmoid)")  # fmt: skip
    return figure
