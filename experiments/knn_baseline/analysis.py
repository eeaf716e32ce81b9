"""k nearest neighbours, with distances computed in blocks that fit into a given memory."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from nnlab.cells import dataset
from nnlab.config import data_files
from nnlab.config.compose import compose
from nnlab.experiments import Run, Verdict, verdict_of
from nnlab.experiments.figures import BLUE, ORANGE, RED, name_at, panels

Images = NDArray[np.uint8]  # (m, n_0)
Labels = NDArray[np.int64]
MEMORY_MB, KS = 64, (1, 3, 5, 7)
PEAK, WHOLE = "peak memory, MB, of", "memory without blocks, MB"
M_TRAIN, M_TEST, CLASSES, SIDE = 50_000, 500, 10, 32


def nearest(train: Images, test: Images, k: int, memory_mb: float = MEMORY_MB) -> NDArray[np.intp]:
    """The indices of the k nearest training images of each test image (t, k), nearest first.

    It computes |x - y|^2 = |x|^2 - 2 x.y + |y|^2 for one block of training images at a time. |y|^2 is left
    out: it does not change the order. The floats of a block, its distances and the test images take
    ``memory_mb`` together. Sums of squared bytes are below 2^53, so the result is exact.
    """
    y = test.astype(np.float64)  # (t, n_0)
    free = memory_mb * 2**20 - 2 * y.nbytes
    per_image = 8 * (train.shape[1] + 4 * len(test))
    block = max(1, int(free / per_image))
    best = np.empty((len(test), 0))
    places = np.empty((len(test), 0), np.intp)
    for start in range(0, len(train), block):
        x = train[start : start + block].astype(np.float64)  # (b, n_0)
        distance = y @ x.T  # (t, b)
        distance *= -2.0
        distance += np.einsum("ij,ij->i", x, x)
        here = np.argsort(distance, axis=1, kind="stable")[:, :k]
        best = np.hstack([best, np.take_along_axis(distance, here, axis=1)])
        places = np.hstack([places, here + start])
        order = np.argsort(best, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(best, order, axis=1)
        places = np.take_along_axis(places, order, axis=1)
    return places


def brute_force(train: Images, test: Images, k: int) -> NDArray[np.intp]:
    """The same indices by |x - y|^2 as it is written, image by image."""
    x = train.astype(np.float64)
    return np.array([np.argsort(((x - y) ** 2).sum(axis=1), kind="stable")[:k] for y in test.astype(float)])


def vote(labels: Labels, places: NDArray[np.intp], k: int) -> Labels:
    """The most frequent class among the k nearest; the smallest one if there are several."""
    return np.array([np.bincount(row).argmax() for row in labels[places[:, :k]]])


def drawn(m: int, seed: int) -> tuple[Images, Labels]:
    """Noisy images in ten classes: each class has a background colour, and a blob of its own."""
    classes, random = np.random.RandomState(0), np.random.RandomState([1, seed])
    colours = classes.randint(60, 196, size=(CLASSES, 2, 3))
    centres = classes.randint(8, SIDE - 8, size=(CLASSES, 2))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    y = random.randint(CLASSES, size=m)
    x = np.empty((m, SIDE * SIDE * 3), np.uint8)
    for start in range(0, m, 1000):
        labels = y[start : start + 1000]
        centre = centres[labels] + random.randint(-6, 7, size=(len(labels), 2))
        away = (rows - centre[:, :1, None]) ** 2 + (columns - centre[:, 1:, None]) ** 2  # (b, side, side)
        colour = colours[labels] + random.randint(-50, 51, size=(len(labels), 2, 3))
        image = np.where(away[..., None] < 36, colour[:, 1, None, None], colour[:, 0, None, None])
        image = image + random.randint(-60, 61, size=image.shape)
        x[start : start + 1000] = np.clip(image, 0, 255).reshape(len(labels), -1)
    return x, y


def cats() -> tuple[dict[int, float], int] | None:
    """The test accuracy by k on the course's photographs, and their number; None without the files."""
    cfg = compose(["data=catvnoncat"])
    if not all(Path(path).is_file() for path in data_files(cfg.data)):
        return None
    data = dataset(cfg)
    train, test = (split.x[:].reshape(len(split.x), -1) for split in (data.train, data.test))
    places = nearest(train, test, max(KS))
    return {k: float(np.mean(vote(data.train.y, places, k) == data.test.y)) for k in KS}, len(test)


