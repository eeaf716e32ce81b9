"""Nets with one hidden layer, built for a function or trained on it, and their errors by width."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnlab.data.synthetic import CURVES
from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import COLOURS, panels
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
CLOSE = 0.1  # allowed error of trained nets, in standard deviations of the function


# -- built -----------------------------------------------------------------------------------------


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


def built_relative(name: str, n: int) -> float:
    """The rmse on [0, 1] of the net built of n ReLUs, divided by the curve's standard deviation."""
    values = CURVES[name](X[:, 0])
    net = logits(polyline(CURVES[name], n), X, function("relu"))[0]
    return float(np.sqrt(np.mean((net - values) ** 2)) / values.std())


# -- trained ---------------------------------------------------------------------------------------


def relative(run: Run, split: str) -> float:
    """The rmse divided by the standard deviation of the targets; infinite for a diverged net."""
    return float(run.metrics.get(f"{split}/rmse", np.inf) / run.metrics["train/deviation"])


def best_runs(runs: Sequence[Run]) -> dict[str, dict[int, list[Run]]]:
    """By curve and width: the runs at the rate with the lowest median training error, best run first."""

    def middle(of: Sequence[Run]) -> float:
        return float(np.median([relative(run, "train") for run in of]))

    found: dict[str, dict[int, list[Run]]] = {}
    for (file, width), of in grouped(runs, "data.train", "model.width").items():
        seeds = min(grouped(of, "optimizer.lr").values(), key=middle)
        seeds.sort(key=lambda run: relative(run, "test"))
        found.setdefault(Path(file).stem.removesuffix("_train"), {})[width] = seeds
    return found


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do such nets exist? Does training find them?"""
    exist, numbers = built()
    narrow, wide = (f(run["model.width"] for run in runs) for f in (min, max))
    falls, close, told = [], [], []
    for name, widths in best_runs(runs).items():
        medians = [float(np.median([relative(run, "test") for run in of])) for of in widths.values()]
        for (width, of), median in zip(widths.items(), medians, strict=True):
            numbers[f"trained, {name}, width {width}: rate, least, median, largest error; built"] = [
                of[0]["optimizer.lr"], relative(of[0], "test"), median, relative(of[-1], "test"),
                built_relative(name, width),
            ]  # fmt: skip
        falls += [name] * bool(np.diff(medians).max() < 0.0)
        close += [name] * (medians[-1] < CLOSE)
        told.append(f"{medians[0]:.2g} to {medians[-1]:.2g} for {name}")
    fit = "fit every function at the predicted rates" if exist else "do not fit as predicted"
    sentence = (
        f"Built nets {fit}; trained ones come within a tenth of the spread for "
        f"{', '.join(close) or 'no curve'}, and get better with every width for "
        f"{', '.join(falls) or 'no curve'}: from {narrow} to {wide} units the median test error over the "
        f"spread goes from {', '.join(told)}."
    )
    return verdict_of(exist and len(falls) == len(close) == len(told), sentence, numbers)


# -- picture ---------------------------------------------------------------------------------------


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Errors of trained and built nets, the widest trained nets, the built nets and their errors."""
    figure, axes = panels("One hidden layer: what training finds, and what there is", 2, 2)
    found = best_runs(runs)
    _trained_errors(axes[0], found)
    _trained_nets(axes[1], found)
    _built_nets(axes[2])
    _built_errors(axes[3])
    return figure


def _trained_errors(axis: Axes, found: dict[str, dict[int, list[Run]]]) -> None:
    for colour, (name, widths) in zip(COLOURS, found.items(), strict=False):
        x = list(widths)
        seeds = np.array(
            [[relative(run, "test") for run in of] for of in widths.values()]
        )  # (widths, seeds)
        axis.loglog(x, np.median(seeds, axis=1), "o-", color=colour, label=f"{name}, trained")
        axis.fill_between(x, seeds.min(axis=1), seeds.max(axis=1), color=colour, alpha=0.15, lw=0)
        axis.loglog(x, [built_relative(name, n) for n in x], "s:", color=colour, label=f"{name}, built")
        axis.set_xticks(x, map(str, x))
    axis.axhline(CLOSE, color="black", lw=0.8, ls="--")
    axis.set(xlabel="ReLUs in the hidden layer", title="Test rmse / standard deviation (band: seeds)")
    axis.legend(fontsize=7)


def _trained_nets(axis: Axes, found: dict[str, dict[int, list[Run]]]) -> None:
    for colour, (name, widths) in zip(COLOURS, found.items(), strict=False):
        seeds = widths[max(widths)]
        net = logits(seeds[len(seeds) // 2].weights, 2.0 * X - 1.0, function("relu"))[0]
        axis.plot(X, CURVES[name](X), color=colour, lw=4, alpha=0.25)
        axis.plot(X, net, color=colour, lw=1.2, label=name)
    axis.set(xlabel="t", title=f"Curves (wide), trained nets of {max(widths)} ReLUs (line)")


def _built_nets(axis: Axes) -> None:
    for colour, f in zip(COLOURS, FUNCTIONS.values(), strict=False):
        axis.plot(X, f(X), color=colour, lw=4, alpha=0.25)
        for activation, style in (("relu", "-"), ("sigmoid", ":")):
            with np.errstate(over="ignore"):
                fit = logits(BUILD[activation](f, 8), X, function(activation))[0]
            axis.plot(X, fit, style, color=colour, lw=1.2)
    axis.set(xlabel="x", title="Functions (wide), built: 8 ReLUs (line), 8 sigmoids (dots)")


def _built_errors(axis: Axes) -> None:
    found = errors()
    for colour, name in zip(COLOURS, FUNCTIONS, strict=False):
        for activation, style in (("relu", "-"), ("sigmoid", ":")):
            label = f"{name}, {activation}"
            axis.loglog(WIDTHS, found[activation, name], f"o{style}", color=colour, label=label)
    axis.set(xlabel="units in the hidden layer", title="Built: largest error on [0, 1]")
    axis.legend(fontsize=7)
