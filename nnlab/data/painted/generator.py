"""Painted sets: pictures with and without a cat, drawn by code, in the course's HDF5 layout.

A picture is a scene, a subject in a random coat and pose, sometimes something in front of it, and
light. Both classes draw coats, scenes and light from the same distributions. About half of the
subjects are lighter than their scene and the others darker. So the contrast at the head and the
ears, which shows a cat, is sometimes positive and sometimes negative. Cats are mostly in the middle,
as in photographs of cats; other subjects are a little smaller and not in the middle. Of the pictures
without a cat, 50% show another animal or a person, 37% a thing, and 13% only fur or a scene.

How hard the sets are, measured with 209 training and 50 test images. "Logistic" is the course's
logistic model (zero weights, rate 0.005, 2000 iterations), "deep" its deep net (12288-20-7-5-1, rate
0.0075, 2500 iterations; weights from `RandomState(1)` divided by the square root of the number of
inputs, layer by layer). `nnlab data paint FOLDER --seed SEED` makes the files. `nnlab train` trains on
them with `model=logistic init.scheme=zeros optimizer.lr=0.005 trainer.iterations=2000` or with
`model=deep`. "600" is the accuracy on 600 further test images, since 50 are few. "Colour" and "pixel"
are the test accuracy of one threshold, on a mean colour (three channels, brightness) or on one of
the 12288 values; feature and threshold are chosen on the training images.

    seed   logistic train/test/600   deep train/test/600     colour   pixel
    0      0.990   0.680   0.690     0.990   0.700   0.770     0.620   0.700
    1      0.990   0.660   0.682     0.995   0.760   0.833     0.600   0.620
    2      1.000   0.640   0.637     0.990   0.740   0.720     0.580   0.520
    3      0.990   0.640   0.653     0.990   0.820   0.813     0.660   0.520
    4      0.986   0.640   0.637     1.000   0.760   0.740     0.600   0.620
    mean   0.991   0.652   0.660     0.993   0.756   0.775     0.612   0.596

The generator was tuned by the accuracy on further images with seeds from 100 on, and no seed was
selected. Over seeds 0 to 14 the mean accuracies on 600 further images are 0.649 (logistic) and 0.778
(deep). Over each five consecutive seeds of these 15, the mean accuracy on the 50 test images is 0.592
to 0.696 for the logistic model and 0.704 to 0.788 for the deep net; each time the deep net's is higher,
by 0.068 or more.

With 4000 pictures, too many for a feature to win by chance, the best mean colour reaches 0.578 and the
best single pixel 0.600, on the pictures on which they were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import h5py
import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from nnlab import files, signals
from nnlab.data.hdf5 import SplitName
from nnlab.data.painted import scenes
from nnlab.data.painted.bodies import make_pen
from nnlab.data.painted.canvas import FULL, SCALE, SIDE, Points
from nnlab.data.painted.cats import cat
from nnlab.data.painted.coats import draw_coat
from nnlab.data.painted.others import other

CLASSES = ("non-cat", "cat")
CHUNK = 50  # pictures that a worker paints in one go, and that are written together
# the index of each split's first picture; they are so far apart that no picture is in both
_FIRST: dict[SplitName, int] = {"train": 0, "test": 1 << 31}


def paint(seed: int, index: int, label: int) -> NDArray[np.uint8]:
    """Paints one picture, which depends only on the arguments.

    Args:
        seed: The data set's seed, 0 to 2^32 - 1.
        index: The picture's number, 0 to 2^32 - 1.
        label: 1 for a cat, 0 for anything else.

    Returns:
        The picture, (64, 64, 3).
    """
    rng = RandomState([seed, index, label])
    coat = draw_coat(rng)
    image = scenes.scene(rng, coat.base)
    place = FULL / 2 + (_cat_place(rng) if label else _other_place(rng))
    size = FULL * (rng.uniform(0.33, 0.5) if label else rng.uniform(0.26, 0.4))
    pen = make_pen(image, coat, rng, place, size, rng.normal(0.0, 0.12))
    (cat if label else other)(pen)
    if rng.uniform() < 0.25:
        scenes.cover(image, rng)
    return scenes.light(np.asarray(image.reduce(SCALE)), rng)


def paint_all(split: SplitName, labels: Sequence[int], seed: int) -> Generator[NDArray[np.uint8]]:
    """Paints the first pictures of a split, more than CHUNK of them on all cores.

    A picture does not depend on how many are painted, nor where: a small set is the beginning of a
    large one.

    Args:
        split: Which of the two sets of the seed; no picture is in both.
        labels: For each picture 1 for a cat, 0 for anything else.
        seed: The data set's seed, 0 to 2^32 - 1.

    Yields:
        The pictures in their order, (64, 64, 3) each.
    """
    import joblib  # slow to load, and only this function needs it

    jobs = (joblib.delayed(paint)(seed, _FIRST[split] + i, label) for i, label in enumerate(labels))
    workers = -1 if len(labels) > CHUNK else 1  # to start them takes as long as some fifty pictures
    yield from signals.from_workers(joblib.Parallel(workers, batch_size=CHUNK, return_as="generator"), jobs)


def _cat_place(rng: RandomState) -> Points:
    """Returns a cat's offset (2,) from the middle: small, except for some that are partly outside."""
    return rng.normal(0.0, 6.0 if rng.uniform() < 0.9 else 48.0, 2)


def _other_place(rng: RandomState) -> Points:
    """Returns another subject's offset (2,) from the middle: about a quarter of the picture."""
    angle = rng.uniform(0.0, 2 * np.pi)
    return rng.normal(62.0, 16.0) * np.array((np.cos(angle), np.sin(angle)))


def write(
    path: Path,
    split: SplitName,
    count: int,
    seed: int,
    on_images: Callable[[int], None] | None = None,
) -> None:
    """Writes a painted set in the course's HDF5 layout. It appears complete or not at all.

    The file holds `<split>_set_x` (count, 64, 64, 3) uint8, `<split>_set_y` (count,) int64 and
    `list_classes`. The same arguments give the same bytes, on any number of cores. A few times CHUNK
    pictures are held in memory.

    Args:
        path: The new file; its folder must exist.
        split: Which of the two sets of the seed; no picture is in both.
        count: How many pictures, half of them cats.
        seed: The data set's seed, 0 to 2^32 - 1.
        on_images: Called now and then with the number of pictures written so far.
    """
    with files.replacing(path, durable=True) as part, h5py.File(part, "w") as file:
        _fill(file, split, count, seed, on_images)


def _labels(split: SplitName, count: int, seed: int) -> NDArray[np.int64]:
    """Returns the labels (count,) of a set, half of them cats, in a random order."""
    order = RandomState([seed, _FIRST[split]]).permutation(count)
    return (order % 2).astype(np.int64)


def _fill(
    file: h5py.File,
    split: SplitName,
    count: int,
    seed: int,
    on_images: Callable[[int], None] | None,
) -> None:
    y = _labels(split, count, seed)
    file[f"{split}_set_y"] = y
    file["list_classes"] = np.array([name.encode() for name in CLASSES])
    x = file.create_dataset(f"{split}_set_x", (count, SIDE, SIDE, 3), np.uint8)
    with closing(paint_all(split, y.tolist(), seed)) as pictures:
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            x[start:stop] = list(islice(pictures, CHUNK))
            if on_images is not None:
                on_images(stop)
