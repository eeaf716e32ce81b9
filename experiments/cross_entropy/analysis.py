"""The curvature of both losses along a line, and the steps that they need to an accuracy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Race, Run, Verdict, all_of, grouped, race, races_settled_by, verdict_of
from nnlab.experiments.figures import BLUE, ORANGE, panels, plain_ticks
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


def by_depth(runs: Sequence[Run]) -> dict[int, Race]:
    """The race of the losses at each depth."""
    return {
        depth: race(grouped(of, "model.loss"), ["optimizer.lr"], steps)
        for depth, of in grouped(runs, "model.depth").items()
    }


def _path(found: dict[int, Race]) -> Run:
    """The run whose weights give the line: cross-entropy, depth 1, its best rate, the first seed."""
    return found[1].sides["cross_entropy"].runs[0]


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is the curvature negative somewhere? Which loss takes more steps at its best rate?"""
    found = by_depth(runs)
    level = 1.0 - 0.05 / len(found)
    lowest = {}
    for loss in LOSSES:
        values = spectrum(_path(found), loss, np.linspace(-1.0, 1.0, 21))
        lowest[loss] = float((values[:, 0] / values[:, 1].max()).min())
    sentence = (
        f"Along the line the smallest eigenvalue of the Hessian is {lowest['squared_error']:.2g} of the "
        f"largest for the squared error and {lowest['cross_entropy']:.1g} for the cross-entropy; to "
        f"{100 * TARGET:.0f}% training accuracy, each at its best rate, the squared error takes "
        + " and ".join(
            f"{of.ratio('squared_error', 'cross_entropy', level)} times the steps at depth {depth}"
            for depth, of in found.items()
        )
        + "."
    )
    numbers: dict[str, Any] = {
        f"{loss}: smallest eigenvalue / largest": value for loss, value in lowest.items()
    }
    for depth, of in found.items():
        numbers |= {f"depth {depth}, {key}": value for key, value in of.numbers("steps").items()}
    convex = lowest["cross_entropy"] >= -1e-12 and lowest["squared_error"] < -1e-12
    slower = [of.is_slower("squared_error", "cross_entropy", level) for of in found.values()]
    pairs = {f"depth {depth}": (of, "squared_error", "cross_entropy") for depth, of in found.items()}
    return verdict_of(all_of([convex, *slower]), sentence, numbers, races_settled_by(pairs, level))


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the smallest eigenvalue along the line. Then, for each depth: steps over rates."""
    found = by_depth(runs)
    figure, axes = panels("Squared error and cross-entropy behind a sigmoid", 1 + len(found))
    places = np.linspace(-1.0, 1.0, 41)
    by = grouped(runs, "model.depth", "model.loss", "optimizer.lr")
    rates = sorted({lr for _, _, lr in by})
    for loss, colour in LOSSES.items():
        name = loss.replace("_", " ")
        values = spectrum(_path(found), loss, places)[:, 0]
        axes[0].plot(places, values, color=colour)
        height = 0.55 if loss == "cross_entropy" else 0.45
        axes[0].text(0.97, height, name, color=colour, ha="right", transform=axes[0].transAxes)
        for ax, depth in zip(axes[1:], found, strict=True):
            counts = np.array(
                [[steps(run) for run in by[depth, loss, lr]] for lr in rates]
            )  # (rates, seeds)
            middle = np.median(counts, axis=1)
            ax.plot(range(len(rates)), counts, "o", color=colour, alpha=0.25, ms=3)
            ax.plot(range(len(rates)), middle, color=colour)
    for ax, depth in zip(axes[1:], found, strict=True):
        ax.set_xticks(range(len(rates)), [f"{lr:g}" for lr in rates], rotation=60)
        ax.set(yscale="log", xlabel="learning rate", ylabel="steps (dot: a seed)",
               title=f"Steps to {100 * TARGET:.0f}% accuracy,\n{_named(depth)}")  # fmt: skip
    plain_ticks(*(ax.yaxis for ax in axes[1:]))
    axes[0].axhline(0.0, color="black", lw=0.8, ls=":")
    axes[0].set(xlabel="t, at weights t w\n(1: trained, -1: all wrong)",
                title="Smallest eigenvalue of the Hessian\n(below 0: not convex)")  # fmt: skip
    return figure


def _named(depth: int) -> str:
    return "logistic regression" if depth == 1 else f"{depth} layers"
