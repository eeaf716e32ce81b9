"""Steps and seconds to a cost, with momentum and without."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from nnlab.experiments import (
    Race,
    Run,
    Verdict,
    all_of,
    grouped,
    race,
    races_settled_by,
    seconds,
    steps_to,
    verdict_of,
)
from nnlab.experiments.figures import BLUE, ORANGE, race_panels

TARGET = 0.1
COLOURS = {"gd": ORANGE, "momentum": BLUE}


def steps(run: Run) -> int:
    """Steps to the target."""
    return steps_to(run, TARGET)


def races(runs: Sequence[Run]) -> tuple[Race, Race]:
    """By steps, and the same runs by seconds."""
    found = race(grouped(runs, "optimizer.name"), ["optimizer.lr"], steps)
    return found, found.by(lambda run: seconds(run, steps(run)))


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is gradient descent slower, in steps and in seconds?"""
    by_steps, by_seconds = races(runs)
    holds = all_of([found.is_slower("gd", "momentum") for found in (by_steps, by_seconds)])
    sentence = (
        f"To a cost of {TARGET:g}, each at its best rate, gradient descent takes "
        f"{by_steps.ratio('gd', 'momentum')} times the steps of momentum (medians "
        f"{by_steps.middle('gd'):.0f} and {by_steps.middle('momentum'):.0f}) and "
        f"{by_seconds.ratio('gd', 'momentum')} times the seconds."
    )
    settled_by = races_settled_by(
        {"steps": (by_steps, "gd", "momentum"), "seconds": (by_seconds, "gd", "momentum")}
    )
    numbers = by_steps.numbers("steps") | by_seconds.numbers("seconds")
    return verdict_of(holds, sentence, numbers, settled_by)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The cost curves at the best rates, and the steps of each seed."""
    found, _ = races(runs)
    return race_panels(
        f"Gradient descent takes {found.ratio('gd', 'momentum').middle:.1f} times the steps of momentum",
        found, COLOURS, TARGET,
    )  # fmt: skip
