"""The depth that can be trained, compared with the depth scale of the theory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, RED, name_at, panels
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


def agreement(runs: Sequence[Run]) -> tuple[float, float, dict[float, int]]:
    """Of one seed: the share of pairs that 6 xi puts right, the rank correlation, the trained depths."""
    table = accuracies(runs)
    reach = {s: FACTOR * fixed_point(runs[0]["model.activation"], s).xi for s in table}
    right = [(a >= TRAINED) == (d <= reach[s]) for s, of in table.items() for d, a in of.items()]
    trained = {s: max((d for d, a in of.items() if a >= TRAINED), default=0) for s, of in table.items()}
    most = max(d for of in table.values() for d in of)  # deeper nets are not in the sweep
    if len(set(trained.values())) == 1:
        return float(np.mean(right)), 0.0, trained
    ranks = spearmanr(list(trained.values()), [min(reach[s], most) for s in table])
    return float(np.mean(right)), float(ranks.statistic), trained


def analyse(runs: Sequence[Run]) -> Verdict:
    """Does 6 xi say which depths train?"""
    seeds = [agreement(of) for of in grouped(runs, "seed").values()]
    share, correlation = (float(np.mean([seed[i] for seed in seeds])) for i in (0, 1))
    variances = list(seeds[0][2])
    middle = {s: float(np.median([trained[s] for *_, trained in seeds])) for s in variances}
    deepest = max(middle, key=lambda s: middle[s])
    holds = True if min(share, correlation) >= 0.8 else False if share < 0.7 or correlation < 0.6 else None
    sentence = (
        f"Depth <= 6 xi is right for {100 * share:.0f}% of the pairs of variance and depth (mean of "
        f"{len(seeds)} seeds); the trained depth goes with it (rank correlation {correlation:.2f}), from "
        f"{middle[variances[0]]:.0f} layers at sigma_w^2 = {variances[0]:g} over {middle[deepest]:.0f} at "
        f"{deepest:g} to {middle[variances[-1]]:.0f} at {variances[-1]:g}."
    )
    numbers: dict[str, Any] = {
        "share of pairs put right, by seed": [share for share, *_ in seeds],
        "rank correlation, by seed": [ranks for _, ranks, _ in seeds],
    }
    for s in variances:
        xi = fixed_point(runs[0]["model.activation"], s).xi
        numbers[f"sigma_w^2 = {s:g}: greatest trained depth (median, lowest, highest), 6 xi"] = [
            middle[s],
            *(float(end([trained[s] for *_, trained in seeds])) for end in (min, max)),
            FACTOR * xi,
        ]
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The greatest trained depth of each seed by variance, and 6 xi."""
    seeds = [agreement(of)[2] for of in grouped(runs, "seed").values()]
    variances = list(seeds[0])
    depths = sorted({run["model.depth"] for run in runs})
    figure, (ax,) = panels(
        "How deep a tanh net trains, by the variance of its first weights, beside the theory"
    )
    fine = np.geomspace(variances[0], variances[-1], 300)
    line = [min(FACTOR * fixed_point(runs[0]["model.activation"], float(s)).xi, 1e4) for s in fine]
    ax.plot(fine, line, color=RED, lw=2)
    name_at(ax, float(fine[20]), line[20], "6 xi, theory", RED, xytext=(4, 14), ha="right")
    for i, trained in enumerate(seeds):
        shift = 1.0 + 0.02 * (i - len(seeds) / 2)
        ax.plot(np.array(variances) * shift, list(trained.values()), "o", color=BLUE, alpha=0.5)
    middle = [float(np.median([trained[s] for trained in seeds])) for s in variances]
    ax.plot(variances, middle, color=BLUE, lw=1)
    name = f"deepest trained net\n(dot: one of {len(seeds)} seeds,\nline: median)"
    name_at(ax, variances[-1], middle[-1], name, BLUE)
    ax.axvline(1.0, color="black", lw=0.8, ls=":")
    name_at(ax, 1.0, depths[0] * 0.75, "order | chaos", "black", xytext=(0, 0), ha="center")
    ax.set(xscale="log", yscale="log", ylim=(depths[0] * 0.65, depths[-1] * 1.35),
           xlim=(variances[0] * 0.9, variances[-1] * 1.9), ylabel="layers",
           xlabel="variance of the initial weights sigma_w^2 (times 1 / n_in)",
           title=f"Width {runs[0]['model.width']}, {runs[0]['trainer.iterations']} steps; no net is deeper "
                 f"than {depths[-1]}")  # fmt: skip
    ax.set_yticks(depths, [str(d) for d in depths])
    ax.set_xticks(variances, [f"{s:g}" for s in variances])
    ax.minorticks_off()
    return figure
