"""Which units die at which rate, whether they stay dead, and what leaky nets do at the same rates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import spearmanr

from nnlab.experiments import Interval, Run, Verdict, all_of, grouped, is_more, median_interval, verdict_of
from nnlab.experiments.figures import BLUE, GREY, ORANGE, RED, name_at, panels
from nnlab.nn import Array, Parameters, draw

Mask = NDArray[np.bool_]  # (n_l,)

LEARNT, WAKE = 0.9, 0.05
KINDS = {"relu": BLUE, "leaky_relu": ORANGE}


def dead(X: Array, parameters: Parameters) -> list[Mask]:
    """For each hidden layer which ReLU units are 0 on every image of X (n_0, m)."""
    A, found = X, []
    for W, b in parameters[:-1]:
        A = np.maximum(W @ A + b, 0.0)
        found.append((A == 0.0).all(axis=1))
    return found


def at_start(run: Run) -> Parameters:
    """The first weights of a run, with biases 0."""
    sizes = [run.weights[0][0].shape[1], *(len(W) for W, _ in run.weights)]
    start = draw(run["init.scheme"], run["init.scale"], sizes, run["seed"])
    return [(W, np.zeros((len(W), 1))) for W in start]


def units(runs: Sequence[Run]) -> dict[tuple[float, int], list[list[Mask]]]:
    """By rate and seed: the dead units at the start, then at each length of training, layer by layer."""
    relu = [run for run in runs if run["model.activation"] == "relu"]
    X = np.ascontiguousarray(relu[0].dataset.train.features().T)
    found = {}
    for key, of in grouped(relu, "optimizer.lr", "seed").items():
        by_length = sorted(of, key=lambda run: run["trainer.iterations"])
        nets = [at_start(of[0]), *(run.weights for run in by_length if run.status == "finished")]
        found[key] = [dead(X, net) for net in nets]
    return found


def killed(looks: Sequence[Sequence[Mask]]) -> float:
    """The share of the units that live at the start which are dead at the end."""
    start, end = (np.concatenate(looks[place]) for place in (0, -1))
    return float(np.mean(end[~start]))


def woken(found: dict[tuple[float, int], list[list[Mask]]]) -> list[list[int]]:
    """For each hidden layer: how many dead units are alive at the next look, and how many are dead."""
    layers = len(next(iter(found.values()))[0])
    counts = np.zeros((layers, 2), int)
    for looks in found.values():
        for l in range(layers):
            early = np.array([look[l] for look in looks[1:-1]])
            if len(early):
                later = np.array([look[l] for look in looks[2:]])
                counts[l] += [np.sum(early & ~later), np.sum(early)]
    return counts.tolist()


def survival(runs: Sequence[Run]) -> dict[str, Array]:
    """The largest rate at which each seed learns, by kind of net; the smallest of all if none."""
    longest = max(run["trainer.iterations"] for run in runs)
    rates = sorted({run["optimizer.lr"] for run in runs})
    done = [run for run in runs if run["trainer.iterations"] == longest]
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for (_, kind), of in sorted(grouped(done, "seed", "model.activation").items()):
        learnt = [run["optimizer.lr"] for run in of if run.metrics["train/accuracy"] >= LEARNT]
        found[kind].append(max(learnt, default=rates[0]))
    return {kind: np.array(values) for kind, values in found.items()}


def analyse(runs: Sequence[Run]) -> Verdict:
    """Does a large rate kill, do the dead stay dead, do leaky nets survive larger rates?"""
    found, largest = units(runs), survival(runs)
    rates = sorted({lr for lr, _ in found})
    share = {
        lr: float(np.mean([killed(of) for (rate, _), of in found.items() if rate == lr])) for lr in rates
    }
    rises = float(spearmanr(rates, list(share.values())).statistic) if len(set(share.values())) > 1 else 0.0
    woke = woken(found)
    ratio = median_interval(largest["leaky_relu"] / largest["relu"])
    kills = rises >= 0.8 and max(share.values()) >= 0.5
    stay = all(up <= WAKE * max(of, 1) for up, of in woke)
    deadly = max(share, key=lambda lr: share[lr])
    sentence = (
        f"Of the ReLU units that live at the start {100 * share[rates[0]]:.0f}% are killed at a rate of "
        f"{rates[0]:g} and {100 * share[deadly]:.0f}% at {deadly:g}; of the dead ones "
        + " and ".join(f"{up} of {of} in layer {l}" for l, (up, of) in enumerate(woke, start=1))
        + f" woke again; leaky nets learn at {told(ratio)} times the rate at which ReLU nets still do."
    )
    numbers: dict[str, Any] = {f"lr {lr:g}: share of units killed": of for lr, of in share.items()}
    numbers |= {
        f"{kind}: largest rate at which each seed learns": of.tolist() for kind, of in largest.items()
    }
    numbers["rank correlation of rate and death"] = rises
    return verdict_of(all_of([kills, stay, is_more(ratio)]), sentence, numbers)


def told(ratio: Interval) -> str:
    """A ratio of rates, which are a factor of about 3 apart."""
    return f"{ratio.middle:.3g} ({ratio.low:.3g} to {ratio.high:.3g})"


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the share of killed units by rate. Right: the training accuracy by rate, and who diverged."""
    found = units(runs)
    rates = sorted({lr for lr, _ in found})
    figure, (left, right) = panels(
        "By learning rate: ReLU units that are killed, and what ReLU and leaky nets learn", 2
    )
    shares = np.array([[killed(of) for (rate, _), of in found.items() if rate == lr] for lr in rates])
    left.plot(rates, shares, "o", color=BLUE, alpha=0.35)
    left.plot(rates, shares.mean(axis=1), color=BLUE)
    left.set(xscale="log", ylim=(-0.03, 1.03), xlabel="learning rate",
             title="Share of living ReLU units killed\n(dot: a seed; line: mean)")  # fmt: skip
    longest = max(run["trainer.iterations"] for run in runs)
    done = [run for run in runs if run["trainer.iterations"] == longest]
    by = grouped(done, "model.activation", "optimizer.lr")
    for i, (kind, colour) in enumerate(KINDS.items()):
        cells = [[run for run in by[kind, lr] if run.status == "finished"] for lr in rates]
        means = np.array(
            [np.mean([run.metrics["train/accuracy"] for run in of] or [np.nan]) for of in cells]
        )
        for lr, of in zip(rates, cells, strict=True):
            accuracies = [run.metrics["train/accuracy"] for run in of]
            right.plot([lr] * len(of), accuracies, "o", color=colour, alpha=0.3)
            lost = len(by[kind, lr]) - len(of)
            if lost:
                right.text(lr, 0.40 - 0.05 * i, f"{lost}", color=colour, ha="center", fontsize=8)
        right.plot(rates, means, color=colour)
        place, offset = (int(np.nanargmin(means)), -12) if kind == "relu" else (2, 8)
        name_at(right, rates[place], float(means[place]), kind, colour, xytext=(0, offset))
    right.text(rates[0], 0.40, "diverged, ReLU:", color=BLUE, fontsize=8, va="bottom")
    right.text(rates[0], 0.35, "diverged, leaky:", color=ORANGE, fontsize=8, va="bottom")
    right.axhline(LEARNT, color=RED, lw=0.8, ls=":")
    right.axhline(0.5, color=GREY, lw=0.8)
    right.set(xscale="log", ylim=(0.33, 1.03), xlabel="learning rate",
              title=f"Training accuracy of nets that\ndid not diverge (dotted: {LEARNT:g})")  # fmt: skip
    return figure
