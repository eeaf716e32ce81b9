"""How smooth, how local and how like pictures first-layer weights are, before and after training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import Interval, Run, Verdict, all_of, median_interval, verdict_of
from nnlab.experiments.figures import BLUE, RED, panels
from nnlab.nn import Array, draw, features

SIDE, DIRECTIONS, USUAL = 64, 20, 1.0
SMOOTHER, LESS_SPREAD, MORE_ALIKE = 0.1, 0.9, 2.0  # the rule


class Look(NamedTuple):
    """The three measures of first-layer weights, each a mean over the units."""

    smooth: float  # correlation of the weights of neighbouring pixels
    spread: float  # of the squared weights around their middle, pixels
    alike: float  # share of the squared weights in the principal directions of pictures


def look(W1: Array, directions: Array) -> Look:
    """The measures of W1 (n_1, 12288), with the ``directions`` (k, 12288) of unit length."""
    units = W1.reshape(-1, SIDE, SIDE, 3)
    return Look(
        float(np.mean([smoothness(unit) for unit in units])),
        float(np.mean([spread(unit) for unit in units])),
        float(np.mean(((W1 @ directions.T) ** 2).sum(axis=1) / (W1**2).sum(axis=1))),
    )


def smoothness(unit: Array) -> float:
    """The correlation of neighbours of a unit's weights (64, 64, 3), to the side and below."""
    w = unit - unit.mean(axis=(0, 1))
    pairs = ((w[:, :-1], w[:, 1:]), (w[:-1], w[1:]))
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]))


def spread(unit: Array) -> float:
    """The root of the mean squared distance from the middle of the squared weights, in pixels."""
    energy = (unit**2).sum(axis=2)
    energy = energy / energy.sum()
    rows, columns = np.mgrid[:SIDE, :SIDE]
    middle = (energy * rows).sum(), (energy * columns).sum()
    return float(np.sqrt((energy * ((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2)).sum()))


def principal(run: Run) -> Array:
    """The first principal directions (k, 12288) of the test pictures."""
    X = features(np.asarray(run.dataset.test.x))
    found: Array = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:DIRECTIONS]
    return found


def start(run: Run) -> Array:
    """W1 before the first step."""
    sizes = [SIDE * SIDE * 3, run["model.width"], 1]
    W1: Array = draw(run["init.scheme"], run["init.scale"], sizes, run["seed"])[0]
    return W1


def size(run: Run) -> int:
    """The number of training pictures."""
    return int(Path(run["data.train"]).stem.removeprefix("m_"))


Case = tuple[float, int, int, str]  # scale, m, width, activation
Looks = dict[Case, NDArray[np.float64]]  # (seeds, before and after, measures)


def looks(runs: Sequence[Run]) -> Looks:
    """The measures of all runs by case."""
    directions = principal(runs[0])
    found: dict[Case, list[tuple[Look, Look]]] = {}
    for run in runs:
        case = run["init.scale"], size(run), run["model.width"], run["model.activation"]
        both = look(start(run), directions), look(run.weights[0][0], directions)
        found.setdefault(case, []).append(both)
    return {case: np.array(of) for case, of in found.items()}


def changes(of: NDArray[np.float64]) -> tuple[Interval, Interval, Interval]:
    """Smoothness gained, and the ratios after / before of spread and likeness, over the seeds."""
    before, after = of[:, 0], of[:, 1]
    return (
        median_interval(after[:, 0] - before[:, 0]),
        median_interval(after[:, 1] / before[:, 1]),
        median_interval(after[:, 2] / before[:, 2]),
    )


def above(value: Interval, bound: float) -> bool | None:
    """Is the whole interval above the bound (True), wholly below (False), or neither?"""
    return True if value.low > bound else False if value.high < bound else None


def judged(of: tuple[Interval, Interval, Interval]) -> list[bool | None]:
    """Smoother, more local, more like the pictures."""
    smooth, spread, alike = of
    less = above(spread, LESS_SPREAD)
    return [above(smooth, SMOOTHER), None if less is None else not less, above(alike, MORE_ALIKE)]


