"""Importance: which part of the variance of a metric each key explains, and which part is noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from nnlab.cells.findings.significance import ALPHA, variance_ratio
from nnlab.cells.findings.variation import Column, columns, configurations
from nnlab.cells.ranking import NUISANCE, Result, is_error
from nnlab.records import counted

MOST_ORDERS = 120  # all orders of up to five keys; of more keys as many drawn ones
INTERACTIONS, NOISE = "interactions", "noise"  # parts of the variance that no key alone explains
ROUNDING = 1e-10  # what is smaller beside 1 is a rounding error


@dataclass(frozen=True)
class Share:
    """A part of the variance, between 0 and 1, and how often noise alone makes so large a part."""

    value: float
    p: float | None  # None: no configuration was repeated, so the noise is unknown

    @property
    def beyond_noise(self) -> bool:
        """Is it more than the noise makes?"""
        return self.p is not None and self.p < ALPHA


@dataclass(frozen=True)
class Importance:
    """The shares of a metric's variance. Keys, interactions and noise add up to 1."""

    metric: str
    keys: dict[str, Share]  # each key alone, the largest share first
    interactions: Share  # what keys do together; the noise is in it where it is unknown
    noise: float | None  # the variance within equal configurations; None: nothing was repeated
    repeated_by: tuple[str, ...]  # what differs within them: `seeds`, `folds`
    configurations: int
    combinations: int  # of the values of all keys; more than there are configurations in a partial grid
    balanced: bool  # has every combination the same number of results?

    @property
    def noise_name(self) -> str:
        """`noise of seeds`, `noise of seeds and folds`."""
        return f"noise of {' and '.join(self.repeated_by) or 'seeds'}"

    @cached_property
    def parts(self) -> dict[str, float]:
        """All shares that add up to 1: of each key, of INTERACTIONS and of NOISE."""
        alone = {key: share.value for key, share in self.keys.items()}
        return {**alone, INTERACTIONS: self.interactions.value, NOISE: self.noise or 0.0}

    @cached_property
    def percents(self) -> dict[str, int]:
        """The parts in whole percents that add up to 100: the largest remainders are rounded up."""
        whole = {name: int(100 * value + ROUNDING) for name, value in self.parts.items()}
        remainder = {name: round(100 * value - whole[name], 6) for name, value in self.parts.items()}
        up = sorted(remainder, key=lambda name: -remainder[name])[: 100 - sum(whole.values())]
        return {name: n + (name in up) for name, n in whole.items()}

    def percent(self, *names: str) -> str:
        """Some parts together: `61 %`; what is less than half a percent may be `under 1 %`."""
        whole = sum(self.percents[name] for name in names)
        return f"{whole} %" if whole or sum(self.parts[name] for name in names) <= ROUNDING else "under 1 %"

    def sentence(self) -> str:
        """What matters most beyond the noise, and what explains the rest of the variance."""
        score = spoken(self.metric)
        strong = [key for key, share in self.keys.items() if share.beyond_noise or self.noise is None]
        together = self.interactions.beyond_noise and all(
            self.interactions.value > self.keys[key].value for key in strong
        )
        if not strong and not together:
            return f"No key matters for the {score} beyond the {self.noise_name}."
        if len(self.keys) == 1 and strong:
            explained = f"{strong[0]} explains {self.percent(strong[0])} of the variance of the {score}"
            return f"{explained}, the {self.noise_name} {self.percent(NOISE)}."
        grid = "What" if self.balanced else "In this partial grid, what"
        most, first, rest = self._in_parts(together, next(iter(strong or self.keys)))
        said = [
            f"{what} {self.percent(*names)}"
            for what, names in rest
            if sum(self.parts[name] for name in names) > ROUNDING
        ]
        shares = ", ".join([f"{first} of the variance", *said])
        return f"{grid} matters most for the {score} is {most}: {shares}."

    def _in_parts(self, together: bool, top: str) -> tuple[str, str, list[tuple[str, Sequence[str]]]]:
        """What matters most, its share in words, and the other parts in words."""
        others = [key for key in self.keys if key != top]
        rest = (others[0] if len(others) == 1 else "the other keys", others)
        noise = (f"the {self.noise_name}", [NOISE])
        if together:
            explained = f"their interactions explain {self.percent(INTERACTIONS)}"
            return "how the keys act together", explained, [(f"{top} alone", [top]), rest, noise]
        acting = "interactions and noise" if self.noise is None else "interactions of keys"
        return top, f"alone it explains {self.percent(top)}", [rest, (acting, [INTERACTIONS]), noise]


