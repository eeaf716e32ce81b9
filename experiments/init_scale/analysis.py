"""Which initial scale trains which depth?"""

from collections.abc import Sequence
from math import log, sqrt
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import RED, panels
from nnlab.nn import Array
from nnlab.nn.mean_field import depth_scale, fixed_point

TRAINED, NOTES = 0.9, 0.01  # accuracy of a trained net; the scale that the notes use
EDGE = {"tanh": 1.0, "relu": sqrt(2.0)}  # sigma_w

KEYS = ("model.activation", "model.depth", "init.scale", "optimizer.lr")
MOST = 0.8  # share of the seeds that must train


def cells(runs: Sequence[Run]) -> dict[tuple[str, int, float], Array]:
    """The training accuracies (seeds,) by activation, depth and std, at the better of the rates."""
    found: dict[tuple[str, int, float], Array] = {}
    for (a, depth, std, _), of in grouped(runs, *KEYS).items():
        accuracies = np.array([run.metrics["train/accuracy"] for run in of])
        best = found.get((a, depth, std))
        if best is None or _rank(accuracies) > _rank(best):
            found[a, depth, std] = accuracies
    return found


def _rank(accuracies: Array) -> tuple[float, float]:
    return float(np.mean(accuracies >= TRAINED)), float(np.mean(accuracies))


def predicted_depth(activation: str, std: float, width: int) -> float:
    """6 xi, the depth to which nets of this scale train by the theory."""
    sigma_w2 = std**2 * width
    return 6.0 * (
        depth_scale(sigma_w2 / 2.0) if activation == "relu" else fixed_point(activation, sigma_w2).xi
    )


def axes_of(found: dict[tuple[str, int, float], Array]) -> tuple[list[str], list[int], list[float]]:
    """The activations, depths and stds, each once."""
    activations, depths, stds = (list(dict.fromkeys(of)) for of in zip(*found, strict=True))
    return activations, depths, stds


def analyse(runs: Sequence[Run]) -> Verdict:
    """Check 0.01 at each depth, the best scale of the deepest nets, and which scales train."""
    found, width = cells(runs), runs[0]["model.width"]
    activations, depths, stds = axes_of(found)
    shallow, deepest = depths[0], depths[-1]
    trains = {
        (a, d): {s for s in stds if np.mean(found[a, d, s] >= TRAINED) >= MOST}
        for a in activations for d in depths
    }  # fmt: skip
    edges = {a: EDGE[a] / sqrt(width) for a in activations}
    best = {a: max(stds, key=lambda s: found[a, deepest, s].mean()) for a in activations}
    nearest = {a: min(stds, key=lambda s: abs(log(s / edges[a]))) for a in activations}
    near = all(
        abs(stds.index(best[a]) - stds.index(nearest[a])) <= 1 and best[a] in trains[a, deepest]
        for a in activations
    )
    notes = all((NOTES in trains[a, d]) == (d == shallow) for a in activations for d in depths)
    depends = all(trains[a, shallow] != trains[a, deepest] for a in activations)
    depends &= len({frozenset(trains[a, deepest]) for a in activations}) == len(activations)
    holds = notes and near and depends if all(trains.values()) else None
    sentence = (
        f"0.01 trains depth {shallow} and {'no' if notes else 'also some'} deeper net; at depth {deepest} "
        "the best scale is "
        + " and ".join(f"{best[a]:g} for {a} (theory {edges[a]:.3f})" for a in activations)
        + f", and of {len(stds)} scales "
        + " and ".join(f"{len(trains[a, deepest])} train {a}" for a in activations)
        + "."
    )
    numbers: dict[str, Any] = {
        f"{a}: best scale at depth {deepest}, theory's edge": [best[a], edges[a]] for a in activations
    }
    numbers |= {f"{a} depth {d}: scales that train": sorted(of) for (a, d), of in trains.items()}
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """For each activation how many of the seeds train, by scale and depth; the theory's depth as a line."""
    found, width = cells(runs), runs[0]["model.width"]
    activations, depths, stds = axes_of(found)
    seeds = len(next(iter(found.values())))
    figure, axes = panels("Which initial scales train a net, by its depth, beside the theory", 2)
    for ax, a in zip(axes, activations, strict=True):
        counts = np.array([[np.sum(found[a, d, s] >= TRAINED) for s in stds] for d in depths])
        ax.imshow(counts, origin="lower", aspect="auto", cmap="Blues", vmin=0, vmax=1.4 * seeds)
        for (row, column), count in np.ndenumerate(counts):
            ax.text(column, row, f"{count} of {seeds}", ha="center", va="center", fontsize=8)
        fine = np.geomspace(stds[0], stds[-1], 300)
        line = np.clip([predicted_depth(a, float(s), width) for s in fine], 1e-3, 1e6)
        x = np.interp(np.log(fine), np.log(stds), range(len(stds)))
        y = np.log(line / depths[0]) / np.log(depths[1] / depths[0])  # equal factors between the depths
        ax.plot(x, y, color=RED, lw=2.5)
        ax.set_ylim(-0.5, len(depths) - 0.5)
        ax.set_xticks(range(len(stds)), [f"{s:g}" for s in stds])
        ax.set_yticks(range(len(depths)), [f"{d} layers" for d in depths])
        ax.set(xlabel="std of the initial weights", title=f"{a}: nets that train; red: the theory's limit")
        ax.grid(False)
    return figure
