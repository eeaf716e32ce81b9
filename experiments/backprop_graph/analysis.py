"""The chain rule on a graph: by hand, by nnlab's network, and by differences."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import COLOURS, panels
from nnlab.nn import LOSSES, Array, Network, PrimalLayer, propagate
from nnlab.nn import activation as function

POINT, PUBLISHED = (-2.0, 5.0, -4.0), (-4.0, -4.0, 3.0)
SIZES, M, LEAK = (3, 4, 4, 1), 5, 0.01
SLOPES: dict[str, Callable[[float], float]] = {  # g'(z)
    "sigmoid": lambda z: np.exp(-z) / (1.0 + np.exp(-z)) ** 2,
    "tanh": lambda z: 1.0 / np.cosh(z) ** 2,
    "relu": lambda z: float(z > 0.0),
    "leaky_relu": lambda z: 1.0 if z > 0.0 else LEAK,
}
VALUES: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: max(z, LEAK * z),
}


def graph(x: float, y: float, z: float) -> tuple[float, tuple[float, float, float]]:
    """f = (x + y) z and its derivatives, going backward one step at a time."""
    q = x + y
    f = q * z
    df_dq, df_dz = z, q  # through the product
    return f, (df_dq * 1.0, df_dq * 1.0, df_dz)  # through the sum


def differences(f: Callable[[Array], float], at: Array, h: float = 1e-6) -> Array:
    """(f(x + h) - f(x - h)) / 2h in each coordinate."""
    steps = h * np.eye(len(at))
    return np.array([(f(at + step) - f(at - step)) / (2.0 * h) for step in steps])


def example() -> tuple[list[Array], list[Array], Array, Array]:
    """Weights, biases, inputs (m, 3) and labels (1, m)."""
    random = np.random.RandomState(0)
    W: list[Array] = [random.randn(n_out, n_in) for n_in, n_out in pairwise(SIZES)]
    b: list[Array] = [0.1 * random.randn(n_out, 1) for n_out in SIZES[1:]]
    return W, b, random.randn(M, SIZES[0]), (random.rand(1, M) > 0.5).astype(float)


def build(activation: str) -> tuple[Network, Array]:
    """nnlab's 3-4-4-1 net with these weights and biases, and Y."""
    W, b, X, Y = example()
    network = Network(PrimalLayer(X, W[0]), W[1:], function(activation, {"leak": LEAK}))
    for (P, _), bias in zip(network.blocks, b, strict=True):
        P[:, -1:] = bias
    return network, Y


def backprop(activation: str, dZ_L_over: float = M, dW_over: float = 1.0) -> Array:
    """The gradient by nnlab's network, with dZ_L divided by one number and dW, db by another."""
    (network, Y), loss = build(activation), LOSSES["sigmoid", "cross_entropy"]
    propagate(np, network, loss, network.whole(Y, loss, scale=M / dZ_L_over))
    return np.asarray(network.gradient / dW_over)


def numeric(activation: str) -> Array:
    """The gradient by central differences of the cost."""
    network, Y = build(activation)
    theta = network.theta.copy()

    def cost(at: Array) -> float:
        network.theta[:] = at
        return float(LOSSES["sigmoid", "cross_entropy"].cost(network.forward_train(), Y))

    return differences(cost, theta)


def loop(activation: str) -> Array:
    """The chain rule by explicit loops over examples and units, without any array product."""
    W, b, X, Y = example()
    g, slope = VALUES[activation], SLOPES[activation]
    dW, db = [np.zeros_like(w) for w in W], [np.zeros_like(v) for v in b]
    for j in range(M):
        A: list[list[float]] = [list(X[j])]
        Z: list[list[float]] = []
        for l, w in enumerate(W):
            Z.append([sum(w[i, k] * A[l][k] for k in range(len(A[l]))) + b[l][i, 0] for i in range(len(w))])
            A.append([g(z) for z in Z[l]])
        a = 1.0 / (1.0 + np.exp(-Z[-1][0]))
        dZ = [(a - Y[0, j]) / M]
        for l in reversed(range(len(W))):
            for i in range(len(dZ)):
                db[l][i, 0] += dZ[i]
                for k in range(len(A[l])):
                    dW[l][i, k] += dZ[i] * A[l][k]
            if l:
                back = [sum(W[l][i, k] * dZ[i] for i in range(len(dZ))) for k in range(len(A[l]))]
                dZ = [back[k] * slope(Z[l - 1][k]) for k in range(len(back))]
    first, *upper = (np.hstack([w, v]) for w, v in zip(dW, db, strict=True))
    return np.concatenate([first.ravel(), *(P.T.ravel() for P in upper)])  # in the order of theta


