"""Costs for rates over five decades, and the stability bound."""

from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import RED, panels
from nnlab.nn import LOSSES, Array, propagate

EARLY = 20  # the first steps, for which the bound should hold


def largest_eigenvalue(run: Run, rounds: int = 60) -> float:
    """lambda_max of the Hessian of J before the first step, by power iteration on
    H v = (g(theta + h v) - g(theta - h v)) / 2h."""
    network, batch = run.backprop()
    theta, h = network.theta.copy(), 1e-4
    loss = LOSSES[run["model.output"], run["model.loss"]]

    def gradient(at: Array) -> Array:
        network.theta[:] = at
        propagate(np, network, loss, batch)
        return network.gradient.copy()

    v = gradient(theta)
    value = 0.0
    for _ in range(rounds):
        v /= np.linalg.norm(v)
        Hv = (gradient(theta + h * v) - gradient(theta - h * v)) / (2.0 * h)
        value, v = float(v @ Hv), Hv
    return value


def falls(run: Run) -> bool:
    """Does the cost fall in each of the first EARLY steps?"""
    early = run.costs[: EARLY + 1]
    return bool(np.isfinite(early).all() and (np.diff(early) < 0.0).all())


def bounds(runs: Sequence[Run]) -> dict[tuple[int, int], float]:
    """2 / lambda_max by (depth, seed)."""
    return {
        key: 2.0 / largest_eigenvalue(of[0]) for key, of in grouped(runs, "model.depth", "seed").items()
    }


def analyse(runs: Sequence[Run]) -> Verdict:
    """Does a small rate crawl, does a large one diverge, and does the bound predict the first steps?"""
    rates = sorted({run["optimizer.lr"] for run in runs})
    slow = [run for run in runs if run["optimizer.lr"] == rates[0]]
    fast = [run for run in runs if run["optimizer.lr"] == rates[-1]]
    left = min(float(run.costs[-1] / run.costs[0]) for run in slow)
    peak = min(float(np.nan_to_num(run.costs, nan=np.inf).max() / run.costs[0]) for run in fast)
    bound, told = bounds(runs), []
    for run in runs:
        relative = run["optimizer.lr"] / bound[run["model.depth"], run["seed"]]
        if not 0.5 <= relative <= 2.0:
            told.append(falls(run) == (relative < 1.0))
    best = {depth: min(grouped(of, "optimizer.lr").items(), key=lambda pair: _mean_cost(pair[1]))[0]
            for depth, of in grouped(runs, "model.depth").items()}  # fmt: skip
    typical = {d: float(np.median([b for (depth, _), b in bound.items() if depth == d])) for d in best}
    sentence = (
        f"At {rates[0]:g} at least {100 * left:.0f}% of the cost is left after "
        f"{runs[0]['trainer.iterations']} steps, at {rates[-1]:g} the cost rises to at least {peak:.1f} "
        f"times its start; the bound 2 / lambda_max tells the first {EARLY} steps for {sum(told)} of "
        f"{len(told)} runs, and the best rate is "
        + " and ".join(f"{best[d]:g} at depth {d} (bound {typical[d]:.2g})" for d in best)
        + "."
    )
    numbers = {
        "cost left at the smallest rate, least": left,
        "peak at the largest rate over the start, least": peak,
        "runs that the bound tells": [sum(told), len(told)],
        "diverged runs": sum(run.status == "diverged" for run in runs),
    }
    numbers |= {f"depth {d}: best rate, 2 / lambda_max": [best[d], typical[d]] for d in best}
    for (depth, lr), of in grouped(runs, "model.depth", "optimizer.lr").items():
        numbers[f"depth {depth}, rate {lr:g}: final cost"] = _mean_cost(of)
    holds = left > 0.8 and peak > 2.0 and sum(told) >= 0.95 * len(told)
    return verdict_of(holds, sentence, numbers)


def _mean_cost(runs: Sequence[Run]) -> float:
    return float(np.mean([np.nan_to_num(run.costs[-1], nan=np.inf) for run in runs]))


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Cost curves; then, for each depth, the final and the highest cost by rate, with the bound."""
    bound, by = bounds(runs), grouped(runs, "model.depth", "optimizer.lr")
    depths = sorted({depth for depth, _ in by})
    figure, axes = panels("The learning rate over five decades", 1 + len(depths))
    rates = sorted({lr for _, lr in by})
    for i, lr in enumerate(rates[::2]):
        colour = matplotlib.colormaps["cividis"](i / len(rates[::2]))
        axes[0].plot(by[depths[-1], lr][0].costs, color=colour, lw=1.0, label=f"{lr:g}")
    axes[0].set(
        xlabel="step",
        ylabel="cost on the training set",
        title=f"{depths[-1]} layers, by rate",
        ylim=(0, 1.5),
    )
    axes[0].legend(fontsize=7, ncols=3, loc="upper right")
    measures: dict[str, Callable[[Array], float]] = {
        "highest cost of the run": lambda costs: float(np.nan_to_num(costs, nan=1e3).max()),
        f"cost after {runs[0]['trainer.iterations']} steps": lambda costs: float(costs[-1]),
    }
    for ax, depth in zip(axes[1:], depths, strict=True):
        rates = sorted(lr for d, lr in by if d == depth)
        for label, of in measures.items():
            values = np.array([[of(run.costs) for run in by[depth, lr]] for lr in rates])  # (rates, seeds)
            (line,) = ax.plot(rates, values.mean(axis=1), label=label)
            ax.plot(rates, values, "o", color=line.get_color(), alpha=0.4)
        edge = np.median([b for (d, _), b in bound.items() if d == depth])
        ax.axvline(edge, color=RED, ls="--", label="2 / lambda_max")
        name = "logistic regression" if depth == 1 else f"tanh net, {depth} layers"
        ax.set(xscale="log", yscale="log", xlabel="learning rate", title=name)
    axes[1].legend(fontsize=7, loc="upper left")
    return figure
