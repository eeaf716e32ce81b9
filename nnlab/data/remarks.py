"""What is doubtful about a set that can be trained on: one line for each thing, with the remedy.

Nothing is changed in silence: channels first, pixels that are not divided by 255, floats that are taken as
labels, examples that stand in both sets and classes that only the test set has are said.
"""

import numpy as np

from nnlab.data import hdf5, overlap
from nnlab.data.dataset import Dataset, HeldOut, Split
from nnlab.data.hdf5_checks import IMPORT, SplitName
from nnlab.errors import printable

CHANNELS = (1, 3, 4)  # grey, colour, colour with transparency
DARK = 100  # whole numbers up to here may well be counts or percentages, and not pixels
FEW_VALUES = 20  # different targets that may well be classes


def of_dataset(data: Dataset) -> list[str]:
    """What to say before a training on these data."""
    whole = data.whole if isinstance(data, HeldOut) else data
    said = [*of_set(whole.train, "train"), *of_set(whole.test, "test"), *of_pair(whole.train, whole.test)]
    if data.validation is not None and (twice := overlap.repeated(whole.train)):
        said.append(
            f"{whole.train.path}: {twice} of its {whole.m} training examples stand there more than once; "
            "copies of held-out examples may be trained on, so remove them"
        )
    return said


def of_set(split: Split, name: SplitName) -> list[str]:
    """What is doubtful about one set."""
    found = [_channels_first(split), _pixels(split), _float_labels(split, name), _few_targets(split)]
    if name == "train":
        found.append(_no_zero(split))
    return [f"{split.path}: {name}_set_{text}" for text in found if text]


def of_pair(train: Split, test: Split) -> list[str]:
    """What is doubtful about both sets together: copies, and classes that cannot be learnt."""
    return [*_copies(train, test), *_not_learnt(train, test)]


def _copies(train: Split, test: Split) -> list[str]:
    places, m = overlap.shared(train, test), len(test.y)
    if not places:
        return []
    which = f"{len(places)} of its {m} test examples" if len(places) < m else f"all its {m} test examples"
    return [
        f"{test.path}: {which} (the first is example {places[0]}) stand in the training set of "
        f"{train.path.name} too and say nothing about new examples; remove them from one of the sets"
    ]


def _not_learnt(train: Split, test: Split) -> list[str]:
    """The classes of test examples that no training example shows."""
    if train.regression or test.regression:
        return []
    alone = np.setdiff1d(test.y, train.y)
    if not alone.size:
        return []
    names = ", ".join(printable(test.classes[label]) for label in alone[:3]) + ", ..." * (alone.size > 3)
    m = int(np.isin(test.y, alone).sum())
    return [
        f"{test.path}: {m} of its {len(test.y)} test examples are of classes ({names}) that the training "
        f"set of {train.path.name} has no example of, so they cannot be learnt; add some or remove these"
    ]


def _channels_first(split: Split) -> str:
    shape = split.x.shape
    if len(shape) != 4 or shape[1] not in CHANNELS or shape[3] in CHANNELS:
        return ""
    return (
        f"x {shape} seems to have its channels first, the layout is (m, height, width, channels); {IMPORT}"
    )


def _pixels(split: Split) -> str:
    """Flattened pixels: whole numbers from 0 to 255."""
    if len(split.x.shape) != 2:
        return ""
    high = 0.0
    for part in split.parts():
        if part.min() < 0 or part.max() > 255 or not (part == np.floor(part)).all():
            return ""
        high = max(high, float(part.max()))
    if high <= DARK:
        return ""
    return (
        f"x {split.x.shape} has whole numbers up to {high:.0f}, which are taken as they are; if they are "
        "pixels, store them as uint8 images (m, height, width, channels), or divide them by 255"
    )


def _float_labels(split: Split, name: SplitName) -> str:
    if split.regression or hdf5.label_type(split.path, name).kind != "f":
        return ""
    return "y holds floats, all of them whole: they are taken as classes, not as real targets"


def _no_zero(split: Split) -> str:
    if split.regression or split.classes[0] != "0" or split.y.min() == 0:
        return ""
    return f"y has no label 0, they run from {split.y.min()} to {split.y.max()}; count the classes from 0"


def _few_targets(split: Split) -> str:
    values = np.unique(split.y) if split.regression else np.empty(0)
    if not 0 < len(values) <= FEW_VALUES or (values != np.floor(values)).any():
        return ""
    return (
        f"y holds {len(values)} whole numbers as floats, taken as real targets; "
        f"if they are classes, store integers from 0, or {IMPORT}"
    )
