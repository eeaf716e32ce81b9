"""What the cells of a process share of a data set: its features, and K, the Gram matrix of its images.

K belongs to the whole training split and is built once. A fold takes its rows and columns out of it,
so its bits do not depend on what else was trained before it.
"""

import time
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nnlab.config.schema import TrainerConfig
from nnlab.data.dataset import Dataset, Part, Split
from nnlab.nn.gram import gram, part_of_gram
from nnlab.nn.inputs import Rows

Array = NDArray[np.floating]


@lru_cache(maxsize=3)  # to train on, to validate, to test
def features(split: Split, dtype: str) -> Rows:
    """The images of a split as rows (m, n_0), in memory or read as they are asked for."""
    return split.rows(dtype)


def gram_of(data: Dataset, trainer: TrainerConfig) -> tuple[Array, float]:
    """K of the images to train on, and the seconds of building the K that it comes from.

    They are the whole's, and counted for every cell that uses it.
    """
    if isinstance(data.train, Part):
        K, seconds = _gram(data.train.whole, trainer.dtype, trainer.threads)
        return part_of_gram(K, data.train.places), seconds
    return _gram(data.train, trainer.dtype, trainer.threads)


def validation_products(data: Dataset, trainer: TrainerConfig) -> Array | None:
    """Of the held-out images with those to train on (k, m), plus 1, where K has them and a step asks."""
    train, held = data.train, data.validation
    asked = trainer.solver == "gram" and trainer.eval_every is not None
    if not (asked and isinstance(train, Part) and isinstance(held, Part)):
        return None
    K, _ = _gram(train.whole, trainer.dtype, trainer.threads)
    products: Array = K[np.ix_(held.places, train.places)]
    return products


@lru_cache(maxsize=1)
def _gram(split: Split, dtype: str, threads: int) -> tuple[Array, float]:
    images = features(split, dtype)[:]
    start = time.perf_counter()
    K = gram(images)
    return K, time.perf_counter() - start