def on_drawn_images() -> tuple[bool, float, dict[int, float]]:
    """Are the neighbours those of the brute force? Also the peak MB, and the accuracy by k."""
    train, labels = drawn(M_TRAIN, 1)
    test, truth = drawn(M_TEST, 2)
    same = np.array_equal(
        nearest(train[:300], test[:50], 5, memory_mb=4.0), brute_force(train[:300], test[:50], 5)
    )
    tracemalloc.start()
    places = nearest(train, test, max(KS))
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return same, peak, {k: float(np.mean(vote(labels, places, k) == truth)) for k in KS}


def analyse(runs: Sequence[Run]) -> Verdict:
    """Check the neighbours, the memory and the accuracy on the cats."""
    same, peak, accuracy = on_drawn_images()
    whole = 8.0 * M_TRAIN * M_TEST / 2**20 + 8.0 * M_TRAIN * SIDE * SIDE * 3 / 2**20
    numbers = {
        "same neighbours as the brute force": same,
        PEAK: [peak, MEMORY_MB],
        WHOLE: whole,
    }
    numbers |= {f"ten classes, k = {k}: accuracy on {M_TEST}": value for k, value in accuracy.items()}
    sentence = (
        f"Blocks find the {'same' if same else 'other'} neighbours {'as' if same else 'than'} the brute "
        f"force with a peak of {peak:.0f} MB over 50,000 images ({whole:.0f} MB without blocks), right on "
        f"{100 * max(accuracy.values()):.0f}% of ten drawn classes"
    )
    holds: bool | None = same and peak <= 2 * MEMORY_MB
    found = cats()
    if found is None:
        return verdict_of(
            None if holds else False, sentence + "; the course's files are not there.", numbers
        )
    of_cats, m = found
    low = {k: binomtest(round(m * a), m).proportion_ci(0.95, "exact").low for k, a in of_cats.items()}
    numbers |= {f"cats, k = {k}: accuracy, interval from": [a, float(low[k])] for k, a in of_cats.items()}
    best = max(of_cats, key=lambda k: of_cats[k])
    sentence += f" and on {of_cats[best]:.2f} of the cats' test images at best (k = {best})."
    return verdict_of(holds and all(value <= 0.70 for value in low.values()), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the memory of the search. Right: accuracies by k."""
    figure, (left, right) = panels("Nearest neighbours: the memory of the search, and the accuracy by k", 2)
    peak = verdict.numbers[PEAK][0]
    rows = {"all at once": (verdict.numbers[WHOLE], ORANGE), f"in blocks of {MEMORY_MB} MB": (peak, BLUE)}
    for place, (value, colour) in enumerate(rows.values()):
        left.barh(place, value, 0.5, color=colour)
        name_at(left, value, place, f"{value:,.0f} MB", colour)
    left.set_yticks(range(len(rows)), list(rows))
    left.set(xlim=(0, 1.25 * verdict.numbers[WHOLE]), ylim=(1.6, -0.6),
             xlabel="memory on top of the images, MB",
             title=f"Distances of {M_TEST} to {M_TRAIN:,} images")  # fmt: skip
    left.grid(axis="y", visible=False)
    ten = [verdict.numbers[f"ten classes, k = {k}: accuracy on {M_TEST}"] for k in KS]
    right.plot(KS, ten, "o-", color=BLUE)
    name_at(right, KS[1], ten[1], f"ten classes of colours ({M_TRAIN:,} images)", BLUE, xytext=(-30, 12))
    key = "cats, k = {}: accuracy, interval from"
    if key.format(KS[0]) in verdict.numbers:
        values = np.array([verdict.numbers[key.format(k)][0] for k in KS])
        both = [binomtest(round(50 * v), 50).proportion_ci(0.95, "exact") for v in values]
        off = [values - [i.low for i in both], [i.high for i in both] - values]
        right.errorbar(KS, values, off, fmt="o-", color=ORANGE, capsize=3)
        name_at(right, 0.6, 0.34, "the course's cats (209 images)", ORANGE, xytext=(0, 0))
    right.axhline(0.70, color=RED, ls=":")
    name_at(right, KS[-1], 0.70, "logistic regression\non the cats: 0.70", RED, xytext=(6, -16))
    right.set_xticks(KS)
    right.set(xlabel="neighbours k", ylabel="test accuracy", ylim=(0.3, 1.05), xlim=(0.5, 10),
              title="Accuracy (bars: 95% intervals, 50 images)")  # fmt: skip
    return figure
