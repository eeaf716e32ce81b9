"""What the cells of a process share of a data set: its parts, its features, and K, its Gram matrix.

K belongs to all training images and is built once. A fold takes its rows and columns out of that K,
so its bits do not depend on what else was trained before it.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nnlab.data import Part, holdout
from nnlab.nn import Rows, gram, part_of_gram

if TYPE_CHECKING:
    from nnlab.config import TrainerConfig
    from nnlab.data import Dataset, Split
    from nnlab.nn import Array


@lru_cache(maxsize=2)
def held_out(whole: Dataset, validation: float, folds: int | None, fold: int) -> Dataset:
    """The data with a share of the training examples, or one of the folds, held out; or as they are."""
    if folds is not None:
        return holdout.fold(whole, folds, fold)
    return holdout.share(whole, validation) if validation else whole


@lru_cache(maxsize=3)  # the splits to train on, to validate and to test
def features(split: Split, dtype: str) -> Rows:
    """The examples of a split as rows (m, n_0), in memory or read when they are asked for."""
    return split.rows(dtype)


def gram_of(data: Dataset, trainer: TrainerConfig) -> tuple[Array, float]:
    """K of the images to train on, and the seconds that building it took.

    For a fold these are the seconds of the whole K, and they count for every cell that uses it.
    """
    if isinstance(data.train, Part):
        K, seconds = _gram(data.train.whole, trainer.dtype, trainer.threads)
        return part_of_gram(K, data.train.places), seconds
    return _gram(data.train, trainer.dtype, trainer.threads)


def validation_products(data: Dataset, trainer: TrainerConfig) -> Array | None:
    """The products of the held-out images with those to train on, plus 1 (k, m), out of the whole K.

    None if K does not have them, or where no evaluation on the way asks for them.
    """
    train, validation = data.train, data.validation
    asked = trainer.solver == "gram" and trainer.eval_every is not None
    if not (asked and isinstance(train, Part) and isinstance(validation, Part)):
        return None
    K, _ = _gram(train.whole, trainer.dtype, trainer.threads)
    products: Array = K[np.ix_(validation.places, train.places)]
    return products


@lru_cache(maxsize=1)
def _gram(split: Split, dtype: str, threads: int) -> tuple[Array, float]:
    """K and the seconds of building it. BLAS rounds differently with another number of ``threads``."""
    images = features(split, dtype)[:]
    start = time.perf_counter()
    K = gram(images)
    return K, time.perf_counter() - start
