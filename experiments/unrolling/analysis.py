"""Test accuracy with the pixels in their order, in another one, and in another one for each picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import Interval, Run, Verdict, all_of, difference, right, verdict_of
from nnlab.experiments.figures import BLUE, GREY, RED, panels

SAME = 0.02  # a change of the accuracy that counts as none
NAMES = {"as_is": "as they are", "shuffled": "one shuffle for all", "own": "each its own shuffle"}


def order(run: Run) -> str:
    """Which of NAMES the run learned from."""
    return Path(run["data.train"]).name.removesuffix("_train.h5")


def pictures(run: Run) -> NDArray[Any]:
    """The training pictures (m, 64, 64, 3)."""
    return np.asarray(run.dataset.train.x)


def products(run: Run) -> NDArray[np.int64]:
    """K (m, m), of the pixels as whole numbers; no sum is rounded, since all are below 2^53."""
    x = pictures(run).reshape(len(run.dataset.train.y), -1).astype(np.float64)
    return (x @ x.T).astype(np.int64)


def by_order(runs: Sequence[Run]) -> dict[tuple[int, str], list[Run]]:
    """The runs by depth and order."""
    found: dict[tuple[int, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run["model.depth"], order(run)), []).append(run)
    return found


def is_kept(lost: Interval) -> bool | None:
    """Is the change none? True if its whole interval is near 0, False if it lies wholly beyond."""
    if max(abs(lost.low), abs(lost.high)) < SAME:
        return True
    return False if lost.low > SAME or lost.high < -SAME else None


def is_lost(lost: Interval) -> bool | None:
    """Does the accuracy fall by more than SAME?"""
    return True if lost.low > SAME else False if lost.high < SAME else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is K the same, does one shuffle for all change nothing, and does a shuffle of each destroy it?"""
    of = by_order(runs)
    depths = sorted({depth for depth, _ in of})
    exact = bool((products(of[depths[0], "as_is"][0]) == products(of[depths[0], "shuffled"][0])).all())
    answers = {key: right(found) for key, found in of.items()}  # (seeds, pictures)
    lost = {
        (d, name): difference(answers[d, "as_is"], answers[d, name])
        for d in depths
        for name in ("shuffled", "own")
    }
    parts = [
        exact,
        *(is_kept(lost[d, "shuffled"]) for d in depths),
        *(is_lost(lost[d, "own"]) for d in depths),
    ]
    mean = {key: float(found.mean()) for key, found in answers.items()}
    deep = depths[-1]
    sentence = (
        f"One shuffle of all pictures {'keeps' if exact else 'changes'} every product of two pictures, and "
        f"a net of {deep} layers is right on {100 * mean[deep, 'shuffled']:.1f}% of new ones, against "
        f"{100 * mean[deep, 'as_is']:.1f}% without it; if each picture has its own shuffle, on "
        f"{100 * mean[deep, 'own']:.1f}%."
    )
    numbers: dict[str, Any] = {"K is exactly the same": str(exact)}
    numbers |= {f"depth {d}, {NAMES[name]}: test accuracy": mean[d, name] for d, name in mean}
    numbers |= {
        f"depth {d}, {NAMES[name]}: accuracy lost, with its 95% interval": [*lost[d, name]]
        for d, name in lost
    }
    return verdict_of(all_of(parts), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The same two pictures in the three orders; beside them the accuracies of the seeds."""
    of = by_order(runs)
    depths, colours = sorted({depth for depth, _ in of}), dict(zip(NAMES, (BLUE, GREY, RED), strict=True))
    figure, axes = panels(
        "Accuracy with pictures whose pixels are shuffled",
        1 + len(depths),
        height=3.6,
    )
    rows = [np.hstack([*pictures(of[depths[0], name][0])[:2]]) for name in NAMES]
    gap = np.full((12, 128, 3), 255, np.uint8)
    axes[0].imshow(np.vstack([part for row in rows for part in (row, gap)][:-1]))
    axes[0].set_yticks(
        [32 + 76 * i for i in range(3)], ["as they\nare", "one shuffle\nfor all", "each\nits own"]
    )
    axes[0].set_xticks([])
    axes[0].grid(False)
    axes[0].set(title="two of the training pictures")
    axes[0].spines[:].set_visible(False)
    for ax, depth in zip(axes[1:], depths, strict=True):
        for place, name in enumerate(NAMES):
            values = right(of[depth, name]).mean(axis=1)
            ax.plot(
                values, place + 0.1 * (np.arange(len(values)) % 3 - 1), "o", color=colours[name], alpha=0.6
            )
            ax.text(values.mean(), place - 0.22, f"{values.mean():.3f}", ha="center", color=colours[name])
        ax.axvline(0.5, color="black", lw=0.8, ls=":")
        ax.text(0.505, 2.45, "by chance", fontsize=8)
        ax.set_yticks(range(3), [])
        ax.grid(axis="y", visible=False)
        ax.set(ylim=(2.6, -0.5), xlim=(0.4, 1.0), xlabel="test accuracy, a dot a seed")
        ax.set_title("logistic regression" if depth == 1 else f"tanh net, {depth} layers")
    return figure
