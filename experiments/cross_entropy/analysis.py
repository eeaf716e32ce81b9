"""The curvature of both losses along a line, and the steps that they need to an accuracy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import mannwhitneyu

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, ORANGE, panels
from nnlab.nn import Array

TARGET = 0.95
LOSSES = {"cross_entropy": BLUE, "squared_error": ORANGE}


def curvature(loss: str, z: Array, y: Array) -> Array:
    """d^2 loss / dz^2 of each example at the logits z (m,)."""
    a = 1.0 / (1.0 + np.exp(-z))
    slope = a * (1.0 - a)
    return slope if loss == "cross_entropy" else slope * (slope + (a - y) * (1.0 - 2.0 * a))


def spectrum(run: Run, loss: str, places: Array) -> Array:
    """The smallest and the largest eigenvalue of the Hessian at t w, for each t in places (places, 2)."""
    ((W, b),) = run.weights
    rows = run.dataset.train.features()  # (m, n_0)
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    w, y = np.append(W[0], b[0]), run.dataset.train.y.astype(float)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T  # K^(1/2) (m, m)
    found = []
    for t in places:
        H = curvature(loss, t * (rows @ w), y)
        eigenvalues = np.linalg.eigvalsh(root * H @ root) / len(y)
        found.append((eigenvalues[0], eigenvalues[-1]))
    return np.array(found)


def steps(run: Run) -> int:
    """Steps until the training accuracy is at least TARGET; all steps if it never is."""
    there = np.flatnonzero(run.curves["train/accuracy"] >= TARGET)
    return int(run.curves["steps"][there[0]]) if len(there) else int(run["trainer.iterations"])


def fastest(runs: Sequence[Run]) -> dict[tuple[str, int], tuple[float, list[int]]]:
    """The best rate and the steps of its seeds, by (loss, depth)."""
    best: dict[tuple[str, int], tuple[float, list[int]]] = {}
    for (loss, depth, lr), of in grouped(runs, "model.loss", "model.depth", "optimizer.lr").items():
        counts = [steps(run) for run in of]
        if (loss, depth) not in best or np.median(counts) < np.median(best[loss, depth][1]):
            best[loss, depth] = (lr, counts)
    return best


def _path(runs: Sequence[Run]) -> Run:
    """The run whose weights give the line: cross-entropy, depth 1, its best rate, the first seed."""
    lr, _ = fastest(runs)["cross_entropy", 1]
    wanted = ("cross_entropy", 1, lr)
    return next(r for r in runs if (r["model.loss"], r["model.depth"], r["optimizer.lr"]) == wanted)


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is the curvature negative somewhere? Which loss takes more steps at its best rate?"""
    places = np.linspace(-1.0, 1.0, 21)
    lowest = {}
    for loss in LOSSES:
        found = spectrum(_path(runs), loss, places)
        lowest[loss] = float((found[:, 0] / found[:, 1].max()).min())
    best = fastest(runs)
    depths = sorted({depth for _, depth in best})
    slower = {d: _p(best["squared_error", d][1], best["cross_entropy", d][1]) for d in depths}
    ratio = {
        d: float(np.median(best["squared_error", d][1]) / np.median(best["cross_entropy", d][1]))
        for d in depths
    }
    sentence = (
        f"Along the line the smallest eigenvalue of the Hessian is {lowest['squared_error']:.2g} of the "
        f"largest for the squared error and {lowest['cross_entropy']:.1g} for the cross-entropy; to "
        f"{100 * TARGET:.0f}% training accuracy the squared error takes "
        + " and ".join(f"{ratio[d]:.2f} times the steps at depth {d} (p = {slower[d]:.2g})" for d in depths)
        + ", each at its best rate."
    )
    numbers: dict[str, Any] = {
        f"{loss}: smallest eigenvalue / largest": value for loss, value in lowest.items()
    }
    numbers |= {
        f"{loss} depth {d}: best rate, steps": [lr, counts] for (loss, d), (lr, counts) in best.items()
    }
    numbers |= {f"depth {d}: p of more steps by squared error": p for d, p in slower.items()}
    convex = lowest["cross_entropy"] >= -1e-12 and lowest["squared_error"] < -1e-12
    holds: bool | None = convex and all(r > 1.0 for r in ratio.values())
    if holds and any(p >= 0.05 for p in slower.values()):
        holds = None
    return verdict_of(holds, sentence, numbers)


def _p(longer: Sequence[int], shorter: Sequence[int]) -> float:
    return float(mannwhitneyu(longer, shorter, alternative="greater").pvalue)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the smallest eigenvalue along the line. Then, for each depth: steps over rates."""
    best = fastest(runs)
    depths = sorted({depth for _, depth in best})
    figure, axes = panels("Squared error behind a sigmoid: not convex, and slower", 1 + len(depths))
    places = np.linspace(-1.0, 1.0, 41)
    by = grouped(runs, "model.depth", "model.loss", "optimizer.lr")
    for loss, colour in LOSSES.items():
        label = loss.replace("_", " ")
        axes[0].plot(places, spectrum(_path(runs), loss, places)[:, 0], color=colour, label=label)
        for ax, depth in zip(axes[1:], depths, strict=True):
            rates = sorted({lr for _, _, lr in by})
            counts = np.array(
                [[steps(run) for run in by[depth, loss, lr]] for lr in rates]
            )  # (rates, seeds)
            ax.plot(rates, counts, "o", color=colour, alpha=0.35)
            ax.plot(rates, np.median(counts, axis=1), color=colour, label=label)
            ax.set(xscale="log", xlabel="learning rate", ylim=(0, 1.05 * runs[0]["trainer.iterations"]))
            ax.set_xticks(rates, [f"{lr:g}" for lr in rates], rotation=45)
            ax.minorticks_off()
            ax.set_title(f"Steps to {100 * TARGET:.0f}% training accuracy, depth {depth}", fontsize=8)
    axes[0].axhline(0.0, color="black", lw=0.8, ls=":")
    axes[0].set(
        xlabel="t, at weights t w (1: trained, -1: all wrong)", title="Smallest eigenvalue of the Hessian"
    )
    axes[0].legend(loc="lower right")
    return figure
