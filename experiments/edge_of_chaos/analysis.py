"""The depth that can be trained, compared with the depth scale of the theory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import RED, panels
from nnlab.nn.mean_field import fixed_point

FACTOR = 6.0
TRAINED = 0.9


def accuracies(runs: Sequence[Run]) -> dict[float, dict[int, float]]:
    """The mean training accuracy by sigma_w^2, then by depth."""
    return {
        round(scale**2, 2): {
            depth: float(np.mean([run.metrics["train/accuracy"] for run in cells]))
            for depth, cells in grouped(of, "model.depth").items()
        }
        for scale, of in grouped(runs, "init.scale").items()
    }


def analyse(runs: Sequence[Run]) -> Verdict:
    """The rank correlation of trained depth and xi; the share of pairs that 6 xi predicts correctly."""
    table = accuracies(runs)
    xi = {s: fixed_point(runs[0]["model.activation"], s).xi for s in table}
    reached = {s: max((d for d, a in of.items() if a >= TRAINED), default=0) for s, of in table.items()}
    pairs = [(s, d, a) for s, of in table.items() for d, a in of.items()]
    right = [(a >= TRAINED) == (d <= FACTOR * xi[s]) for s, d, a in pairs]
    most = max(d for of in table.values() for d in of)  # deeper nets are not in the sweep
    predicted = [min(FACTOR * xi[s], most) for s in table]
    correlation = float(spearmanr(list(reached.values()), predicted).statistic)
    deepest = max(reached, key=lambda s: (reached[s], table[s][max(table[s])]))
    sentence = (
        f"Depth <= 6 xi is right for {sum(right)} of {len(right)} pairs of variance and depth; the trained "
        f"depth goes with it (rank correlation {correlation:.2f}), from {reached[min(reached)]} layers at "
        f"sigma_w^2 = {min(reached):g} over {reached[deepest]} at {deepest:g} to {reached[max(reached)]} "
        f"at {max(reached):g}."
    )
    numbers: dict[str, Any] = {
        "share of pairs put right": float(np.mean(right)),
        "rank correlation": correlation,
    }
    numbers |= {
        f"sigma_w^2 = {s:g}: greatest trained depth, 6 xi": [reached[s], FACTOR * xi[s]] for s in table
    }
    return verdict_of(correlation >= 0.8 and bool(np.mean(right) >= 0.8), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: training accuracy by variance and depth, with the line 6 xi. Right: q* and chi_1."""
    table = accuracies(runs)
    activation = runs[0]["model.activation"]
    figure, (left, right) = panels(
        "Deep tanh nets train only near the edge of chaos, as deep as the theory says", 2, height=3.8
    )
    variances, depths = list(table), list(next(iter(table.values())))
    grid = np.array([[table[s][d] for s in variances] for d in depths])  # (depths, variances)
    image = left.imshow(grid, origin="lower", aspect="auto", cmap="cividis", vmin=0.5, vmax=1.0)
    figure.colorbar(image, ax=left, label="training accuracy")
    fine = np.geomspace(variances[0], variances[-1], 200)
    line = [min(FACTOR * fixed_point(activation, float(s)).xi, 1e4) for s in fine]
    x = np.interp(np.log(fine), np.log(variances), range(len(variances)))
    y = np.interp(np.log(line), np.log(depths), range(len(depths)), left=-1, right=len(depths))
    left.plot(x, y, color=RED, lw=2.5, label="6 xi, theory")
    left.set_ylim(-0.5, len(depths) - 0.5)
    left.set_xticks(range(len(variances)), [f"{s:g}" for s in variances])
    left.set_yticks(range(len(depths)), [str(d) for d in depths])
    left.set(
        xlabel="sigma_w^2 (order < 1 < chaos)",
        ylabel="layers",
        title="Measured (colour) and predicted (line)",
    )
    left.grid(False)
    left.legend(loc="upper left", labelcolor="white")
    points = [fixed_point(activation, float(s)) for s in fine]
    right.plot(
        fine, [point.chi_1 for point in points], label="chi_1: factor on a squared gradient, per layer"
    )
    right.plot(fine, [point.q for point in points], label="q*: variance of the pre-activations")
    right.axvline(1.0, color="black", lw=0.8, ls=":")
    right.set(xscale="log", ylim=(0, 4), xlabel="sigma_w^2", title="The theory's fixed point")
    right.set_xticks([0.5, 1, 2, 4, 8, 16], ["0.5", "1", "2", "4", "8", "16"])
    right.minorticks_off()
    right.legend(loc="upper left")
    return figure
