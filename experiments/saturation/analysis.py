"""By which factor does a layer multiply the gradient on its way back?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import COLOURS, panels

LARGEST_SLOPE = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
OWN = {"sigmoid": 1.0, "tanh": 1.0, "relu": 1.4142}  # the usual initial scale of each
LARGE = 10.0


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


def analyse(runs: Sequence[Run]) -> Verdict:
    """Check the bound, depth, large weights, and ReLU."""
    f, bound = factors(runs)
    own = {a: f[a, OWN[a]] for a in OWN}
    depth = own["sigmoid"] < 0.95 and own["tanh"] < 0.95
    large = all(f[a, LARGE] < f[a, 1.0] for a in ("sigmoid", "tanh"))
    relu = own["relu"] > max(own["sigmoid"], own["tanh"])
    sentence = (
        f"A layer multiplies the gradient by {own['sigmoid']:.2f} (sigmoid), {own['tanh']:.2f} (tanh) and "
        f"{own['relu']:.2f} (ReLU) at their usual scales; with weights 10 times as large by "
        f"{f['sigmoid', LARGE]:.2f} (sigmoid) and {f['tanh', LARGE]:.2f} (tanh): large weights "
        f"{'make gradients vanish' if large else 'do not make gradients vanish'}."
    )
    numbers = {f"factor per layer, {a}, scale {s:g}": value for (a, s), value in f.items()}
    numbers |= {
        "the bound holds in every layer": bound,
        "vanishes with depth": depth,
        "vanishes with large weights": large,
        "ReLU keeps more": relu,
    }
    return verdict_of(bound and depth and large and relu, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Gradients by layer of the deepest nets: at the usual scale, at the large scale, after training."""
    deepest = max(run["model.depth"] for run in runs)
    by = grouped([run for run in runs if run["model.depth"] == deepest], "model.activation", "init.scale")
    figure, axes = panels(f"How the gradient fares on its way back through {deepest} layers", 3)
    titles = (
        "Start, usual scale",
        f"Start, weights {LARGE:g} times as large",
        "After training, usual scale",
    )
    for colour, (activation, scale) in zip(COLOURS, OWN.items(), strict=False):
        for ax, wanted in zip(axes, (scale, LARGE), strict=False):
            norms = [gradients(run)[0] for run in by[activation, wanted]]
            relative = np.exp(np.mean([np.log(np.array(n) / n[-1]) for n in norms], axis=0))
            ax.semilogy(range(1, deepest + 1), relative, "o-", color=colour, label=activation)
        after = [[run.curves[f"layer_{l}/gradient_norm"][-1] for l in range(2, deepest + 1)]
                 for run in by[activation, scale] if run.status == "finished"]  # fmt: skip
        relative = np.exp(np.mean([np.log(np.array(n) / n[-1]) for n in after], axis=0))
        axes[2].semilogy(range(2, deepest + 1), relative, "o-", color=colour, label=activation)
    layers = np.arange(1, deepest + 1)
    axes[0].semilogy(
        layers, 0.25 ** (deepest - layers.astype(float)), ":", color="black", label="1/4 a layer"
    )
    for ax, title in zip(axes, titles, strict=True):
        ax.set(xlabel="layer", title=title)
    axes[0].set_ylabel("|dZ_l| / |dZ_L|")
    axes[2].set_ylabel("|dW_l| / |dW_L|")
    axes[0].legend()
    return figure