def spoken(metric: str) -> str:
    """A metric in words: `training accuracy`, `test rmse`."""
    split, _, score = metric.partition("/")
    return f"{'training' if split == 'train' else split} {score}"


def importance(results: Sequence[Result], keys: Sequence[str], metric: str) -> Importance | None:
    """The shares of those keys that vary; None if none does, or if the metric is the same everywhere.

    ``results`` all have the metric. A diverged net counts as a constant answer, and so does an error larger
    than a constant answer's: it has no bound, and one such net would be all of the variance.

    Each key is a factor of an additive model, y = mean + f_1(key_1) + f_2(key_2) + ... A key's share is the
    R^2 that it adds, averaged over all orders of adding the keys: the method of Lindeman, Merenda and Gold
    (1980), which is the Shapley value of R^2 (Groemping, J. Stat. Software 17(1), 2006). So the shares are
    at least 0 and add up to the model's R^2, also in a partial grid. Noise is the variance within equal
    configurations. Interactions are what the additive model leaves of the variance between configurations.
    Shares are compared with the noise by an F test.
    """
    y = np.array([_counted(run, metric) for run in results], np.float64)  # (n,)
    params = [run.params for run in results]
    factors = columns(params, [key for key in keys if key not in NUISANCE])
    if not len(y) or not factors or np.ptp(y) == 0.0:
        return None
    y -= y.mean()
    cells = configurations(params, [column.key for column in factors])  # (n,)
    sizes = np.bincount(cells)  # (configurations,) results of each
    alone, rank = _shares(factors, y)
    between = float(np.sum(np.bincount(cells, y) ** 2 / sizes) / (y @ y))
    noise = max(1.0 - between, 0.0) if len(y) > len(sizes) else None
    spread = None if noise is None else noise / (len(y) - len(sizes))  # a mean square, as a share

    def share(value: float, freedom: int) -> Share:
        known = spread is not None and freedom > 0
        p = variance_ratio(value / freedom, spread or 0.0, freedom, len(y) - len(sizes)) if known else None
        return Share(value, p)

    found = {
        column.key: share(part, len(column.levels) - 1) for column, part in zip(factors, alone, strict=True)
    }
    rest = max(1.0 - sum(alone) - (noise or 0.0), 0.0)
    combinations = math.prod(sum(map(len, column.levels)) for column in factors)
    varied = {column.key for column in columns(params, NUISANCE)}
    return Importance(
        metric,
        dict(sorted(found.items(), key=lambda item: -item[1].value)),
        share(rest if rest > ROUNDING else 0.0, len(sizes) - 1 - rank),
        noise,
        tuple(word for key, word in zip(NUISANCE, ("seeds", "folds"), strict=True) if key in varied),
        len(sizes),
        combinations,
        len(sizes) == combinations and np.ptp(sizes) == 0,
    )


def _counted(run: Result, metric: str) -> float:
    value = run.counted[metric]
    return min(value, counted("diverged", run.metrics).get(metric, value)) if is_error(metric) else value


def _shares(factors: Sequence[Column], y: NDArray[np.float64]) -> tuple[list[float], int]:
    """The share of each factor in the variance of y (n,) of mean 0, and the additive model's rank."""
    X = [np.eye(len(column.levels))[column.codes] for column in factors]  # each (n, levels)
    joined = np.hstack(X)
    products, with_y = joined.T @ joined, joined.T @ y
    ends = np.cumsum([0, *(part.shape[1] for part in X)])

    @cache
    def explained(chosen: frozenset[int]) -> float:
        places = np.concatenate([np.arange(ends[i], ends[i + 1]) for i in sorted(chosen)])
        inverse = np.linalg.pinv(products[np.ix_(places, places)], rcond=ROUNDING, hermitian=True)
        return float(with_y[places] @ inverse @ with_y[places] / (y @ y))

    k = len(factors)
    draw = np.random.RandomState(0).permutation
    orders = list(permutations(range(k))) if k <= 5 else [tuple(draw(k)) for _ in range(MOST_ORDERS)]
    shares = np.zeros(k)
    for order in orders:
        before = 0.0
        for place, i in enumerate(order, 1):
            after = explained(frozenset(order[:place]))
            shares[i] += max(after - before, 0.0) / len(orders)
            before = after
    return shares.tolist(), int(np.linalg.matrix_rank(products, rtol=ROUNDING, hermitian=True)) - 1
