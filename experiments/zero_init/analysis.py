"""Do the units of a layer stay equal?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import COLOURS, name_at, panels

CALM = 0.01  # how far a cost may rise in one step


def row_differences(run: Run) -> list[float]:
    """The largest element of |[W_l b_l]_i - [W_l b_l]_j|, for each pair of units of each hidden layer."""
    found = []
    for W, b in run.weights[:-1]:
        rows = np.hstack([W, b])  # (n_l, n_{l-1} + 1)
        found += [float(np.abs(p - q).max()) for i, p in enumerate(rows) for q in rows[:i]]
    return found


def analyse(runs: Sequence[Run]) -> Verdict:
    """From zeros all differences must be exactly 0; from small random weights none, and they learn more."""
    by_scheme = grouped(runs, "init.scheme")
    zero = max(max(row_differences(run)) for run in by_scheme["zeros"])
    random = min(min(row_differences(run)) for run in by_scheme["normal"])
    last = {key: [float(run.costs[-1]) for run in of] for key, of in _longest(runs).items()}
    activations = grouped(runs, "model.activation")
    learns = all(max(last["normal", a]) < min(last["zeros", a]) for a in activations if a != "sigmoid")
    rise = max(float(np.diff(run.costs).max() / run.costs[0]) for run in runs)
    costs = [
        f"{np.mean(last['normal', a]):.3f} against {np.mean(last['zeros', a]):.3f} ({a})"
        for a in activations
    ]
    sentence = (
        f"From zeros two units of a layer differ by {zero:g} at every step; from random weights of "
        f"0.01, with biases 0, by at least {random:.1e}, and they reach a cost of {', '.join(costs)}."
    )
    numbers: dict[str, Any] = {
        "largest row difference from zeros": zero,
        "smallest row difference from random weights": random,
        "largest rise of a cost in a step, over its start": rise,
    }
    numbers |= {f"final costs, {s} {a}": values for (s, a), values in last.items()}
    holds = zero == 0.0 and random > 0.0 and learns if rise <= CALM else None
    return verdict_of(holds, sentence, numbers)


def _longest(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    longest = max(run["trainer.iterations"] for run in runs)
    done = [run for run in runs if run["trainer.iterations"] == longest]
    return grouped(done, "init.scheme", "model.activation")


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: costs. Right: the differences of the rows."""
    figure, (left, right) = panels(
        "From zeros and from random weights: the cost, and the difference of two units", 2
    )
    heights: list[float] = []
    for (scheme, activation), of in sorted(_longest(runs).items(), key=lambda pair: pair[1][0].costs[-1]):
        colour = COLOURS[("sigmoid", "tanh", "relu").index(activation)]
        for run in of:
            left.plot(run.costs, ":" if scheme == "zeros" else "-", color=colour, lw=1.2)
        height = max(float(of[0].costs[-1]), heights[-1] + 0.045 if heights else 0.0)
        heights.append(height)
        name = f"{activation} from {'zeros' if scheme == 'zeros' else '0.01'}"
        name_at(left, len(of[0].costs), height, name, colour)
    left.set(xlabel="step", ylabel="cost on the training set", ylim=(0.0, 0.85),
             xlim=(0, 1.45 * len(runs[-1].costs)),
             title="Cost, three seeds (dotted: from zeros)")  # fmt: skip
    for scheme, colour, name in (("zeros", COLOURS[3], "from zeros: exactly 0"),
                                 ("normal", COLOURS[0], "from random weights of 0.01")):  # fmt: skip
        by = grouped(grouped(runs, "init.scheme")[scheme], "trainer.iterations")
        spread = np.array([[np.median(row_differences(run)) for run in of] for of in by.values()])
        right.plot(list(by), spread, "o", color=colour, alpha=0.3)
        right.plot(list(by), spread.mean(axis=1), color=colour)
        name_at(right, next(iter(by)), float(spread[0].mean()), name, colour, xytext=(0, 12))
    right.set(
        xscale="log",
        xlabel="step",
        ylabel="largest difference of their weights",
        title="Two units of a layer",
    )
    right.set_ylim(bottom=-0.002)
    return figure
