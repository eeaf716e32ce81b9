"""How different are 30 solutions of the same problem?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment

from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import BLUE, GREY, ORANGE, panels
from nnlab.nn import Array, classes, draw


def displacement(run: Run) -> Array:
    """What each hidden unit has learned: its row of [W1 b1] and column of W2, minus their start."""
    (W1, b1), (W2, _) = run.weights
    start = draw(run["init.scheme"], run["init.scale"], [W1.shape[1], len(W1), len(W2)], run["seed"])
    return np.hstack([W1 - start[0], b1, (W2 - start[1]).T])  # (n_1, n_0 + 1 + n_2)


def distances(a: Array, b: Array) -> tuple[float, float]:
    """The relative distance of two displacements: units as numbered, and after the best renumbering."""
    cost = -(a @ b.T)  # |a_i - b_j|^2 / 2, without the terms that do not depend on the matching
    matched = b[linear_sum_assignment(cost)[1]]
    size = np.sqrt((a * a).sum() + (b * b).sum())
    return float(np.linalg.norm(a - b) / size), float(np.linalg.norm(a - matched) / size)


def pairs(runs: Sequence[Run]) -> tuple[Array, Array]:
    """For each pair of seeds: both distances (pairs, 2), and the agreement on the test images (pairs,)."""
    learned = [displacement(run) for run in runs]
    said = [classes(run.arrays("predictions")["test"]) for run in runs]
    places = list(combinations(range(len(runs)), 2))
    apart = np.array([distances(learned[i], learned[j]) for i, j in places])
    return apart, np.array([np.mean(said[i] == said[j]) for i, j in places])


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do the nets fit, how far apart are they, and how often do they agree?"""
    apart, agreement = pairs(runs)
    costs = np.array([run.costs[-1] for run in runs])
    train = np.array([run.metrics["train/accuracy"] for run in runs])
    test = np.array([run.metrics["test/accuracy"] for run in runs])
    nearest = float(apart[:, 1].min())
    sentence = (
        f"{len(runs)} seeds reach a cost of {costs.min():.4f} to {costs.max():.4f} and a test accuracy of "
        f"{test.min():.2f} to {test.max():.2f}; renumbered at best, two solutions are "
        f"{apart[:, 1].mean():.2f} apart (0 equal, 1 unrelated), the nearest {nearest:.2f}, and two nets "
        f"agree on {100 * agreement.mean():.0f}% of the test images."
    )
    numbers = {
        "final cost: lowest, mean, highest": [float(costs.min()), float(costs.mean()), float(costs.max())],
        "test accuracy: lowest, mean, highest": [float(test.min()), float(test.mean()), float(test.max())],
        "lowest training accuracy": float(train.min()),
        "distance as numbered, mean": float(apart[:, 0].mean()),
        "distance matched, lowest and mean": [nearest, float(apart[:, 1].mean())],
        "agreement on the test images, lowest and mean": [float(agreement.min()), float(agreement.mean())],
        "last gradient norm of W1, mean": float(
            np.mean([run.metrics["layer_1/gradient_norm"] for run in runs])
        ),
    }
    holds = bool(train.min() >= 0.99 and nearest >= 0.5 and agreement.mean() < 0.95)
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: cost and accuracy. Middle: distances. Right: agreement."""
    apart, agreement = pairs(runs)
    figure, (left, middle, right) = panels(
        f"{len(runs)} seeds of one net: different solutions, but relatives once their units are renumbered",
        3,
    )
    costs = [run.costs[-1] for run in runs]
    left.plot(costs, [run.metrics["test/accuracy"] for run in runs], "o", color=BLUE, alpha=0.7)
    left.set(
        xlabel="final training cost", ylabel="test accuracy (50 images)", title="Each seed", xlim=(0, None)
    )
    bins = np.linspace(0.0, 1.5, 46).tolist()
    middle.hist(apart[:, 0], bins, color=GREY, alpha=0.6, label="as numbered")
    middle.hist(apart[:, 1], bins, color=BLUE, alpha=0.7, label="best renumbering")
    middle.axvline(1.0, color="black", lw=0.8, ls=":")
    middle.set(xlabel="0 equal, 1 unrelated", ylabel="pairs of seeds", title="Distance of what was learned")
    middle.legend(loc="upper left")
    right.hist(agreement, np.arange(0.51, 1.02, 0.02).tolist(), color=ORANGE)
    right.set(xlabel="share of test images", title="Agreement of two nets", xlim=(0.5, 1.02))
    return figure
