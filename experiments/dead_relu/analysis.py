"""Dead units by learning rate, and the accuracy of leaky nets at the same rates."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import mannwhitneyu, spearmanr

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, GREY, ORANGE, panels


def dead(run: Run) -> float:
    """The share of units that are 0 on every training image: the mean over the hidden layers."""
    return float(np.mean([run.metrics[f"layer_{l}/dead"] for l in range(1, run["model.depth"])]))


def accuracy(run: Run) -> float:
    """The accuracy on the training set."""
    return run.metrics["train/accuracy"]


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do more units die at higher rates? What do leaky nets reach at the rate where half are dead?"""
    by = grouped(runs, "model.activation", "optimizer.lr")
    rates = sorted({lr for _, lr in by})
    share = {lr: float(np.mean([dead(run) for run in by["relu", lr]])) for lr in rates}
    reached = {(a, lr): float(np.mean([accuracy(run) for run in of])) for (a, lr), of in by.items()}
    diverged = {lr: sum(run.status == "diverged" for run in by["leaky_relu", lr]) for lr in rates}
    rises = float(spearmanr(rates, list(share.values())).statistic)
    deadly = next((lr for lr in rates if share[lr] >= 0.5), None)
    numbers = {f"lr {lr:g}: share of ReLU units dead": share[lr] for lr in rates}
    numbers |= {f"lr {lr:g}: training accuracy, {a}": value for (a, lr), value in reached.items()}
    numbers |= {f"lr {lr:g}: leaky nets diverged": count for lr, count in diverged.items()}
    numbers["rank correlation of rate and death"] = rises
    if deadly is None:
        sentence = f"At most {100 * max(share.values()):.0f}% of the ReLU units die at any rate."
        return verdict_of(False, sentence, numbers)
    relu, leaky = ([accuracy(run) for run in by[a, deadly]] for a in ("relu", "leaky_relu"))
    p = float(mannwhitneyu(leaky, relu, alternative="greater").pvalue)
    numbers["p of leaky above ReLU where half are dead"] = p
    sentence = (
        f"{100 * share[rates[0]]:.0f}% of the ReLU units are dead at a rate of {rates[0]:g}, "
        f"{100 * share[deadly]:.0f}% at {deadly:g}, where ReLU nets end at a training accuracy of "
        f"{reached['relu', deadly]:.2f} and leaky ones at {reached['leaky_relu', deadly]:.2f} (p = {p:.3f})"
    )
    if blown := [lr for lr in rates if diverged[lr]]:
        sentence += f"; from {blown[0]:g} on leaky nets diverge instead"
    survives = True if p < 0.05 else False if p > 0.95 else None
    return verdict_of(rises >= 0.8 and survives, sentence + ".", numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the share of dead units by rate. Right: the training accuracy by rate."""
    by = grouped(runs, "model.activation", "optimizer.lr")
    rates = sorted({lr for _, lr in by})
    figure, (left, right) = panels("ReLU and leaky ReLU nets over the learning rate", 2)
    shares = np.array([[dead(run) for run in by["relu", lr]] for lr in rates])  # (rates, seeds)
    left.plot(rates, shares, "o", color=BLUE, alpha=0.4)
    left.plot(rates, shares.mean(axis=1), color=BLUE)
    left.set(
        xscale="log",
        ylim=(-0.03, 1.03),
        xlabel="learning rate",
        title="Share of ReLU units dead on every image",
    )
    for activation, colour in (("relu", BLUE), ("leaky_relu", ORANGE)):
        of = [by[activation, lr] for lr in rates]
        right.plot(
            rates,
            [np.mean([accuracy(run) for run in cells]) for cells in of],
            color=colour,
            label=activation,
        )
        for lr, cells in zip(rates, of, strict=True):
            for run in cells:
                fine = run.status == "finished"
                right.plot(lr, accuracy(run), "o" if fine else "x", color=colour, alpha=0.4)
    right.plot([], [], "x", color=GREY, label="diverged (counts as 0)")
    right.axhline(0.5, color="black", lw=0.8, ls=":")
    right.set(
        xscale="log",
        ylim=(-0.03, 1.03),
        xlabel="learning rate",
        title=f"Training accuracy, {len(shares[0])} seeds and mean",
    )
    right.legend(loc="lower left")
    return figure
