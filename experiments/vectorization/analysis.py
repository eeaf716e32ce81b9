"""The same gradient computed in four ways, with times."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.cells import dataset
from nnlab.config.compose import compose
from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import BLUE, panels
from nnlab.nn import (
    LOSSES,
    Array,
    FirstLayer,
    GramLayer,
    Network,
    PrimalLayer,
    activation,
    draw,
    gram,
    propagate,
)

Gradient = tuple[Array, Array, Array, Array]  # dW1, db1, dW2, db2

UNITS, LOOPED = 7, 2  # hidden units; examples that the full loop is timed on
FASTER, SAME = 100.0, 1e-10


def full_loop(X: Array, y: Array, W1: Array, W2: Array) -> Gradient:
    """Loops over examples, units and inputs; X (m, n_0), biases 0, tanh."""
    m, n_0, n_1 = len(X), X.shape[1], len(W1)
    dW1, db1, dW2, db2 = np.zeros_like(W1), np.zeros(n_1), np.zeros_like(W2), np.zeros(1)
    for j in range(m):
        a1 = []
        for i in range(n_1):
            z = 0.0
            for k in range(n_0):
                z += W1[i, k] * X[j, k]
            a1.append(math.tanh(z))
        z = 0.0
        for i in range(n_1):
            z += W2[0, i] * a1[i]
        dz2 = (1.0 / (1.0 + math.exp(-z)) - y[j]) / m
        db2[0] += dz2
        for i in range(n_1):
            dW2[0, i] += dz2 * a1[i]
            dz1 = W2[0, i] * dz2 * (1.0 - a1[i] * a1[i])
            db1[i] += dz1
            for k in range(n_0):
                dW1[i, k] += dz1 * X[j, k]
    return dW1, db1, dW2, db2


def example_loop(X: Array, y: Array, W1: Array, W2: Array) -> Gradient:
    """A loop over examples, with vectors inside."""
    m = len(X)
    dW1, db1, dW2, db2 = np.zeros_like(W1), np.zeros(len(W1)), np.zeros_like(W2), np.zeros(1)
    for x, label in zip(X, y, strict=True):
        a1 = np.tanh(W1 @ x)
        dz2 = (1.0 / (1.0 + np.exp(-(W2 @ a1))) - label) / m
        dz1 = W2[0] * dz2 * (1.0 - a1 * a1)
        dW1 += np.outer(dz1, x)
        db1 += dz1
        dW2 += np.outer(dz2, a1)
        db2 += dz2
    return dW1, db1, dW2, db2


def arrays(first: FirstLayer, W2: Array, y: Array) -> Callable[[], Network]:
    """Both passes of one step by nnlab's network."""
    network, loss = Network(first, [W2], activation("tanh")), LOSSES["sigmoid", "cross_entropy"]
    batch = network.whole(y[np.newaxis], loss)

    def passes() -> Network:
        propagate(np, network, loss, batch)
        return network

    return passes


def seconds(step: Callable[[], object], repeats: int) -> float:
    """The shortest of several times."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times)


def measure() -> tuple[dict[str, float], dict[str, float]]:
    """By method: the seconds of a step, and the largest relative difference to the full loop."""
    split = dataset(compose([])).train
    X, y = split.features(), split.y.astype(float)
    W1, W2 = draw("lecun", 1.0, [X.shape[1], UNITS, 1], seed=1)
    few, K = X[:LOOPED], gram(X)
    array_step = arrays(PrimalLayer(X, W1), W2, y)
    gram_step = arrays(GramLayer(X, K, W1), W2, y)
    time_of = {
        "full loop": seconds(lambda: full_loop(few, y[:LOOPED], W1, W2), 2) * len(X) / LOOPED,
        "loop over examples": seconds(lambda: example_loop(X, y, W1, W2), 3),
        "arrays": seconds(array_step, 20),
        "arrays over coefficients (gram)": seconds(gram_step, 50),
    }
    by_loop = full_loop(few, y[:LOOPED], W1, W2)
    few_arrays = arrays(PrimalLayer(few, W1), W2, y[:LOOPED])()
    few_gram = arrays(GramLayer(few, gram(few), W1), W2, y[:LOOPED])()
    dC = few_gram.blocks[0][1][:, :-1]  # dW1 = dC X^T, db1 = dC 1
    difference = {
        "loop over examples": _off(example_loop(few, y[:LOOPED], W1, W2), by_loop),
        "arrays": _off(_split(few_arrays.blocks[0][1], few_arrays), by_loop),
        "arrays over coefficients (gram)": _off(
            _split(np.hstack([dC @ few, dC.sum(axis=1, keepdims=True)]), few_gram), by_loop
        ),
    }
    return time_of, difference


def _split(dP1: Array, network: Network) -> Gradient:
    dP2 = network.blocks[1][1]
    return dP1[:, :-1], dP1[:, -1], dP2[:, :-1], dP2[:, -1]


def _off(ours: Gradient, theirs: Gradient) -> float:
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, theirs, strict=True))


def analyse(runs: Sequence[Run]) -> Verdict:
    """Are the gradients equal, and how much faster are arrays?"""
    time_of, difference = measure()
    slowest, per_array = time_of["full loop"], time_of["arrays"]
    ratio = {method: slowest / value for method, value in time_of.items()}
    worst = max(difference.values())
    sentence = (
        f"One step over 209 images takes {slowest:.0f} s in loops, "
        f"{1e3 * time_of['loop over examples']:.0f} ms in a loop over examples, {1e3 * per_array:.1f} ms "
        f"in arrays ({ratio['arrays']:.0f} times as fast as loops) and "
        f"{1e3 * time_of['arrays over coefficients (gram)']:.2f} ms over coefficients; the gradients agree "
        f"to {worst:.0e}."
    )
    numbers: dict[str, Any] = {
        f"{method}: seconds a step, times as fast": [time_of[method], ratio[method]] for method in time_of
    }
    numbers |= {f"{method}: difference to the loop": value for method, value in difference.items()}
    return verdict_of(worst <= SAME and ratio["arrays"] >= FASTER, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Seconds of a step, on a logarithmic axis."""
    figure, (ax,) = panels("One step of gradient descent over 209 images, four ways", height=2.4)
    found = {key.partition(":")[0]: value for key, value in verdict.numbers.items() if "seconds" in key}
    places = np.arange(len(found))
    ax.plot([value for value, _ in found.values()], places, "o", color=BLUE, ms=7)
    for place, (value, ratio) in enumerate(found.values()):
        text = f"   {value:.2g} s" + (f", {ratio:,.0f} times as fast as loops" if ratio > 1.0 else "")
        ax.text(value, place, text, va="center")
    ax.set_yticks(places, list(found))
    ax.set_ylim(len(found) - 0.5, -0.5)
    ax.set(
        xscale="log", xlabel="seconds (log)", xlim=(None, 40 * max(value for value, _ in found.values()))
    )
    return figure
