"""Test accuracy by number of training pictures, for nets of several sizes on the same test pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import Interval, Run, Tuned, Verdict, difference, tuned, verdict_of
from nnlab.experiments import right as answers
from nnlab.experiments.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, name_at, panels

Right = dict[
    tuple[str, int], NDArray[np.float64]
]  # (net, m): (seeds, pictures), 1 where the answer is right

NETS: dict[tuple[int, ...], tuple[str, str]] = {
    (64,): ("large", ORANGE),
    (16,): ("medium", BLUE),
    (4,): ("small", GREEN),
    (): ("logistic", GREY),
    (16, 16, 16): ("deep", PURPLE),
}
SIZES = ("small", "medium", "large")
SELECT, JUDGE = slice(None, 1000), slice(1000, None)  # of the test pictures
LEVEL = 1.0 - 0.05 / 6  # of each of the six intervals of the pass rule


def by_net(runs: Sequence[Run]) -> dict[tuple[str, int], Tuned]:
    """The nets by (net, m), each at its best rate on the selecting pictures; the smallest m first."""
    found: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        m = int(Path(run["data.train"]).stem.partition("_")[0])  # the name of the file begins with it
        found.setdefault((NETS[tuple(run["model.hidden"])][0], m), []).append(run)
    return {
        key: tuned(found[key], ["optimizer.lr"], lambda run: 1.0 - float(answers([run], SELECT).mean()))
        for key in sorted(found, key=lambda key: key[1])
    }


def right(nets: dict[tuple[str, int], Tuned]) -> Right:
    """Which of the judging pictures each net classifies correctly."""
    return {key: answers(of.runs, JUDGE) for key, of in nets.items()}


def sizes(found: Right) -> list[int]:
    """All m, the smallest first."""
    return sorted({m for _, m in found})


def size_gains(found: Right) -> dict[int, Interval]:
    """D(m) = large minus small with its interval, by m."""
    return {m: difference(found["large", m], found["small", m], LEVEL) for m in sizes(found)}


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do data help each net? Does size help with much data, more than with little, and not with little?"""
    nets = by_net(runs)
    found = right(nets)
    few, *_, many = sizes(found)
    data = {name: difference(found[name, many], found[name, few], LEVEL) for name in SIZES}
    size = size_gains(found)
    together = difference(
        found["large", many] - found["small", many], found["large", few] - found["small", few], LEVEL
    )
    gains = [*data.values(), size[many], together]
    if any(gain.high < 0.0 for gain in gains) or size[few].low > 0.0:
        holds: bool | None = False
    else:
        useless = size[few].high < size[many].middle / 2.0
        holds = True if all(gain.low > 0.0 for gain in gains) and useless else None
    accuracy = {key: float(of.mean()) for key, of in found.items()}
    sentence = (
        f"From {few} to {many:,} pictures the small net goes from {accuracy['small', few]:.3f} to "
        f"{accuracy['small', many]:.3f}, the large one from {accuracy['large', few]:.3f} to "
        f"{accuracy['large', many]:.3f}; the large net is ahead of the small one by "
        f"{points(size[few])} points with {few} and {points(size[many])} with {many:,}, "
        f"{points(together)} more."
    )
    numbers: dict[str, Any] = {}
    for (name, m), of in nets.items():
        each = found[name, m].mean(axis=1)  # (seeds,)
        told = of.told + " (edge of the grid)" * bool(of.at_edge)
        numbers[f"{name}, m = {m:,}: mean, lowest, highest test accuracy"] = [
            float(each.mean()), float(each.min()), float(each.max())
        ]  # fmt: skip
        numbers[f"{name}, m = {m:,}: best rate; cost in the third and last quarter"] = [
            told,
            *quarters(of.runs),
        ]
    numbers |= {f"{name}, gain from {few} to {many:,}: interval": list(gain) for name, gain in data.items()}
    numbers |= {f"large minus small, m = {m:,}: interval": list(gain) for m, gain in size.items()}
    numbers["that gain with much minus with little data: interval"] = list(together)
    return verdict_of(holds, sentence, numbers)


def points(gain: Interval) -> str:
    """A difference of accuracies with its interval, in points."""
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*(100.0 * value for value in gain))


def quarters(runs: Sequence[Run]) -> list[float]:
    """The mean costs of the last two quarters of the training: does the cost still fall?"""
    means = np.mean([[part.mean() for part in np.array_split(run.costs, 4)] for run in runs], axis=0)
    return [float(means[2]), float(means[3])]


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: accuracy by m for each net. Right: the large net minus the small one."""
    found = right(by_net(runs))
    m = sizes(found)
    figure, (left, right_) = panels(
        "Test accuracy by the number of training pictures and the size of the net", 2
    )
    heights: list[float] = []
    ends = {name: float(found[name, m[-1]].mean()) for name, _ in NETS.values() if (name, m[-1]) in found}
    for hidden, (name, colour) in sorted(NETS.items(), key=lambda net: ends.get(net[1][0], 0.0)):
        if name not in ends:
            continue
        accuracy = np.array([found[name, k].mean(axis=1) for k in m])  # (sizes, seeds)
        layers = "-".join(map(str, hidden)) or "no hidden layer"
        left.fill_between(m, accuracy.min(axis=1), accuracy.max(axis=1), color=colour, alpha=0.15, lw=0)
        left.plot(m, accuracy.mean(axis=1), "o-", color=colour)
        heights.append(max(ends[name], heights[-1] + 0.022 if heights else 0.0))
        name_at(left, m[-1], heights[-1], f"{name} ({layers})", colour)
    left.set(ylabel="test accuracy (1000 pictures)", title="Mean of 5 seeds; band: lowest to highest")
    left.set_ylim(top=max(left.get_ylim()[1], heights[-1] + 0.01))  # so that no name is cut off
    gains = 100.0 * np.array(list(size_gains(found).values()))  # (sizes, 3)
    right_.axhline(0.0, color="black", lw=0.8)
    right_.errorbar(
        m, gains[:, 0], np.abs(gains[:, 1:] - gains[:, :1]).T, fmt="o-", color=ORANGE, capsize=4
    )
    right_.set(ylabel="points of test accuracy", title="64 units minus 4; bars: joint 95% intervals")
    for ax in (left, right_):
        ax.set(xscale="log", xlabel="training pictures m")
        ax.set_xticks(m, [f"{k:,}" for k in m])
        ax.minorticks_off()
    left.set_xlim(m[0] * 0.8, m[-1] * 12)
    return figure
