"""By which factor does a layer multiply the gradient on its way back?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from nnlab.experiments import Interval, Run, Verdict, all_of, grouped, median_interval, verdict_of
from nnlab.experiments.figures import COLOURS, name_at, panels, strips

LARGEST_SLOPE = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
OWN = {"sigmoid": 1.0, "tanh": 1.0, "relu": 1.4142}  # the usual initial scale of each
LARGE = 10.0
ENDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
SATURATED = 0.01  # of the range


def gradients(run: Run) -> tuple[list[float], bool]:
    """|dZ_l| for l = 1 ... L before the first step; does the bound hold in every layer?"""
    network, batch = run.backprop()
    norms = [float(np.linalg.norm(dZ)) for dZ in batch.w.dZ.values()]
    slope, keeps = LARGEST_SLOPE[run["model.activation"]], True
    for l, (P, _) in enumerate(network.blocks[1:], start=1):
        most = slope * np.linalg.norm(P[:, :-1], 2) * norms[l]
        keeps &= bool(norms[l - 1] <= most * (1.0 + 1e-9))
    return norms, keeps


def factor(run: Run, norms: Sequence[float]) -> float:
    """The mean factor of one layer."""
    return float((norms[0] / norms[-1]) ** (1.0 / (len(norms) - 1)))


def factors(runs: Sequence[Run]) -> tuple[dict[tuple[str, float], float], bool]:
    """The factor by (activation, scale), over depth 4 and more; does the bound hold everywhere?"""
    found, bound = {}, True
    for key, of in grouped(runs, "model.activation", "init.scale").items():
        logs = []
        for run in of:
            norms, keeps = gradients(run)
            bound &= keeps
            if run["model.depth"] >= 4:
                logs.append(np.log(factor(run, norms)))
        found[key] = float(np.exp(np.mean(logs)))
    return found, bound


def learning_of_saturated(run: Run) -> float:
    """The rank correlation of saturation and moved weights over the units of a layer: mean of layers."""
    network, batch = run.backprop()
    low, high = ENDS[run["model.activation"]]
    margin = SATURATED * (high - low)
    found = []
    for l, (W, b) in enumerate(run.weights[:-1], start=1):
        A, start = batch.w.A[l], network.blocks[l - 1][0]  # (n_l, m), [W_l b_l]
        share = ((low + margin > A) | (high - margin < A)).mean(axis=1)
        moved = np.linalg.norm(np.hstack([W, b]) - start, axis=1)
        if len(set(share)) > 1:
            found.append(spearmanr(share, moved).statistic)
    return float(np.mean(found)) if found else 0.0


def saturated_learning(runs: Sequence[Run]) -> Interval:
    """The median of that correlation over the nets with large weights, with its interval."""
    large = [
        run for run in runs
        if run["init.scale"] == LARGE and run["model.activation"] in ENDS and run.status == "finished"
    ]  # fmt: skip
    return median_interval(np.array([learning_of_saturated(run) for run in large]))


def less(learning: Interval) -> bool | None:
    """Is the correlation negative? True if its whole interval is, False if all of it is above -0.1."""
    return True if learning.high < 0.0 else False if learning.low > -0.1 else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Check the bound, depth, large weights, ReLU, and what saturated units learn."""
    f, bound = factors(runs)
    own = {a: f[a, OWN[a]] for a in OWN}
    learning = saturated_learning(runs)
    parts = {
        "the bound holds in every layer": bound,
        "vanishes with depth": own["sigmoid"] < 0.95 and own["tanh"] < 0.95,
        "vanishes with large weights": all(f[a, LARGE] < f[a, 1.0] for a in ENDS),
        "ReLU keeps more": own["relu"] > max(own["sigmoid"], own["tanh"]),
        "saturated units learn less": True
        if learning.high < 0.0
        else False
        if learning.low > -0.1
        else None,
    }
    large = parts["vanishes with large weights"]
    sentence = (
        f"A layer multiplies the gradient by {own['sigmoid']:.2f} (sigmoid), {own['tanh']:.2f} (tanh) and "
        f"{own['relu']:.2f} (ReLU) at their usual scales; with weights 10 times as large by "
        f"{f['sigmoid', LARGE]:.2f} (sigmoid) and {f['tanh', LARGE]:.2f} (tanh): large weights "
        f"{'make gradients vanish' if large else 'do not make gradients vanish'}. The rank correlation of "
        f"a unit's saturation and of what it learns is {learning}."
    )
    numbers: dict[str, Any] = {f"factor, {a}, scale {scale:g}": value for (a, scale), value in f.items()}
    numbers |= {name: "open" if holds is None else holds for name, holds in parts.items()}
    return verdict_of(all_of(list(parts.values())), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Gradients by layer of the deepest nets at two scales; what saturated units learn."""
    deepest = max(run["model.depth"] for run in runs)
    by = grouped([run for run in runs if run["model.depth"] == deepest], "model.activation", "init.scale")
    figure, axes = panels(
        "Gradients by layer at two scales of the weights, and what saturated units learn", 3
    )
    layers = np.arange(1, deepest + 1)
    for colour, (activation, scale) in zip(COLOURS, OWN.items(), strict=False):
        for ax, wanted in zip(axes, (scale, LARGE), strict=False):
            norms = [gradients(run)[0] for run in by[activation, wanted]]
            relative = np.exp(np.mean([np.log(np.array(n) / n[-1]) for n in norms], axis=0))
            ax.semilogy(layers, relative, "o-", color=colour)
            name_at(ax, 1, float(relative[0]), activation, colour, xytext=(-4, 0), ha="right")
    axes[0].semilogy(layers, 0.25 ** (deepest - layers.astype(float)), ":", color="black")
    name_at(axes[0], 5, 0.25 ** (deepest - 5.0), "1/4 a layer", "black", xytext=(6, -6))
    for ax, title in zip(axes, ("usual scale", f"weights {LARGE:g} times as large"), strict=False):
        ax.set(xlabel="layer", title=f"Start, {title}", xlim=(-2.2, deepest + 0.5))
        ax.set_xticks(range(2, deepest + 1, 2))
    axes[0].set_ylabel("|dZ_l| / |dZ_L|")
    rows = {
        a: ([learning_of_saturated(run) for run in runs if run["model.activation"] == a
             and run["init.scale"] == LARGE and run.status == "finished"], colour)
        for colour, a in zip(COLOURS, ENDS, strict=False)
    }  # fmt: skip
    axes[2].axvline(0.0, color="black", lw=0.8)
    strips(axes[2], rows, xlabel="rank correlation with\nwhat a unit learns", xlim=(-1, 1),
           title="Saturated units, large\nweights (dot: a net)")  # fmt: skip
    return figure
