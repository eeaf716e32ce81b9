"""Steps to a cost with raw pixels, with pixels divided by 255, and with centred ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import (
    Race,
    Run,
    Verdict,
    all_of,
    grouped,
    race,
    races_settled_by,
    steps_to,
    verdict_of,
)
from nnlab.experiments.figures import BLUE, GREEN, RED, name_at, panels, plain_ticks, strips
from nnlab.nn import features

TARGET = 0.5
KEYS = ("optimizer.lr", "init.scale")
NAMES = {"raw": "0 to 255", "by_255": "x / 255", "centred": "x / 255 - mean"}
COLOURS = {"raw": RED, "by_255": BLUE, "centred": GREEN}


def kind(run: Run) -> str:
    """Which of NAMES the run learned from."""
    return Path(run["data.train"]).name.removesuffix("_train.h5")


def sides(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs by the kind of their inputs."""
    return {name: [run for run in runs if kind(run) == name] for name in NAMES}


def raced(runs: Sequence[Run]) -> Race:
    """Steps to the target, each kind at its own best setting."""
    return race(sides(runs), KEYS, lambda run: steps_to(run, TARGET))


def stretch(run: Run) -> float:
    """The share of the largest eigenvalue in the trace of K: 1 where all inputs lie on one line."""
    X = features(np.asarray(run.dataset.train.x))  # (m, n_0)
    values = np.linalg.eigvalsh(X @ X.T)
    return float(values[-1] / values.sum())


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do raw pixels take more steps than x / 255, and these more than centred ones?"""
    found, by = raced(runs), sides(runs)
    first, second = found.ratio("raw", "by_255"), found.ratio("by_255", "centred")
    steps = {name: float(np.median(side.values)) for name, side in found.sides.items()}
    share = {name: stretch(of[0]) for name, of in by.items()}
    best = found.sides["by_255"].setting
    at_it = [run for run in by["raw"] if all(run[key] == value for key, value in best.items())]
    never = sum(steps_to(run, TARGET) == run["trainer.iterations"] for run in at_it)
    sentence = (
        f"To a cost of {TARGET} raw pixels take {first} times the steps of x / 255, and x / 255 takes "
        f"{second} times those of centred inputs (medians of {steps['raw']:.0f}, {steps['by_255']:.0f} and "
        f"{steps['centred']:.0f} steps), each at its best rate and scale. At the best setting of x / 255, "
        f"{never} of {len(at_it)} nets on raw pixels never reach it."
    )
    numbers: dict[str, Any] = {
        "raw over x / 255: steps": [*first],
        "x / 255 over centred: steps": [*second],
        "nets on raw pixels that never learn at the best setting of x / 255": [never, len(at_it)],
    }
    numbers |= {f"{NAMES[name]}: share of K's largest eigenvalue": share[name] for name in NAMES}
    numbers |= found.numbers("steps")
    parts = found.is_slower("raw", "by_255"), found.is_slower("by_255", "centred")
    pairs = {
        "raw over x / 255": (found, "raw", "by_255"),
        "x / 255 over centred": (found, "by_255", "centred"),
    }
    return verdict_of(all_of(parts), sentence, numbers, races_settled_by(pairs))


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """For each kind the median steps by rate, at its best scale; then the seeds at the best setting."""
    found = raced(runs)
    figure, axes = panels("Steps to learn, by the scale of the inputs", 2, height=3.2)
    for name, of in sides(runs).items():
        by = grouped(of, *KEYS)
        taken = {
            key: float(np.median([steps_to(run, TARGET) for run in group])) for key, group in by.items()
        }
        rates = sorted({lr for lr, _ in taken})
        best = [min(steps for (lr, _), steps in taken.items() if lr == rate) for rate in rates]
        axes[0].plot(rates, best, "o-", color=COLOURS[name])
        lowest = int(np.argmin(best))
        place: dict[str, Any] = {"xytext": (0, -11), "ha": "center"}
        name_at(axes[0], rates[lowest], best[lowest], NAMES[name], COLOURS[name], **place)
    axes[0].set(
        xscale="log", yscale="log", xlabel="learning rate", ylabel=f"median steps to a cost of {TARGET}",
        title="each rate at its best scale; on top: never",
    )  # fmt: skip
    axes[0].margins(y=0.18)
    rows = {NAMES[name]: (found.sides[name].values.tolist(), COLOURS[name]) for name in NAMES}
    strips(
        axes[1],
        rows,
        most=runs[0]["trainer.iterations"],
        xscale="log",
        xlabel=f"steps to a cost of {TARGET}",
        title="at the best rate and scale, a dot a seed",
    )
    plain_ticks(axes[0].yaxis, axes[1].xaxis)
    return figure
