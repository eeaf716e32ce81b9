"""Is a deep net of linear units the same as logistic regression?"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, ORANGE, name_at, panels
from nnlab.nn import Array, Parameters, classes, logits
from nnlab.nn import activation as function


def collapse(parameters: Parameters) -> tuple[Array, Array]:
    """W (n_L, n_0) and b (n_L, 1) of the linear map that layers with identity units compute."""
    return reduce(lambda W_b, W: (W[0] @ W_b[0], W[0] @ W_b[1] + W[1]), parameters)


def distance(run: Run) -> float:
    """max |net(x) - (W x + b)| / max |net(x)| over training and test examples."""
    W, b = collapse(run.weights)
    rows = np.vstack([run.dataset.train.features(), run.dataset.test.features()])  # (k, n_0)
    net = logits(run.weights, rows, function("identity"))
    return float(np.abs(net - (W @ rows.T + b)).max() / np.abs(net).max())


def hidden_rank(run: Run) -> int:
    """The rank of W_{L-1} ... W_1, the map to the last hidden layer."""
    return int(np.linalg.matrix_rank(collapse(run.weights[:-1])[0]))


def correct(runs: Sequence[Run]) -> Array:
    """For each test example the share of runs that classify it correctly (m,)."""
    right = []
    for run in runs:
        arrays = run.arrays("predictions")
        right.append(classes(arrays["test"]) == arrays["y_test"])
    share: Array = np.mean(right, axis=0)
    return share


def gain(runs: Sequence[Run], baseline: Sequence[Run], comparisons: int) -> tuple[float, float, float]:
    """The mean accuracy minus that of the baseline, and its interval: 95% over all comparisons."""
    difference = correct(runs) - correct(baseline)  # (m,)
    half = norm.ppf(1.0 - 0.025 / comparisons) * difference.std(ddof=1) / np.sqrt(len(difference))
    mean = float(difference.mean())
    return mean, mean - float(half), mean + float(half)


def linear_by_depth(runs: Sequence[Run]) -> dict[int, list[Run]]:
    """The linear nets by depth. At depth 1 the activation does not matter: take each run once."""
    chosen = [run for run in runs if run["model.depth"] == 1 or run["model.activation"] == "identity"]
    return grouped(sorted(chosen, key=lambda run: run["model.depth"]), "model.depth")


def analyse(runs: Sequence[Run]) -> Verdict:
    """Are the nets equal to their collapsed product, of low rank, and not better than depth 1?"""
    linear = linear_by_depth(runs)
    deep = {depth: of for depth, of in linear.items() if depth > 1}
    width = max(run["model.width"] for of in deep.values() for run in of)
    off = max(distance(run) for of in linear.values() for run in of)
    rank = max(hidden_rank(run) for of in deep.values() for run in of)
    gains = {depth: gain(of, linear[1], len(deep)) for depth, of in deep.items()}
    best = max(gains, key=lambda depth: gains[depth][0])
    sentence = (
        f"The collapsed product is the net to {off:.1e}, the hidden map has rank {rank} of at most "
        f"{width}, and the best depth ({best}) differs from logistic regression by "
        f"{100 * gains[best][0]:+.1f} points of test accuracy "
        f"(interval {100 * gains[best][1]:+.1f} to {100 * gains[best][2]:+.1f})."
    )
    numbers: dict[str, Any] = {"largest relative distance": off, "largest rank": rank}
    numbers |= {f"identity depth {d}: test accuracy": float(correct(of).mean()) for d, of in linear.items()}
    numbers |= {f"identity depth {d}: gain, interval": list(g) for d, g in gains.items()}
    for (depth, activation), of in grouped(runs, "model.depth", "model.activation").items():
        if activation == "relu" and depth > 1:
            numbers[f"relu depth {depth}: test accuracy"] = float(correct(of).mean())
    holds = off <= 1e-12 and rank <= width and all(low <= 0.0 for _, low, _ in gains.values())
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: test accuracy by depth, identity and ReLU. Right: singular values of the hidden map."""
    figure, (left, right) = panels(
        "Linear and ReLU units: test accuracy by depth, and the rank of the linear map", 2
    )
    linear = linear_by_depth(runs)
    relu = [run for run in runs if run["model.activation"] == "relu" and run["model.depth"] > 1]
    nonlinear = {1: linear[1]} | grouped(relu, "model.depth")
    for activation, of, colour in (("identity", linear, BLUE), ("relu", nonlinear, ORANGE)):
        depths = sorted(of)
        accuracy = [[run.metrics["test/accuracy"] for run in of[d]] for d in depths]
        mean, sd = np.mean(accuracy, axis=1), np.std(accuracy, axis=1, ddof=1)
        left.errorbar(depths, mean, sd, fmt="o-", color=colour, capsize=3)
        name_at(left, depths[1], float(mean[1]), activation, colour, xytext=(8, 12))
    left.set(
        xlabel="layers with weights",
        ylabel="test accuracy (1000 pictures)",
        title="Mean and deviation over seeds",
    )
    left.set_xticks(depths)
    deepest = max(linear)
    W, _ = collapse(linear[deepest][0].weights[:-1])
    values = np.linalg.svd(W, compute_uv=False)
    right.semilogy(range(1, len(values) + 1), values / values[0], "o-")
    right.set(xlabel="number", title=f"Singular values of W{deepest - 1} ... W1 (first = 1)")
    return figure