def analyse(runs: Sequence[Run]) -> Verdict:
    """Judge the nets of the usual scale and the most pictures; tell all of them."""
    found = {case: changes(of) for case, of in looks(runs).items()}
    most = max(m for _, m, _, _ in found)
    of_rule = {case: of for case, of in found.items() if case[:2] == (USUAL, most)}
    parts = [all_of(answers) for answers in zip(*map(judged, of_rule.values()), strict=True)]
    said = {True: "yes", False: "no", None: "open"}
    least = [[change.middle for change in of] for of in of_rule.values()]
    low, high = np.min(least, axis=0), np.max(least, axis=0)
    sentence = (
        f"From the usual start, with {most} pictures, the correlation of neighbouring weights rises by "
        f"{low[0]:.2f} to {high[0]:.2f}, the spread of a unit's weights becomes {low[1]:.2f} to "
        f"{high[1]:.2f} times as wide, and the share that is like new pictures {low[2]:.0f} to "
        f"{high[2]:.0f} times as large. Smoother: {said[parts[0]]}, more "
        f"local: {said[parts[1]]}, more like the pictures: {said[parts[2]]}."
    )
    numbers: dict[str, Any] = {}
    for (scale, m, width, activation), of in found.items():
        name = f"scale {scale:g}, {m} pictures, width {width}, {activation}"
        for measure, change in zip(
            ("smoothness gained", "spread, ratio", "likeness, ratio"), of, strict=True
        ):
            numbers[f"{name}: {measure}"] = [*change]
    learned = [run.metrics["train/accuracy"] for run in runs]
    numbers["training accuracy, least and median"] = [min(learned), float(np.median(learned))]
    return verdict_of(all_of(parts), sentence, numbers)


def shown(unit: Array) -> Array:
    """A unit's weights (12288,) as a picture (64, 64, 3), 0 in the middle of grey."""
    clipped: Array = np.clip(0.5 + unit.reshape(SIDE, SIDE, 3) / (6.0 * unit.std()), 0.0, 1.0)
    return clipped


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """A unit before and after training from both starts; then the measures by the number of pictures."""
    found = looks(runs)
    figure, axes = panels("What the units of the first layer learn", 3, 2, height=2.6)
    for ax, scale, trained, name in (
        (axes[0], USUAL, False, "a unit's weights at the usual start"),
        (axes[1], USUAL, True, "after training"),
        (axes[2], min(scale for scale, *_ in found), True, "after training from a small start"),
    ):
        most = max(size(run) for run in runs)
        run = next(r for r in runs if r["init.scale"] == scale and size(r) == most)
        ax.imshow(shown((run.weights[0][0] if trained else start(run))[0]))
        ax.set_title(name, fontsize=9)
        ax.set_axis_off()
    labels = ("neighbours' correlation", "spread, pixels", "share like new pictures")
    cases = sorted({(scale, width, activation) for scale, _, width, activation in found})
    for place, (ax, label) in enumerate(zip(axes[3:], labels, strict=True)):
        for scale, width, activation in cases:
            sizes = sorted(m for s, m, w, a in found if (s, w, a) == (scale, width, activation))
            after = [np.median(found[scale, m, width, activation][:, 1, place]) for m in sizes]
            colour = BLUE if scale == USUAL else RED
            ax.plot(
                sizes,
                after,
                "o" if activation == "tanh" else "s",
                ls="-" if width > 4 else "--",
                color=colour,
            )
        before = np.median([of[:, 0, place] for case, of in found.items()])
        ax.axhline(before, color="black", lw=0.8, ls=":")
        ax.set(xscale="log", xlabel="training pictures", title=label)
        ax.set_xticks(sizes, [f"{m}" for m in sizes], minor=False)
        ax.minorticks_off()
    axes[3].set_ylim(-0.05, 1.05)
    axes[3].text(50, 0.96, "dotted: before training", fontsize=8)
    axes[4].set_ylim(0, 30)
    axes[4].text(50, 8, "small start", color=RED, fontsize=8.5)
    axes[4].text(50, 4, "usual start", color=BLUE, fontsize=8.5)
    axes[5].text(50, 0.75, "lines: width 32, dashes: 4\nsquares: ReLU, dots: tanh", fontsize=8)
    axes[5].set_ylim(0, 1.0)
    return figure
