"""The steps to a cost, and the signs of a unit's gradient."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, ORANGE, panels

TARGET = 0.3
COLOUR = {"sigmoid": ORANGE, "tanh": BLUE}


def steps(run: Run) -> int:
    """Steps until the cost is at most TARGET; all steps if it never is."""
    below = np.flatnonzero(run.costs <= TARGET)
    return int(below[0]) if len(below) else int(run["trainer.iterations"])


def agreement(rows: NDArray[np.floating]) -> float:
    """The share of a row that has the more frequent sign: the mean over all rows."""
    positive = (rows > 0.0).mean(axis=-1)
    return float(np.maximum(positive, 1.0 - positive).mean())


def sign_agreement(run: Run) -> tuple[float, float]:
    """The agreement before the first step, in layers 2 to L: for single examples, and for the whole set."""
    network, batch = run.backprop()
    # dW_l of example j is dZ_l[:, j] A_{l-1}[:, j]^T
    single = [agreement(A.T) for A in batch.w.A.values()]
    whole = [agreement(dP[:, :-1]) for _, dP in network.blocks[1:]]
    return float(np.mean(single)), float(np.mean(whole))


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is every tanh net faster than every sigmoid net? Do the signs agree?"""
    by = grouped(runs, "model.depth", "optimizer.lr", "model.activation")
    counts = {key: [steps(run) for run in of] for key, of in by.items()}
    settings = sorted({key[:2] for key in counts})
    ahead = [max(counts[*key, "tanh"]) < min(counts[*key, "sigmoid"]) for key in settings]
    ratios = [np.median(counts[*key, "sigmoid"]) / np.median(counts[*key, "tanh"]) for key in settings]
    signs = {a: np.mean([sign_agreement(run) for run in of], axis=0).tolist()
             for a, of in grouped(runs, "model.activation").items()}  # fmt: skip
    sentence = (
        f"tanh reaches a cost of {TARGET:g} first in {sum(ahead)} of {len(ahead)} settings, "
        f"{min(ratios):.1f} to {max(ratios):.1f} times as fast or more; for one example "
        f"{100 * signs['sigmoid'][0]:.0f}% of a sigmoid unit's weights move with one sign, "
        f"{100 * signs['tanh'][0]:.0f}% of a tanh unit's."
    )
    numbers = {
        f"{a}, depth {d}, lr {lr:g}: steps, median and range": [float(np.median(c)), min(c), max(c)]
        for (d, lr, a), c in counts.items()
    }
    numbers |= {f"{a}: sign agreement, one example and all": s for a, s in signs.items()}
    holds = all(ahead) and signs["sigmoid"][0] == 1.0 and signs["tanh"][0] < 0.9
    return verdict_of(holds, sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """For each depth the cost curves at the higher rate; then the sign agreement."""
    lr = max(run["optimizer.lr"] for run in runs)
    by = grouped([run for run in runs if run["optimizer.lr"] == lr], "model.depth", "model.activation")
    depths = sorted({depth for depth, _ in by})
    figure, axes = panels("tanh learns faster than the sigmoid in hidden layers", len(depths) + 1)
    for ax, depth in zip(axes, depths, strict=False):
        for activation, colour in COLOUR.items():
            for i, run in enumerate(by[depth, activation]):
                ax.plot(
                    np.minimum.accumulate(run.costs), color=colour, lw=0.9, label=None if i else activation
                )
        ax.axhline(TARGET, color="black", lw=0.8, ls=":")
        ax.set(
            xscale="log", xlim=(10, None), ylim=(0, 0.75), xlabel="step", title=f"{depth} layers, lr {lr:g}"
        )
    axes[0].set_ylabel("lowest cost so far, 5 seeds")
    axes[0].legend(loc="lower left")
    signs = {a: verdict.numbers[f"{a}: sign agreement, one example and all"] for a in COLOUR}
    for i, (activation, pair) in enumerate(signs.items()):
        axes[-1].bar(np.arange(2) + 0.4 * (i - 0.5), pair, 0.38, color=COLOUR[activation])
    axes[-1].set_xticks([0, 1], ["one example", "all"])
    axes[-1].set(ylim=(0.5, 1.02), title="Same sign in dW")
    return figure
