"""Three nets that compute parity exactly, and the nets that training finds."""

from collections.abc import Sequence
from math import ceil, log2

import numpy as np
from matplotlib.figure import Figure

from nnlab.data.synthetic import parity
from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, GREEN, ORANGE, panels
from nnlab.nn import Array, Parameters, activation, logits

BITS = range(2, 13)


def _layer(W: Array, b: Array | float = 0.0) -> tuple[Array, Array]:
    return W, np.broadcast_to(np.reshape(b, (-1, 1)), (len(W), 1)).astype(float)


def tree(n: int) -> Parameters:
    """XORs of pairs, layer by layer; a bit without a partner passes through one relu."""
    layers, values = [], np.eye(n)  # (bits, units below): each bit as a sum of the units below
    while len(values) > 1:
        W, b, parts = [], [], []
        for i in range(0, len(values) - 1, 2):
            W += [values[i] + values[i + 1]] * 2
            b += [0.0, -1.0]
            parts.append([(len(W) - 2, 1.0), (len(W) - 1, -2.0)])
        if len(values) % 2:
            W.append(values[-1])
            b.append(0.0)
            parts.append([(len(W) - 1, 1.0)])
        layers.append(_layer(np.array(W), np.array(b)))
        values = np.zeros((len(parts), len(W)))
        for row, of in enumerate(parts):
            for unit, weight in of:
                values[row, unit] = weight
    return [*layers, _layer(values)]


def one_unit_a_vector(n: int) -> Parameters:
    """For each odd vector one unit, which is 1 at that vector and 0 at all others."""
    x, y = parity(n)
    odd = x[y == 1]  # (2^(n-1), n)
    return [_layer(2.0 * odd - 1.0, 1.0 - odd.sum(axis=1)), _layer(np.ones((1, len(odd))))]


def saw_tooth(n: int) -> Parameters:
    """relu(s) - 2 relu(s-1) + 2 relu(s-2) - ... of the sum s of the bits: n units."""
    slopes = np.array([[1.0, *(2.0 * (-1.0) ** k for k in range(1, n))]])
    return [_layer(np.ones((n, n)), -np.arange(n, dtype=float)), _layer(slopes)]


def exact(net: Parameters, n: int) -> bool:
    """Is the output exactly the parity, for all 2^n vectors?"""
    x, y = parity(n)
    return bool((logits(net, x, activation("relu"))[0] == y).all())


def hidden_units(net: Parameters) -> int:
    """The number of units in the hidden layers."""
    return sum(len(b) for _, b in net[:-1])


def analyse(runs: Sequence[Run]) -> Verdict:
    """Are the two constructions exact? Is there a smaller net with one hidden layer?"""
    deep = all(
        exact(tree(n), n)
        and len(tree(n)) == ceil(log2(n)) + 1
        and hidden_units(tree(n)) <= 2 * (n - 1) + n * log2(n)
        for n in BITS
    )
    wide = all(exact(one_unit_a_vector(n), n) for n in BITS)
    smaller = [n for n in BITS if n < 2 ** (n - 1) and exact(saw_tooth(n), n)]
    n = max(BITS)
    sentence = (
        f"For {min(BITS)} to {n} bits the tree ({n} bits: {len(tree(n))} layers, "
        f"{hidden_units(tree(n))} units) and the net of 2^(n-1) units ({2 ** (n - 1)}) are exact, "
        f"but so is one hidden layer of n units ({n}): the exponential width is not needed."
    )
    numbers = {
        "tree exact": deep,
        "2^(n-1) units exact": wide,
        "n where n units in one hidden layer suffice and n < 2^(n-1)": smaller,
    }
    for (bits, depth, width), of in learned(runs).items():
        numbers[
            f"trained: {bits} bits, depth {depth}, width {width}: nets of {len(of)} that learned all"
        ] = sum(accuracy == 1.0 for accuracy in of)
    return verdict_of(deep and wide and not smaller, sentence, numbers)


def learned(runs: Sequence[Run]) -> dict[tuple[int, int, int], list[float]]:
    """The training accuracies by (bits, depth, width)."""
    found: dict[tuple[int, int, int], list[float]] = {}
    for (file, depth, width), of in grouped(runs, "data.train", "model.depth", "model.width").items():
        bits = int(file.rpartition("/")[2].split("_")[0])
        found[bits, depth, width] = [run.metrics["train/accuracy"] for run in of]
    return found


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the units of each construction. Right: the accuracy that training reached."""
    figure, axes = panels("The parity of n bits: the units of three exact nets, and what training finds", 2)
    for label, build, colour in (
        ("one hidden layer, a unit a vector: 2^(n-1)", one_unit_a_vector, ORANGE),
        ("tree of XORs, log2 n hidden layers", tree, BLUE),
        ("one hidden layer, saw-tooth of the sum: n", saw_tooth, GREEN),
    ):
        axes[0].semilogy(BITS, [hidden_units(build(n)) for n in BITS], "o-", color=colour, label=label)
    axes[0].set(xlabel="bits n", ylabel="hidden units", title="Exact nets of ReLUs", ylim=(1, 20000))
    axes[0].legend(loc="upper left")
    found = learned(runs)
    shapes = sorted({key[1:] for key in found})
    bits = sorted({key[0] for key in found})
    grid = np.array([[np.mean(found[n, *shape]) for shape in shapes] for n in bits])  # (bits, shapes)
    image = axes[1].imshow(grid, aspect="auto", origin="lower", cmap="cividis", vmin=0.5, vmax=1.0)
    axes[1].set_xticks(range(len(shapes)), [f"{depth}x{width}" for depth, width in shapes], rotation=45)
    axes[1].set_yticks(range(len(bits)), [str(n) for n in bits])
    axes[1].set(xlabel="layers x width", ylabel="bits n", title="What Adam finds: training accuracy")
    axes[1].grid(False)
    figure.colorbar(image, ax=axes[1])
    return figure
