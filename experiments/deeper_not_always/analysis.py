"""Test accuracy by depth, with intervals over the 50 images and the 10 seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, GREY, RED, panels
from nnlab.nn import classes

PUBLISHED = {1: 0.70, 2: 0.72, 4: 0.80}
SAMPLES = 10_000

Right = NDArray[np.bool_]


def right(runs: Sequence[Run]) -> Right:
    """Which test images each net classifies correctly (seeds, images)."""
    rows = []
    for run in runs:
        arrays = run.arrays("predictions")
        rows.append(classes(arrays["test"]) == arrays["y_test"])
    return np.array(rows)


def interval(a: Right, b: Right, level: float) -> tuple[float, float]:
    """The interval of mean(a) - mean(b), from samples of images (the same for both) and of seeds."""
    random = np.random.RandomState(0)
    images = random.randint(a.shape[1], size=(SAMPLES, a.shape[1]))
    counts = np.stack([np.bincount(row, minlength=a.shape[1]) for row in images]) / a.shape[1]
    means = []
    for x in (a, b):
        seeds = random.randint(len(x), size=(SAMPLES, len(x)))
        weights = np.stack([np.bincount(row, minlength=len(x)) for row in seeds]) / len(x)
        means.append(np.einsum("sk,ki,si->s", weights, x.astype(float), counts))
    low, high = np.quantile(means[0] - means[1], [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def analyse(runs: Sequence[Run]) -> Verdict:
    """Compare each depth with the greatest one."""
    of = {depth: right(cells) for depth, cells in sorted(grouped(runs, "model.depth").items())}
    *others, deepest = of
    level = 1.0 - 0.05 / len(others)
    gaps = {d: interval(of[d], of[deepest], level) for d in others}
    mean = {d: float(x.mean()) for d, x in of.items()}
    best = max(mean, key=lambda d: mean[d])
    holds = True if any(low > 0.0 for low, _ in gaps.values()) else None
    if all(high < 0.0 for _, high in gaps.values()):
        holds = False
    told = [d for d, (low, _) in gaps.items() if low > 0.0]
    sentence = (
        f"Over {len(of[deepest])} seeds depth {best} has the best mean test accuracy, {mean[best]:.3f}; "
        f"depth {deepest} has {mean[deepest]:.3f}, worse beyond chance than {len(told)} of {len(others)} "
        f"smaller depths; "
        f"logistic regression has {mean[min(of)]:.3f}."
    )
    numbers: dict[str, Any] = {}
    for d, x in of.items():
        of_seeds = x.mean(axis=1)  # (seeds,)
        numbers[f"depth {d}: mean, lowest, highest test accuracy"] = [
            mean[d], float(of_seeds.min()), float(of_seeds.max())
        ]  # fmt: skip
    numbers |= {f"depth {d} minus depth {deepest}: interval": list(gap) for d, gap in gaps.items()}
    for depth, cells in sorted(grouped(runs, "model.depth").items()):
        numbers[f"depth {depth}: mean training accuracy"] = float(
            np.mean([run.metrics["train/accuracy"] for run in cells])
        )
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Test and training accuracy by depth: each seed, the means, and the three published values."""
    by = dict(sorted(grouped(runs, "model.depth").items()))
    figure, (left, right_) = panels(
        "One to eight layers on the course's photographs (209 + 50), width 16", 2
    )
    for ax, key, title in (
        (left, "test/accuracy", "Test accuracy: 10 seeds, mean, published"),
        (right_, "train/accuracy", "Training accuracy: 10 seeds, mean"),
    ):
        for depth, cells in by.items():
            values = [run.metrics[key] for run in cells]
            spread = np.linspace(-0.15, 0.15, len(values))
            ax.plot(depth + spread, values, "o", color=GREY, ms=3, alpha=0.7)
        ax.plot(
            list(by), [np.mean([run.metrics[key] for run in cells]) for cells in by.values()], color=BLUE
        )
        ax.set(xlabel="layers with weights", ylim=(0.3, 1.02), title=title)
        ax.set_xticks(list(by))
    for depth, value in PUBLISHED.items():
        low, high = binomtest(round(50 * value), 50).proportion_ci(0.95, "exact")
        left.errorbar(depth + 0.3, value, [[value - low], [high - value]], fmt="D", color=RED, capsize=3,
                      label="published, one net each, 95% interval" if depth == 1 else None)  # fmt: skip
    left.legend(loc="lower left")
    return figure
