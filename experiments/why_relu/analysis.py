"""Steps, seconds, zeros, and the gap between training and test accuracy, each activation at its best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import (
    Interval,
    Race,
    Run,
    Verdict,
    all_of,
    difference,
    gains_settled_by,
    grouped,
    layers,
    median_interval,
    race,
    races_settled_by,
    right,
    seconds,
    steps_to,
    tuned,
    verdict_of,
)
from nnlab.experiments.figures import BLUE, ORANGE, RED, bars, panels, plain_ticks, strips

TARGET, SPARSE, SMALL = (
    0.1,
    0.4,
    0.02,
)  # a cost; a share of zeros; a gain of the gap that is as good as none
KEYS = ("optimizer.lr", "init.scale")
OTHERS = ("sigmoid", "tanh")
COLOURS = {"sigmoid": ORANGE, "tanh": BLUE, "relu": RED}
CHOOSE, JUDGE = slice(None, None, 2), slice(1, None, 2)  # halves of the test pictures


def races(runs: Sequence[Run]) -> tuple[Race, Race]:
    """To the target in steps, and in seconds."""
    sides = grouped(runs, "model.activation")
    return (
        race(sides, KEYS, lambda run: steps_to(run, TARGET)),
        race(sides, KEYS, lambda run: seconds(run, steps_to(run, TARGET))),
    )


def zeros(run: Run) -> float:
    """The share of the hidden outputs that are 0 on the training set."""
    *A, _ = layers(run)
    return float(np.mean([np.mean(of == 0.0) for of in A]))


def gaps(runs: Sequence[Run]) -> dict[str, NDArray[np.float64]]:
    """Training accuracy less each test picture's score (seeds, pictures), at a setting chosen on others."""
    found = {}
    for activation, of in grouped(runs, "model.activation").items():
        best = tuned(of, KEYS, lambda run: -float(right([run], CHOOSE).mean())).runs
        trained = np.array([run.metrics["train/accuracy"] for run in best])
        found[activation] = trained[:, np.newaxis] - right(best, JUDGE)
    return found


def above(value: Interval, bound: float, fails_below: float) -> bool | None:
    """Is the whole interval above a bound; or wholly below the other, which refutes?"""
    return True if value.low > bound else False if value.high < fails_below else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Judge the four parts."""
    steps, time = races(runs)
    gap = gaps(runs)
    gained = {a: difference(gap[a], gap["relu"]) for a in OTHERS}
    shares = median_interval(np.array([zeros(run) for run in steps.sides["relu"].runs]))
    parts = {
        "fewer steps": all_of([steps.is_slower(a, "relu") for a in OTHERS]),
        "less time": all_of([time.is_slower(a, "relu") for a in OTHERS]),
        "many zeros": above(shares, SPARSE, SPARSE),
        "smaller gap": all_of([above(gained[a], 0.0, SMALL) for a in OTHERS]),
    }
    said = {True: "yes", False: "no", None: "open"}
    told = {a: (steps.ratio(a, "relu"), time.ratio(a, "relu")) for a in OTHERS}
    sentence = (
        f"To a cost of {TARGET} "
        + " and ".join(f"{a} takes {in_steps} times the steps of ReLU" for a, (in_steps, _) in told.items())
        + f", each at its best rate and scale; {100 * shares.middle:.0f}% of ReLU's hidden outputs are 0, "
        f"and its gap between training and test accuracy is {gap['relu'].mean():.3f}, against "
        + " and ".join(f"{gap[a].mean():.3f} ({a})" for a in OTHERS)
        + "; fewer steps: {}, less time: {}, many zeros: {}, smaller gap: {}.".format(
            *(said[part] for part in parts.values())
        )
    )
    numbers: dict[str, Any] = {name: said[part] for name, part in parts.items()}
    numbers |= {f"{a} over relu: steps": [*in_steps] for a, (in_steps, _) in told.items()}
    numbers |= {f"{a} over relu: seconds": [*in_time] for a, (_, in_time) in told.items()}
    numbers |= {"relu: share of zeros": [*shares]}
    numbers |= {f"{a}: gap larger than relu's by": [*gained[a]] for a in OTHERS}
    numbers |= steps.numbers("steps") | {
        f"in seconds, {name}": value for name, value in time.numbers("seconds").items()
    }
    settled_by = [
        races_settled_by({f"steps of {a}": (steps, a, "relu") for a in OTHERS}),
        gains_settled_by({f"gap of {a}": gained[a] for a in OTHERS}, len(gap["relu"])),
    ]
    return verdict_of(all_of([*parts.values()]), sentence, numbers, " ".join(filter(None, settled_by)))


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Steps by seed, seconds by seed, and what ReLU gains of the gap."""
    steps, time = races(runs)
    gap = gaps(runs)
    figure, axes = panels(
        "What ReLU gains over sigmoid and tanh, each at its best rate and scale", 3, height=2.8
    )
    for ax, of, unit in ((axes[0], steps, "steps"), (axes[1], time, "seconds")):
        rows = {a: (of.sides[a].values.tolist(), COLOURS[a]) for a in COLOURS}
        strips(
            ax, rows, xscale="log", xlabel=f"{unit} to a cost of {TARGET:g}", title=f"{unit}, a dot a seed"
        )
        plain_ticks(ax.xaxis)
    gained = {a: (difference(gap[a], gap["relu"]), COLOURS[a]) for a in OTHERS}
    bars(axes[2], gained, 0.0, xlabel="gap larger than ReLU's by", title="overfitting, 95% intervals")
    return figure