def distance(a: Array, b: Array) -> float:
    """The largest difference, relative to the largest element."""
    return float(np.abs(a - b).max() / np.abs(a).max())


def analyse(runs: Sequence[Run]) -> Verdict:
    """Compare three ways to the same derivatives, and two places for 1/m."""
    _, by_hand = graph(*POINT)
    by_differences = differences(lambda v: graph(*v)[0], np.array(POINT))
    numeric_off = {a: distance(backprop(a), numeric(a)) for a in SLOPES}
    loop_off = {a: distance(backprop(a), loop(a)) for a in SLOPES}
    places = max(distance(backprop(a, M, 1.0), backprop(a, 1.0, M)) for a in SLOPES)
    both = backprop("tanh", M, M) / backprop("tanh")
    f_off = float(np.abs(by_differences - PUBLISHED).max())
    sentence = (
        f"f = (x + y) z has the derivatives {', '.join(f'{d:g}' for d in by_hand)}; for the 3-4-4-1 net "
        f"backprop is within {max(numeric_off.values()):.0e} of central differences and "
        f"{max(loop_off.values()):.0e} of an explicit loop, and 1/m in dZ_L or in dW and db "
        f"is the same to {places:.0e}."
    )
    numbers = {
        "f: derivatives by backprop": list(by_hand),
        "f: largest difference to central differences": f_off,
        "1/m once, at either place: relative difference": places,
        "1/m at both places: factor": float(np.median(both)),
    }
    numbers |= {f"{a}: backprop against differences, loop": [numeric_off[a], loop_off[a]] for a in SLOPES}
    holds = by_hand == PUBLISHED and f_off < 1e-8 and max(numeric_off.values()) < 1e-6
    holds &= (
        max(loop_off.values()) < 1e-12 and places < 1e-12 and bool(np.allclose(both, 1.0 / M, rtol=1e-12))
    )
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the graph with its values and derivatives. Right: backprop against differences."""
    figure, (left, right) = panels("The chain rule on a graph, and through a 3-4-4-1 net", 2)
    nodes = {"x": (0, 2), "y": (0, 1), "z": (0, 0), "+": (1, 1.5), "×": (2, 0.9)}
    q, (df_dx, df_dy, df_dz) = POINT[0] + POINT[1], graph(*POINT)[1]
    edges = {("x", "+"): (POINT[0], df_dx), ("y", "+"): (POINT[1], df_dy), ("z", "×"): (POINT[2], df_dz),
             ("+", "×"): (q, POINT[2])}  # fmt: skip
    for (start, end), (value, derivative) in edges.items():
        (x0, y0), (x1, y1) = nodes[start], nodes[end]
        left.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "shrinkA": 11, "shrinkB": 11})
        x, y = 0.55 * x0 + 0.45 * x1, 0.55 * y0 + 0.45 * y1
        left.text(x, y + 0.09, f"{value:g}", color=COLOURS[2], ha="center", va="bottom")
        left.text(x, y - 0.07, f"{derivative:g}", color=COLOURS[3], ha="center", va="top")
    left.annotate("", (2.8, 0.9), nodes["×"], arrowprops={"arrowstyle": "->", "shrinkA": 11, "shrinkB": 2})
    left.text(2.45, 0.98, f"{graph(*POINT)[0]:g}", color=COLOURS[2], ha="center", va="bottom")
    left.text(2.45, 0.83, "1", color=COLOURS[3], ha="center", va="top")
    for name, (x, y) in nodes.items():
        left.plot(x, y, "o", ms=19, mfc="white", mec="black")
        left.text(x, y, name, ha="center", va="center")
    left.set(xlim=(-0.3, 3.0), ylim=(-0.5, 2.5), title="f = (x + y) z: values (green), df/d· (red)")
    left.axis("off")
    for colour, activation in zip(COLOURS, SLOPES, strict=False):
        right.plot(
            numeric(activation), backprop(activation), "o", color=colour, alpha=0.6, label=activation
        )
    low, high = right.get_xlim()
    right.plot([low, high], [low, high], color="black", lw=0.7)
    right.set(xlabel="central difference", ylabel="backprop", title="All 41 derivatives of the net")
    right.legend()
    return figure
