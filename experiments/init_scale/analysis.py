"""Which initial scale trains which depth?"""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import RED, panels
from nnlab.nn.mean_field import depth_scale, fixed_point

TRAINED, NOTES = 0.9, 0.01  # accuracy of a trained net; the scale that the notes use
EDGE = {"tanh": 1.0, "relu": sqrt(2.0)}  # sigma_w

Table = dict[str, dict[int, dict[float, float]]]


def accuracies(runs: Sequence[Run]) -> Table:
    """The mean training accuracy by activation, depth and std."""
    table: Table = {}
    for (activation, depth, std), cells in grouped(
        runs, "model.activation", "model.depth", "init.scale"
    ).items():
        mean = float(np.mean([run.metrics["train/accuracy"] for run in cells]))
        table.setdefault(activation, {}).setdefault(depth, {})[std] = mean
    return table


def predicted_depth(activation: str, std: float, width: int) -> float:
    """6 xi, the depth to which nets of this scale train by the theory."""
    sigma_w2 = std**2 * width
    return 6.0 * (
        depth_scale(sigma_w2 / 2.0) if activation == "relu" else fixed_point(activation, sigma_w2).xi
    )


def analyse(runs: Sequence[Run]) -> Verdict:
    """Check 0.01 at depth 2 and from 8 on, the best scale of the deepest nets, and which scales train."""
    table, width = accuracies(runs), runs[0]["model.width"]
    stds = list(next(iter(next(iter(table.values())).values())))
    deepest = max(next(iter(table.values())))
    trains = {(a, d): {s for s in stds if table[a][d][s] >= TRAINED} for a in table for d in table[a]}
    edges = {a: EDGE[a] / sqrt(width) for a in table}
    best = {a: max(stds, key=lambda s: table[a][deepest][s]) for a in table}
    nearest = {a: min(stds, key=lambda s: abs(log(s / edges[a]))) for a in table}
    near = all(abs(stds.index(best[a]) - stds.index(nearest[a])) <= 1 for a in table)
    notes = all(
        NOTES in trains[a, 2] and not any(NOTES in trains[a, d] for d in table[a] if d >= 8) for a in table
    )
    depends = all(trains[a, 2] != trains[a, deepest] for a in table)
    depends &= len({frozenset(trains[a, deepest]) for a in table}) > 1
    reach = {a: max((d for d in table[a] if NOTES in trains[a, d]), default=0) for a in table}
    sentence = (
        f"0.01 trains to depth {' and '.join(f'{reach[a]} ({a})' for a in table)}; at depth {deepest} the "
        + "best scale is "
        + " and ".join(f"{best[a]:g} for {a} (theory {edges[a]:.3f})" for a in table)
        + f", and of {len(stds)} scales "
        + " and ".join(f"{len(trains[a, deepest])} train {a}" for a in table)
        + "."
    )
    numbers = {f"{a}: best scale at depth {deepest}, theory's edge": [best[a], edges[a]] for a in table}
    numbers |= {f"{a} depth {d}: scales that train": sorted(trains[a, d]) for a in table for d in table[a]}
    return verdict_of(notes and near and depends, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """For each activation a map of the training accuracy, with the predicted depth as a line."""
    table, width = accuracies(runs), runs[0]["model.width"]
    figure, axes = panels("Which initial scale trains which depth", len(table), height=3.8, sharey=True)
    for ax, (activation, of) in zip(axes, table.items(), strict=True):
        depths, stds = list(of), list(next(iter(of.values())))
        grid = np.array([[of[d][s] for s in stds] for d in depths])  # (depths, scales)
        image = ax.imshow(grid, origin="lower", aspect="auto", cmap="cividis", vmin=0.5, vmax=1.0)
        fine = np.geomspace(stds[0], stds[-1], 300)
        line = np.clip([predicted_depth(activation, float(s), width) for s in fine], 1e-3, 1e6)
        x = np.interp(np.log(fine), np.log(stds), range(len(stds)))
        y = np.log2(line / depths[0])  # each depth of the grid is twice the one before
        ax.plot(x, y, color=RED, lw=2.5, label="6 xi, theory")
        ax.set_ylim(-0.5, len(depths) - 0.5)
        ax.set_xticks(range(len(stds)), [f"{s:g}" for s in stds])
        ax.set_yticks(range(len(depths)), [str(d) for d in depths])
        ax.set(xlabel="std of the initial weights", title=f"{activation}, {width} units a layer")
        ax.grid(False)
    axes[0].set_ylabel("layers")
    axes[0].legend(loc="upper left", labelcolor="white")
    figure.colorbar(image, ax=axes, label="training accuracy (a diverged net: 0)")
    return figure
