"""dJ/dz of the logistic loss in its two forms, against 60 digits, and at the logits of trained nets."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import Run, Verdict, grouped, layers, verdict_of
from nnlab.experiments.figures import BLUE, RED, panels

FAR = {"float64": 800, "float32": 120}  # the largest |z| that is looked at
EARLY = {"float64": 40, "float32": 20}  # the rule: the long form fails up to here
LOST, ON_PAPER = 0.01, 80
TOP = 1e2  # of the picture
Z = NDArray[np.floating[Any]]


def sigmoid(z: Z) -> Z:
    """1 / (1 + e^-z), as the notes write it."""
    one = z.dtype.type(1)
    return one / (one + np.exp(-z))


def long_form(z: Z, y: int) -> Z:
    """(-y/a + (1-y)/(1-a)) a^2 e^-z."""
    a, one = sigmoid(z), z.dtype.type(1)
    with np.errstate(all="ignore"):
        return (-y / a + (1 - y) / (one - a)) * a * a * np.exp(-z)


def short_form(z: Z, y: int) -> Z:
    """a - y."""
    return sigmoid(z) - z.dtype.type(y)


def on_paper(z: int, y: int) -> tuple[Decimal, Decimal]:
    """Both forms with 60 digits: the long one, then the short one."""
    with localcontext() as context:
        context.prec = 60
        e = (-Decimal(z)).exp()
        a = 1 / (1 + e)
        return (-y / a + (1 - y) / (1 - a)) * a * a * e, a - y


def errors(form: Any, dtype: str, y: int) -> NDArray[np.float64]:
    """The error of a form for all whole z from -FAR to FAR, inf where it is no finite number."""
    z = np.arange(-FAR[dtype], FAR[dtype] + 1)
    with np.errstate(over="ignore"):
        found = form(z.astype(dtype), y).astype(np.float64)
    with localcontext() as context:
        context.prec = 60
        true = np.array([float(1 / (1 + (-Decimal(int(at))).exp()) - y) for at in z])
    return np.where(np.isfinite(found), np.abs(found - true), np.inf)


def first_lost(dtype: str, y: int) -> int | None:
    """The z nearest to 0 at which the long form's error is above LOST."""
    z = np.arange(-FAR[dtype], FAR[dtype] + 1)[errors(long_form, dtype, y) > LOST]
    return int(z[np.argmin(np.abs(z))]) if len(z) else None


def breaks(run: Run) -> bool:
    """Would the long form give no finite gradient at the net's logits of the training pictures?"""
    *_, logits = layers(run)
    y = run.dataset.train.y
    with np.errstate(over="ignore"):
        of = [long_form(logits.ravel()[y == label], label) for label in (0, 1)]
    return not all(np.isfinite(part).all() for part in of)


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do the forms agree on paper, does the short one hold everywhere, and is the long one lost early?"""
    paper = max(
        abs(long - short) for z in range(-ON_PAPER, ON_PAPER + 1) for y in (0, 1)
        for long, short in [on_paper(z, y)]
    )  # fmt: skip
    roundoff = {dtype: float(np.finfo(dtype).eps) / 2.0 for dtype in FAR}
    short = {d: max(float(errors(short_form, d, y).max()) for y in (0, 1)) / roundoff[d] for d in FAR}
    lost = {(d, y): first_lost(d, y) for d in FAR for y in (0, 1)}
    early = all(any((z := lost[d, y]) is not None and abs(z) <= EARLY[d] for y in (0, 1)) for d in FAR)
    holds = paper < Decimal("1e-20") and max(short.values()) < 4.0 and early
    by = grouped(runs, "model.depth", "optimizer.lr")
    broken = {key: [sum(map(breaks, of)), len(of)] for key, of in by.items()}
    total = np.sum([*broken.values()], axis=0) if broken else (0, 0)
    sentence = (
        "In double precision the long form is off by more than 0.01 from "
        f"z = {lost['float64', 0]} on if y = 0, and from z = {lost['float64', 1]} on if y = 1 (single "
        f"precision: {lost['float32', 0]} and {lost['float32', 1]}); A - Y is right to the last digit "
        f"everywhere. In {total[0]} of {total[1]} trained nets the long form gives no finite gradient."
    )
    numbers: dict[str, Any] = {"largest difference on paper": float(paper)}
    numbers |= {f"{d}: largest error of A - Y, in units of roundoff": short[d] for d in FAR}
    numbers |= {
        f"depth {depth}, rate {lr:g}: nets that the long form breaks": of
        for (depth, lr), of in broken.items()
    }
    return verdict_of(holds, sentence, numbers)


def nearby(form: Any, labels: Sequence[int], z: NDArray[np.int64]) -> NDArray[np.float64]:
    """The largest error within 3 of each z, of the classes in ``labels``, at most TOP."""
    all_z = np.max([errors(form, "float64", y) for y in labels], axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(all_z, 7)  # the first is around 3 - FAR
    found: NDArray[np.float64] = np.clip(windows[z + FAR["float64"] - 3].max(axis=1), 1e-20, TOP)
    return found


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The error of both forms by z; then how many nets the long form breaks."""
    figure, axes = panels(
        "Two forms of one gradient, in floating point",
        2,
        height=3.6,
    )
    z = np.arange(-60, 61)
    lines: tuple[tuple[str, Any, Sequence[int], str, tuple[float, float], dict[str, Any]], ...] = (
        ("A - Y, both classes", short_form, (0, 1), BLUE, (-58, 4e-18), {"lw": 3.0}),
        ("long form, y = 1", long_form, (1,), "black", (-58, 3e-15), {"ls": "--"}),
        ("long form, y = 0", long_form, (0,), RED, (-13, 1e-2), {}),
    )
    for label, form, labels, colour, place, options in lines:
        axes[0].plot(z, nearby(form, labels, z), color=colour, **options)
        axes[0].text(*place, label, color=colour, fontsize=8.5)
    axes[0].axhline(TOP, color="black", lw=0.8, ls=":")
    axes[0].text(-58, 1.6 * TOP, "up here: not a number", fontsize=8)
    axes[0].set(
        yscale="log", ylim=(1e-18, 30.0 * TOP), xlabel="z", ylabel="error (the gradient is at most 1)",
        title="double precision, against 60 digits",
    )  # fmt: skip
    for depth, colour in ((1, BLUE), (3, RED)):
        by = grouped([run for run in runs if run["model.depth"] == depth], "optimizer.lr")
        share = [float(np.mean([breaks(run) for run in of])) for of in by.values()]
        axes[1].plot([*by], share, "o-", color=colour)
        name = "logistic regression" if depth == 1 else f"tanh net, {depth} layers"
        axes[1].annotate(
            name,
            ([*by][-1], share[-1]),
            xytext=(-4, 7),
            textcoords="offset points",
            ha="right",
            color=colour,
        )
    axes[1].set(
        xscale="log", ylim=(-0.05, 1.12), xlabel="learning rate", ylabel="share of the nets",
        title="trained nets that it would break",
    )  # fmt: skip
    return figure
