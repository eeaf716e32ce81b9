"""Which configurations can be told from the best: by their test images, and by their seeds."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

from nnlab.cells.findings import significance
from nnlab.cells.findings.predictions import Predictions
from nnlab.cells.ranking import NUISANCE, Configuration, R, is_error, sort_key
from nnlab.config import FILES
from nnlab.records import counted

COMPARED = 20  # the best configurations, which are compared


@dataclass(frozen=True)
class PairedTest:
    """What McNemar's test says of two nets on the same test images."""

    a_alone: int  # images that only the first got right
    b_alone: int
    p: float
    adjusted: float  # p for the number of tests (Holm)

    @property
    def differ(self) -> bool:
        """Whether the two nets can be told apart."""
        return self.adjusted < significance.ALPHA


def paired_tests(pairs: Sequence[tuple[Predictions, Predictions]]) -> list[PairedTest]:
    """Test every pair; both nets of a pair predicted the same images."""
    tests = [significance.mcnemar(a.right, b.right) for a, b in pairs]
    adjusted = significance.holm([p for _, _, p in tests])
    return [PairedTest(a, b, p, q) for (a, b, p), q in zip(tests, adjusted, strict=True)]


@dataclass(frozen=True)
class Compared(Generic[R]):
    """One of the best configurations, its middle run's predictions, and what tells it from the best."""

    configuration: Configuration[R]
    predictions: Predictions | None = None  # None: a regression, whose outputs are not right or wrong
    test: PairedTest | None = None  # None: the best itself, or other test images, or no predictions
    lead: tuple[float, float] | None = None  # the 95 % interval of the best's lead, over the repetitions

    def mean(self, metric: str) -> str:
        """The mean of a metric over the runs: accuracies with three decimals, rmse with four digits."""
        return f"{self.configuration.mean(metric):{'.4g' if is_error(metric) else '.3f'}}"

    @property
    def tied(self) -> bool | None:
        """Whether it cannot be told from the best; None if there was nothing to test it by.

        It is told apart if the paired test of the two middle runs and the repetitions both say so, as far
        as there are these: one is about other images, the other about other seeds and folds.
        """
        known = [] if self.test is None else [self.test.differ]
        if self.lead is not None:
            known.append(not self.lead[0] <= 0.0 <= self.lead[1])
        return not all(known) if known else None


def compare_with_best(
    configurations: Sequence[Configuration[R]], predictions: Mapping[str, Predictions]
) -> list[Compared[R]]:
    """Test each configuration against the first; ``predictions`` are by the id of the middle run.

    Nets of different test images are not compared, nor errors that are no better than a constant answer's.
    """
    if not configurations:
        return []
    first, *others = configurations
    same_data = [
        c for c in others if _data(c) == _data(first) and (beats_constant(c) or not is_error(c.select_by))
    ]
    best, nets = (
        predictions.get(first.middle.id),
        {c.middle.id: predictions.get(c.middle.id) for c in same_data},
    )
    pairs = {id: (best, net) for id, net in nets.items() if best and net and np.array_equal(best.y, net.y)}
    test_of = dict(zip(pairs, paired_tests(list(pairs.values())), strict=True))
    lead_of = {c.middle.id: _lead(first, c) for c in same_data}
    return [
        Compared(first, best),
        *(
            Compared(c, predictions.get(id), test_of.get(id), lead_of.get(id))
            for c, id in ((c, c.middle.id) for c in others)
        ),
    ]


def beats_constant(configuration: Configuration[R]) -> bool:
    """Is its mean better than always giving the same answer? True of old records, which do not say."""
    metric, runs = configuration.select_by, configuration.runs
    constants = [counted("diverged", run.metrics).get(metric) for run in runs]
    known = [value for value in constants if value is not None]
    mean = sort_key(metric, configuration.mean(metric))
    return not known or mean < sort_key(metric, statistics.fmean(known))


def _data(configuration: Configuration[R]) -> list[Any]:
    """What names the data that it was trained and tested on."""
    return [configuration.runs[0].params.get(key) for key in ("data.name", *FILES)]


def _lead(best: Configuration[R], other: Configuration[R]) -> tuple[float, float] | None:
    """The interval of the mean lead over the seeds and folds that both have, if these are several."""
    metric = best.select_by
    ours, theirs = (
        {tuple(run.params.get(key) for key in NUISANCE): run.counted.get(metric) for run in c.runs}
        for c in (best, other)
    )
    leads = [
        sort_key(metric, its) - sort_key(metric, mine)
        for key, mine in ours.items()
        if mine is not None and (its := theirs.get(key)) is not None
    ]
    return significance.mean_interval(leads) if len(leads) > 1 else None
