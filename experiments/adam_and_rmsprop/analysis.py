"""Steps and seconds to a cost with gradient descent, Adam and RMSprop."""

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
from nnlab.experiments.comparison import SAME
from nnlab.experiments.figures import BLUE, GREEN, ORANGE, race_panels

TARGET = 0.2
COLOURS = {"gd": ORANGE, "adam": BLUE, "rmsprop": GREEN}
ADAPTIVE = {"adam": "Adam", "rmsprop": "RMSprop"}
LEVEL = 1.0 - 0.05 / len(ADAPTIVE)


def steps(run: Run) -> int:
    """Steps to the target."""
    return steps_to(run, TARGET)


def by_steps(runs: Sequence[Run]) -> Race:
    """The race by steps."""
    return race(grouped(runs, "optimizer.name"), ["optimizer.lr"], steps)


def told(found: Race, name: str) -> str:
    """How far an optimizer is ahead of gradient descent in steps, and how many nets never get there."""
    side, missed = found.sides[name], found.missed(name, TARGET)
    within, of = side.runs[0]["trainer.iterations"], len(side.runs)
    if 2 * missed > of:
        return f"with {ADAPTIVE[name]} {missed} of {of} nets do not reach it within {within} steps"
    ratio = f"gradient descent takes {found.ratio('gd', name, LEVEL)} times the steps of {ADAPTIVE[name]}"
    return ratio + (f" ({missed} of its {of} nets do not get there)" if missed else "")


def pace(found: Race, in_time: Race, name: str) -> str:
    """The seconds of an optimizer beside those of gradient descent; at least, where it never gets there."""
    times = in_time.ratio(name, "gd", LEVEL).middle
    if 2 * found.missed(name, TARGET) > len(found.sides[name].runs):
        return f"{ADAPTIVE[name]} takes at least {times:.1f} times as long"
    if 1.0 / SAME < times < SAME:
        return f"{ADAPTIVE[name]} is about as fast"
    return f"{ADAPTIVE[name]} takes {times:.1f} times as long"


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is gradient descent slower than both, in steps? The seconds decide nothing."""
    found = by_steps(runs)
    in_time = found.by(lambda run: seconds(run, steps(run)))
    holds = all_of([found.is_slower("gd", name, LEVEL) for name in ADAPTIVE])
    sentence = (
        f"To a cost of {TARGET:g}, each at its best rate, "
        + "; ".join(told(found, name) for name in ADAPTIVE)
        + ". In seconds, against gradient descent on coefficients, "
        + " and ".join(pace(found, in_time, name) for name in ADAPTIVE)
        + "."
    )
    numbers = found.numbers("steps") | in_time.numbers("seconds")
    numbers |= {
        f"{name}: nets that do not reach {TARGET:g}": f"{found.missed(name, TARGET)} of {len(side.runs)}"
        for name, side in found.sides.items()
    }
    pairs = {title: (found, "gd", name) for name, title in ADAPTIVE.items()}
    return verdict_of(holds, sentence, numbers, races_settled_by(pairs, LEVEL))


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The cost curves at the best rates, and the steps of each seed."""
    title = f"Gradient descent, Adam and RMSprop on their way to a cost of {TARGET:g}"
    return race_panels(title, by_steps(runs), COLOURS, TARGET)
