"""Steps and seconds to a cost by optimizer; the gap between training and test accuracy by lambda."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import wilcoxon

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import COLOURS, panels

TARGET = 0.2
NAMES = ("gd", "momentum", "adam", "minibatch")


def name(run: Run) -> str:
    """The optimizer's name, or ``minibatch``."""
    return "minibatch" if run["optimizer.batch_size"] else str(run["optimizer.name"])


def smooth(run: Run, m: int = 209) -> np.ndarray:
    """The costs; for minibatches the mean over one pass of the m images, since a step sees only some."""
    batch = run["optimizer.batch_size"]
    window = -(-m // batch) if batch else 1
    return np.convolve(run.costs, np.ones(window) / window, mode="valid")


def steps(run: Run) -> int:
    """Steps until the cost is at most TARGET; all steps if it never is."""
    below = np.flatnonzero(smooth(run) <= TARGET)
    return int(below[0]) if len(below) else int(run["trainer.iterations"])


def seconds(run: Run) -> float:
    """The training time of those steps."""
    return steps(run) * run.metrics["time/train_s"] / len(run.costs)


def gap(run: Run) -> float:
    """Training accuracy minus test accuracy."""
    return run.metrics["train/accuracy"] - run.metrics["test/accuracy"]


def analyse(runs: Sequence[Run]) -> Verdict:
    """Which optimizers are ahead of gradient descent? Does L2 narrow the gap?"""
    plain: dict[str, list[Run]] = {of: [] for of in NAMES}
    for run in runs:
        if run["optimizer.l2"] == 0.0:
            plain[name(run)].append(run)
    ahead = {}
    for other in NAMES[1:]:
        fewer = max(map(steps, plain[other])) < min(map(steps, plain["gd"]))
        sooner = max(map(seconds, plain[other])) < min(map(seconds, plain["gd"]))
        ahead[other] = [fewer, sooner]
    by = {
        l2: sorted(of, key=lambda r: (name(r), r["seed"]))
        for l2, of in grouped(runs, "optimizer.l2").items()
    }
    low, high = min(by), max(by)
    gaps = {l2: [gap(run) for run in of] for l2, of in by.items()}
    p = float(wilcoxon(gaps[low], gaps[high], alternative="greater").pvalue)
    sentence = (
        f"To a cost of {TARGET:g}: "
        + ", ".join(_pace(other, plain[other]) for other in NAMES)
        + f"; the gap between training and test accuracy is {np.mean(gaps[low]):.3f} at lambda {low:g} and "
        f"{np.mean(gaps[high]):.3f} at {high:g} (p = {p:.2g})."
    )
    numbers: dict[str, Any] = {
        f"{other}: fewer steps, fewer seconds than gd": told for other, told in ahead.items()
    }
    numbers |= {f"{other}: steps of each seed": [steps(run) for run in plain[other]] for other in NAMES}
    for l2, of in by.items():
        numbers[f"lambda {l2:g}: mean training and test accuracy"] = [
            float(np.mean([run.metrics[f"{split}/accuracy"] for run in of])) for split in ("train", "test")
        ]
    return verdict_of(all(all(told) for told in ahead.values()) and p < 0.05, sentence, numbers)


def _pace(optimizer: str, runs: Sequence[Run]) -> str:
    """The median steps and seconds to TARGET, or those after which it was still not reached."""
    taken, time = (float(np.median([measure(run) for run in runs])) for measure in (steps, seconds))
    reached = taken < int(runs[0]["trainer.iterations"])
    return f"{optimizer} {'' if reached else 'not in '}{taken:.0f} steps ({time:.2g} s)"


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Costs by steps, costs by seconds, accuracies by lambda."""
    figure, axes = panels("What the second course adds: momentum, Adam, minibatches, L2", 3)
    for run in runs:
        if run["optimizer.l2"] == 0.0:
            costs, colour = smooth(run), COLOURS[NAMES.index(name(run))]
            label = name(run) if run["seed"] == 1 else None
            pace = run.metrics["time/train_s"] / len(run.costs)
            axes[0].plot(np.minimum.accumulate(costs), color=colour, lw=0.9, label=label)
            axes[1].plot(
                pace * np.arange(1, len(costs) + 1), np.minimum.accumulate(costs), color=colour, lw=0.9
            )
    for ax, what in zip(axes, ("step", "seconds"), strict=False):
        ax.axhline(TARGET, color="black", lw=0.8, ls=":")
        ax.set(
            xscale="log", ylim=(0, 0.75), xlabel=what, title=f"Lowest cost so far, by {what.rstrip('s')}"
        )
    axes[0].legend(loc="lower left")
    by = grouped(runs, "optimizer.l2")
    places = range(len(by))
    for split, colour in (("train", COLOURS[6]), ("test", COLOURS[3])):
        values = np.array(
            [[run.metrics[f"{split}/accuracy"] for run in of] for of in by.values()]
        )  # (lambdas, runs)
        axes[2].errorbar(places, values.mean(axis=1), values.std(axis=1, ddof=1), fmt="o-", color=colour,
                         capsize=3, label=split)  # fmt: skip
    axes[2].set_xticks(places, [f"{l2:g}" for l2 in by])
    axes[2].set(xlabel="lambda", title="Accuracy over all optimizers")
    axes[2].legend()
    return figure
