"""Test accuracy by number of training pictures, for nets of four sizes on the same test pictures."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import BLUE, GREEN, GREY, ORANGE, panels
from nnlab.nn import Array, classes

Right = dict[tuple[str, int], Array]  # (net, m): (seeds, pictures), 1 where the answer is right

NETS: dict[tuple[int, ...], tuple[str, str]] = {
    (80, 28, 20): ("large", ORANGE),
    (20, 7, 5): ("medium", BLUE),
    (4,): ("small", GREEN),
    (): ("logistic", GREY),
}
NAMES = tuple(name for name, _ in NETS.values())
SAMPLES = 4000
INTERVALS = 6  # the intervals of the pass rule


def net(run: Run) -> str:
    """The name of the net, by its hidden layers."""
    return NETS[tuple(run["model.hidden"])][0]


def pictures(run: Run) -> int:
    """m: the name of the training file begins with it."""
    return int(Path(run["data.train"]).stem.partition("_")[0])


def by_net(runs: Sequence[Run]) -> dict[tuple[str, int], list[Run]]:
    """The runs by (net, m), in the order of their seeds."""
    found: dict[tuple[str, int], list[Run]] = {}
    for run in sorted(runs, key=lambda run: run["seed"]):
        found.setdefault((net(run), pictures(run)), []).append(run)
    return found


def right(runs: Sequence[Run]) -> Right:
    """Which test pictures each net classifies correctly."""
    found = {}
    for key, of in by_net(runs).items():
        arrays = [run.arrays("predictions") for run in of]
        found[key] = np.array([classes(a["test"]) == a["y_test"] for a in arrays], float)
    return found


def difference(a: Array, b: Array) -> list[float]:
    """The mean of a - b, (seeds, pictures) each, and its interval over samples of both."""
    gap = a - b
    seeds, images = samples(gap.shape)
    means = ((seeds @ gap) * images).sum(axis=1)  # (SAMPLES,)
    low, high = np.quantile(means, [0.025 / INTERVALS, 1.0 - 0.025 / INTERVALS])
    return [float(gap.mean()), float(low), float(high)]


@cache
def samples(shape: tuple[int, ...]) -> tuple[Array, ...]:
    """For each n of the shape: how often each of n items is drawn in n draws, over n (SAMPLES, n)."""
    random = np.random.RandomState(0)
    return tuple(random.multinomial(n, np.full(n, 1.0 / n), SAMPLES) / n for n in shape)


def size_gains(found: Right) -> dict[int, list[float]]:
    """D(m) = large minus small with its interval, by m."""
    return {m: difference(found["large", m], found["small", m]) for m in sizes(found)}


def sizes(found: Right) -> list[int]:
    """All m, the smallest first."""
    return sorted({m for _, m in found})


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do data help each net? Does size help with much data, more than with little, and not with little?"""
    found = right(runs)
    few, *_, many = sizes(found)
    data = {name: difference(found[name, many], found[name, few]) for name in NAMES}
    size = size_gains(found)
    together = difference(
        found["large", many] - found["small", many], found["large", few] - found["small", few]
    )
    gains = [*(data[name] for name in ("small", "medium", "large")), size[many], together]
    _, low, high = size[few]
    if any(gain[2] < 0.0 for gain in gains) or low > 0.0:
        holds: bool | None = False
    else:
        holds = True if all(gain[1] > 0.0 for gain in gains) and high < size[many][0] / 2.0 else None
    accuracy = {key: float(of.mean()) for key, of in found.items()}
    sentence = (
        f"From {few} to {many:,} pictures the small net goes from {accuracy['small', few]:.3f} to "
        f"{accuracy['small', many]:.3f}, the large one from {accuracy['large', few]:.3f} to "
        f"{accuracy['large', many]:.3f}, logistic regression from {accuracy['logistic', few]:.3f} to "
        f"{accuracy['logistic', many]:.3f}; the large net is ahead of the small one by "
        f"{points(size[few])} points with {few} and {points(size[many])} with {many:,}, "
        f"{points(together)} more."
    )
    numbers: dict[str, Any] = {
        f"{name}, m = {m:,}: mean, lowest, highest test accuracy": [
            accuracy[name, m], *(float(end(found[name, m].mean(axis=1))) for end in (np.min, np.max))
        ]
        for name in NAMES for m in sizes(found)
    }  # fmt: skip
    numbers |= {f"{name}, gain from {few} to {many:,}: interval": gain for name, gain in data.items()}
    numbers |= {f"large minus small, m = {m:,}: interval": gain for m, gain in size.items()}
    numbers["that gain with much minus with little data: interval"] = together
    return verdict_of(holds, sentence, numbers | training(runs))


def points(gain: Sequence[float]) -> str:
    """A difference of accuracies with its interval, in points."""
    mean, low, high = (100.0 * value for value in gain)
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def training(runs: Sequence[Run]) -> dict[str, Any]:
    """The training accuracy, and the mean costs of the last two quarters: does the cost still fall?"""
    numbers: dict[str, Any] = {}
    for (name, m), of in by_net(runs).items():
        quarters = np.mean([[part.mean() for part in np.array_split(run.costs, 4)] for run in of], axis=0)
        accuracy = float(np.mean([run.metrics["train/accuracy"] for run in of]))
        numbers[f"{name}, m = {m:,}: training accuracy, cost in the third and last quarter"] = [
            accuracy, float(quarters[2]), float(quarters[3])
        ]  # fmt: skip
    return numbers


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: accuracy by m for each net. Right: the large net minus the small one."""
    found = right(runs)
    m = sizes(found)
    figure, (left, right_) = panels("Test accuracy by number of training pictures and size of the net", 2)
    for hidden, (name, colour) in NETS.items():
        accuracy = np.array([found[name, k].mean(axis=1) for k in m])  # (sizes, seeds)
        layers = "-".join(map(str, hidden)) or "no hidden layer"
        left.fill_between(m, accuracy.min(axis=1), accuracy.max(axis=1), color=colour, alpha=0.2, lw=0)
        left.plot(m, accuracy.mean(axis=1), "o-", color=colour, label=f"{name} ({layers})")
    left.set(
        ylabel="test accuracy (2000 pictures)",
        title="Mean of 5 seeds; band: lowest to highest",
        ylim=(0.5, 1.05),
    )
    left.legend(loc="upper left")
    gains = 100.0 * np.array(list(size_gains(found).values()))  # (sizes, 3)
    right_.axhline(0.0, color="black", lw=0.8)
    right_.axhline(gains[-1, 0] / 2.0, color=GREY, lw=1.0, ls=":", label=f"half of the gain at {m[-1]:,}")
    bars = np.abs(gains[:, 1:] - gains[:, :1]).T
    right_.errorbar(m, gains[:, 0], bars, fmt="o-", color=ORANGE, capsize=4)
    right_.set(ylabel="points of test accuracy", title="Large net minus small; bars: joint 95% intervals")
    right_.legend(loc="upper left")
    for ax in (left, right_):
        ax.set(xscale="log", xlabel="training pictures m")
        ax.set_xticks(m, [f"{k:,}" for k in m])
        ax.minorticks_off()
    return figure
