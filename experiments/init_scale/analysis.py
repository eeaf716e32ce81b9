"""Which initial scale trains which depth?"""

from collections.abc import Iterable, Sequence
from math import log, sqrt
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binomtest

from nnlab.experiments import Run, Verdict, all_of, any_of, grouped, verdict_of
from nnlab.experiments.figures import RED, panels
from nnlab.nn import Array
from nnlab.nn.mean_field import depth_scale, fixed_point

TRAINED, NOTES = 0.9, 0.01  # accuracy of a trained net; the scale that the notes use
EDGE = {"tanh": 1.0, "relu": sqrt(2.0)}  # sigma_w

KEYS = ("model.activation", "model.depth", "init.scale", "optimizer.lr")


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


def count(accuracies: Array) -> int:
    """How many nets reach TRAINED."""
    return int(np.sum(accuracies >= TRAINED))


def trains(accuracies: Array) -> bool | None:
    """Do more than half of all seeds reach TRAINED? None if the 95% interval of their share holds 1/2."""
    share = binomtest(count(accuracies), len(accuracies)).proportion_ci(method="wilson")
    return True if share.low > 0.5 else False if share.high < 0.5 else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Check 0.01 at each depth, the theory's edge at the deepest nets, and which scales train."""
    found, width = cells(runs), runs[0]["model.width"]
    activations, depths, stds = axes_of(found)
    shallow, deepest = depths[0], depths[-1]
    can = {key: trains(accuracies) for key, accuracies in found.items()}
    edges = {a: EDGE[a] / sqrt(width) for a in activations}
    nearest = {a: min(stds, key=lambda s: abs(log(s / edges[a]))) for a in activations}
    parts = [
        *(
            differ(can[a, d, NOTES], d != shallow) for a in activations for d in depths
        ),  # it trains the shallow ones
        *(can[a, deepest, nearest[a]] for a in activations),
        *(any_of([differ(can[a, shallow, s], can[a, deepest, s]) for s in stds]) for a in activations),
        any_of([differ(*(can[a, deepest, s] for a in activations)) for s in stds]),
    ]
    some = all(any(can[a, d, s] for s in stds) for a in activations for d in depths)
    by_notes = {a: _listed(d for d in depths if can[a, d, NOTES]) for a in activations}
    at_deepest = {a: _listed(s for s in stds if can[a, deepest, s]) for a in activations}
    sentence = (
        f"Of the depths {_listed(depths)} the scale {NOTES} trains "
        + " and ".join(f"{by_notes[a]} with {a}" for a in activations)
        + f"; at depth {deepest} "
        + " and ".join(
            f"{a} trains with {at_deepest[a]} (theory's edge {edges[a]:.3f})" for a in activations
        )
        + "."
    )
    numbers: dict[str, Any] = {"scales": stds}
    for a in activations:
        best = max(stds, key=lambda s: found[a, deepest, s].mean())
        numbers[f"{a}: scale with the best mean accuracy at depth {deepest}, theory's edge"] = [
            best,
            edges[a],
        ]
        for d in depths:
            seeds = len(found[a, d, stds[0]])
            numbers[f"{a} depth {d}: nets of {seeds} that train, by scale"] = [
                count(found[a, d, s]) for s in stds
            ]
    unclear = [f"{a} at depth {d} with {s:g}" for (a, d, s), trained in can.items() if trained is None]
    settled_by = f"More seeds would settle {', '.join(unclear)}." if unclear else ""
    return verdict_of(all_of(parts) if some else None, sentence, numbers, settled_by)


def differ(one: bool | None, other: bool | None) -> bool | None:
    """Are two answers different? None if one of them is missing."""
    return None if None in (one, other) else one != other


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values) or "none"


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """For each activation how many of the seeds train, by scale and depth; the theory's depth as a line."""
    found, width = cells(runs), runs[0]["model.width"]
    activations, depths, stds = axes_of(found)
    seeds = len(next(iter(found.values())))
    figure, axes = panels("Which initial scales train a net, by its depth, beside the theory", 2)
    for ax, a in zip(axes, activations, strict=True):
        counts = np.array([[count(found[a, d, s]) for s in stds] for d in depths])
        ax.imshow(counts, origin="lower", aspect="auto", cmap="Blues", vmin=0, vmax=1.4 * seeds)
        for (row, column), trained in np.ndenumerate(counts):
            colour = "white" if trained > seeds / 2 else "black"
            ax.text(column, row, f"{trained}", ha="center", va="center", fontsize=10, color=colour)
        fine = np.geomspace(stds[0], stds[-1], 300)
        line = np.clip([predicted_depth(a, float(s), width) for s in fine], 1e-3, 1e6)
        x = np.interp(np.log(fine), np.log(stds), range(len(stds)))
        y = np.log(line / depths[0]) / np.log(depths[1] / depths[0])  # equal factors between the depths
        ax.plot(x, y, color=RED, lw=2.5)
        ax.set_ylim(-0.5, len(depths) - 0.5)
        ax.set_xticks(range(len(stds)), [f"{s:g}" for s in stds])
        ax.set_yticks(range(len(depths)), [f"{d} layers" for d in depths])
        ax.set(xlabel="std of the initial weights", title=f"{a}: nets of {seeds} that train; red: theory")
        ax.grid(False)
    return figure
