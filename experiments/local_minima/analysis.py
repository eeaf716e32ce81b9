"""How different are 30 solutions of the same problem?"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import linear_sum_assignment

from nnlab.experiments import Interval, Run, Verdict, all_of, verdict_of
from nnlab.experiments.figures import BLUE, GREY, ORANGE, panels
from nnlab.nn import Array, classes, draw

SAMPLES = 4000  # of the seeds


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


def spread(values: Array, ratio: bool) -> Interval:
    """The ninth decile over the first, or minus it, with its interval over samples of the seeds."""
    samples = np.random.RandomState(0).randint(len(values), size=(SAMPLES, len(values)))
    low, high = np.quantile(np.vstack([values, values[samples]]), [0.1, 0.9], axis=1)
    found = high / low if ratio else high - low
    return Interval(float(found[0]), *(float(end) for end in np.quantile(found[1:], [0.025, 0.975])))


def within(found: Interval, limit: float) -> bool | None:
    """Is a spread within its limit? None if the interval contains it."""
    return True if found.high <= limit else False if found.low > limit else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Are the solutions different, their costs about the same, and as good on new images?"""
    apart, agreement = pairs(runs)
    costs = np.array([run.costs[-1] for run in runs])
    test = np.array([run.metrics["test/accuracy"] for run in runs])
    of_costs, of_test = spread(costs, ratio=True), spread(test, ratio=False)
    sentence = (
        f"{len(runs)} seeds end at costs whose ninth decile is {of_costs} times the first, and at test "
        f"accuracies of {np.quantile(test, 0.1):.3f} to {np.quantile(test, 0.9):.3f}; renumbered at best, "
        f"two solutions are {apart[:, 1].mean():.2f} apart (0 equal, 1 unrelated), and two nets agree on "
        f"{100 * agreement.mean():.0f}% of the test images."
    )
    numbers = {
        "final cost: lowest, mean, highest": [float(costs.min()), float(costs.mean()), float(costs.max())],
        "ninth decile of the costs over the first: interval": list(of_costs),
        "ninth decile of the test accuracies minus the first: interval": list(of_test),
        "lowest training accuracy": min(run.metrics["train/accuracy"] for run in runs),
        "distance as numbered, mean": float(apart[:, 0].mean()),
        "distance matched, lowest and mean": [float(apart[:, 1].min()), float(apart[:, 1].mean())],
        "agreement on the test images, lowest and mean": [float(agreement.min()), float(agreement.mean())],
        "last gradient norm of W1, mean": float(
            np.mean([run.metrics["layer_1/gradient_norm"] for run in runs])
        ),
    }
    different = bool(apart[:, 1].mean() >= 0.5 and agreement.mean() < 0.95)
    return verdict_of(all_of([different, within(of_costs, 2.0), within(of_test, 0.05)]), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: cost and accuracy. Middle: distances. Right: agreement."""
    apart, agreement = pairs(runs)
    figure, (left, middle, right) = panels(
        f"{len(runs)} seeds of one net: their costs, their distances, and how often they agree", 3
    )
    costs, test = ([of(run) for run in runs] for of in (_last_cost, _test_accuracy))
    left.plot(costs, test, "o", color=BLUE, alpha=0.7)
    left.set(xscale="log", xlabel="final training cost", ylabel="test accuracy", title="Each seed")
    bins = np.linspace(0.0, 1.5, 46).tolist()
    names = ("as numbered", GREY, 0.97), ("best renumbering", BLUE, 0.89)
    for values, (name, colour, height) in zip(apart.T, names, strict=True):
        middle.hist(values, bins, color=colour, alpha=0.7)
        middle.text(0.03, height, name, color=colour, transform=middle.transAxes, fontsize=8, va="top")
    middle.set_ylim(top=1.3 * middle.get_ylim()[1])  # room for the names
    middle.axvline(1.0, color="black", lw=0.8, ls=":")
    middle.set(
        xlabel="distance: 0 equal, 1 unrelated", ylabel="pairs of seeds", title="What two seeds learned"
    )
    right.hist(agreement, np.arange(0.5, 1.01, 0.01).tolist(), color=ORANGE)
    right.set(
        xlabel="share of test images",
        ylabel="pairs of seeds",
        title="Agreement of two nets",
        xlim=(0.5, 1.0),
    )
    return figure


def _last_cost(run: Run) -> float:
    return float(run.costs[-1])


def _test_accuracy(run: Run) -> float:
    return run.metrics["test/accuracy"]
