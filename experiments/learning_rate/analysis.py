"""How nets of each activation end at rates over six decades, and the stability bound."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, all_of, grouped, verdict_of
from nnlab.experiments.figures import BLUE, panels
from nnlab.nn import LOSSES, Array, propagate

EARLY = 20  # the first steps, for which the bound should hold
CRAWLS, LEFT, TOLD = 0.8, 0.5, 0.95
ENDS = {"crawls": "#d9d9d9", "learns": "#56B4E9", "learns nothing": "#E69F00", "diverges": "#D55E00"}


def largest_eigenvalue(run: Run) -> float:
    """lambda_max of the Hessian H of J before the first step, by power iteration on
    H v = (g(theta + h v) - g(theta - h v)) / 2h.

    Where a negative eigenvalue is the largest in size, H is shifted by it.
    """
    network, batch = run.backprop()
    theta, h = network.theta.copy(), 1e-4
    loss = LOSSES[run["model.output"], run["model.loss"]]

    def gradient(at: Array) -> Array:
        network.theta[:] = at
        propagate(np, network, loss, batch)
        return network.gradient.copy()

    def strongest(shift: float = 0.0, rounds: int = 60) -> float:
        v, value = gradient(theta), 0.0
        for _ in range(rounds):
            v /= np.linalg.norm(v)
            Hv = (gradient(theta + h * v) - gradient(theta - h * v)) / (2.0 * h) - shift * v
            value, v = float(v @ Hv), Hv
        return value

    value = strongest()
    return value if value > 0.0 else value + strongest(shift=value)


def falling(run: Run) -> float:
    """The share of the first EARLY steps in which the cost falls."""
    early = run.costs[: EARLY + 1]
    return float(np.sum(np.diff(early) < 0.0)) / EARLY


def bounds(runs: Sequence[Run]) -> dict[tuple[str, int], float]:
    """2 / lambda_max by (activation, seed)."""
    by = grouped(runs, "model.activation", "seed")
    return {key: 2.0 / largest_eigenvalue(of[0]) for key, of in by.items()}


def end(run: Run) -> str:
    """What became of a run, in one word or two."""
    if run.status == "diverged":
        return "diverges"
    left = run.costs[-1] / run.costs[0]
    above = run.costs.max() > 1.01 * run.costs[0]
    return "learns" if left <= CRAWLS else "learns nothing" if above else "crawls"


def analyse(runs: Sequence[Run]) -> Verdict:
    """Does a small rate crawl, does a large one diverge, and does the bound predict the first steps?"""
    by = grouped(runs, "model.activation", "optimizer.lr")
    activations, rates = (list(dict.fromkeys(key[i] for key in by)) for i in (0, 1))
    slow = min(run.costs[-1] / run.costs[0] for a in activations for run in by[a, min(rates)])
    lost = {
        a: {lr: sum(run.status == "diverged" for run in by[a, lr]) for lr in rates} for a in activations
    }
    diverges = {
        a: any(lost[a][lr] == len(by[a, lr]) for lr in rates) or (None if any(lost[a].values()) else False)
        for a in activations
    }
    bound, told = bounds(runs), []
    numbers = {}
    for run in runs:
        relative = run["optimizer.lr"] / bound[run["model.activation"], run["seed"]]
        if not LEFT <= relative <= 1.0 / LEFT:
            told.append((falling(run) == 1.0) == (relative < 1.0))
    for a in activations:
        typical = float(np.median([b for (name, _), b in bound.items() if name == a]))
        best = min(
            rates, key=lambda lr: np.mean([np.nan_to_num(r.costs[-1], nan=np.inf) for r in by[a, lr]])
        )
        numbers[f"{a}: 2 / lambda_max, best rate"] = [typical, best]
        numbers[f"{a}: diverged"] = [f"{n} of {len(by[a, lr])} at {lr:g}" for lr, n in lost[a].items() if n]
    infinite = [a for a in activations if diverges[a]]
    never = [a for a in activations if diverges[a] is False]
    sentence = (
        f"At {min(rates):g} at least {100 * slow:.0f}% of the cost is left after "
        f"{runs[0]['trainer.iterations']} steps; at some larger rate the cost of all nets goes to infinity "
        f"with {', '.join(infinite) or 'no activation'}, and of no net with "
        f"{', '.join(never) or 'any activation left'}; the bound 2 / lambda_max tells the first {EARLY} "
        f"steps of {sum(told)} of {len(told)} runs."
    )
    parts = [slow > CRAWLS, sum(told) >= TOLD * len(told), *diverges.values()]
    return verdict_of(all_of(parts), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: how the nets end by rate and activation, and the bound. Right: the first steps."""
    by, bound = grouped(runs, "model.activation", "optimizer.lr"), bounds(runs)
    activations, rates = (list(dict.fromkeys(key[i] for key in by)) for i in (0, 1))
    figure, (left, right) = panels(
        "How nets end, by learning rate and activation, beside the bound of the theory",
        2,
        height=3.9,
    )
    words = list(ENDS)
    worst = [[max(words.index(end(run)) for run in by[a, lr]) for lr in rates] for a in activations]
    left.imshow(worst, cmap=ListedColormap(list(ENDS.values())), vmin=0, vmax=len(ENDS) - 1, aspect="auto")
    for row, ends in enumerate(worst):
        first = [i for i, word in enumerate(ends) if i == 0 or ends[i - 1] != word]
        for start, stop in zip(first, [*first[1:], len(ends)], strict=True):
            text = words[ends[start]].replace(" ", "\n" if stop - start < 2 else " ")
            left.text((start + stop - 1) / 2, row, text, ha="center", va="center", fontsize=6.5)
        edge = np.median([b for (a, _), b in bound.items() if a == activations[row]])
        place = np.interp(np.log(edge), np.log(rates), range(len(rates)))
        left.plot([place] * 2, [row + 0.15, row + 0.5], color="black", lw=2)
    left.set_xticks(range(len(rates)), [f"{lr:g}" for lr in rates], rotation=45)
    left.set_yticks(range(len(activations)), activations)
    left.grid(False)
    left.set(
        xlabel="learning rate", title="How the worst of 3 nets ends\n(black: the bound 2 / lambda_max)"
    )
    relative = [run["optimizer.lr"] / bound[run["model.activation"], run["seed"]] for run in runs]
    right.plot(relative, [falling(run) for run in runs], "o", color=BLUE, alpha=0.35)
    right.axvline(1.0, color="black", lw=2)
    right.set(xscale="log", xlabel="learning rate, as a multiple of 2 / lambda_max", ylim=(-0.03, 1.03),
              title=f"Share of the first {EARLY} steps in which\nthe cost falls (dot: a net)")  # fmt: skip
    return figure
