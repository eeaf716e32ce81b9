"""Do the units of a layer stay equal?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import COLOURS, panels


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
    last = {key: float(np.mean([run.costs[-1] for run in of])) for key, of in _longest(runs).items()}
    activations = grouped(runs, "model.activation")
    learns = all(last["normal", a] < last["zeros", a] for a in activations if a != "sigmoid")
    still = [run for run in by_scheme["zeros"] if run["model.activation"] != "sigmoid"]
    frozen = max((np.abs(W).max() for run in still for W, _ in run.weights), default=0.0)
    costs = [f"{last['normal', a]:.3f} against {last['zeros', a]:.3f} ({a})" for a in activations]
    sentence = (
        f"From zeros two units of a layer differ by {zero:g} at every step; from random weights of "
        f"0.01, with biases 0, by at least {random:.1e}, and they reach a cost of {', '.join(costs)}."
    )
    numbers = {
        "largest row difference from zeros": zero,
        "smallest row difference from random weights": random,
        "largest weight from zeros, tanh and relu": float(frozen),
    }
    numbers |= {f"final cost, {s} {a}": cost for (s, a), cost in last.items()}
    return verdict_of(zero == 0.0 and random > 0.0 and learns, sentence, numbers)


def _longest(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    longest = max(run["trainer.iterations"] for run in runs)
    done = [run for run in runs if run["trainer.iterations"] == longest]
    return grouped(done, "init.scheme", "model.activation")


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: costs. Right: the differences of the rows."""
    figure, (left, right) = panels(
        "All weights 0: the units of a layer stay the same for ever, and the net learns less or nothing", 2
    )
    for (scheme, activation), of in _longest(runs).items():
        colour = COLOURS[("sigmoid", "tanh", "relu").index(activation)]
        style = ":" if scheme == "zeros" else "-"
        label = f"{activation}, {'zeros' if scheme == 'zeros' else 'random 0.01'}"
        left.plot(of[0].costs, style, color=colour, label=label)
    left.set(xlabel="step", ylabel="cost on the training set", title="Cost (seed 1)", ylim=(0.0, 1.5))
    left.legend()
    for scheme, colour in (("zeros", COLOURS[3]), ("normal", COLOURS[0])):
        steps, spread = [], []
        for count, of in grouped(grouped(runs, "init.scheme")[scheme], "trainer.iterations").items():
            steps.append(count)
            spread.append([np.median(row_differences(run)) for run in of])
        label = {"zeros": "from zeros: exactly 0", "normal": "from random weights of 0.01"}[scheme]
        right.errorbar(steps, np.mean(spread, axis=1), np.ptp(spread, axis=1) / 2, fmt="o-", color=colour,
                       label=label)  # fmt: skip
    right.set(xscale="log", xlabel="step", title="Difference of two units' weights")
    right.set_ylim(bottom=-0.002)
    right.legend()
    return figure
