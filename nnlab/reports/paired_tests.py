"""McNemar's test of pairs of nets, with p values that are adjusted for the number of pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nnlab.cells.ranking import Configuration, is_error
from nnlab.reports import significance
from nnlab.reports.predictions import Predictions
from nnlab.tracking import Run


@dataclass(frozen=True)
class PairedTest:
    """What the test says of two nets on the same test images."""

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
class Compared:
    """One of the best configurations, its middle run's predictions, and the test against the best."""

    configuration: Configuration[Run]
    predictions: Predictions | None  # None: a regression, whose outputs are not right or wrong
    test: PairedTest | None  # None: this is the best itself, or it predicted other test images

    def mean(self, metric: str) -> str:
        """The mean of a metric over the runs: accuracies with three decimals, rmse with four digits."""
        return f"{self.configuration.mean(metric):{'.4g' if is_error(metric) else '.3f'}}"

    @property
    def tied(self) -> bool:
        """Whether it was tested and cannot be told from the best."""
        return self.test is not None and not self.test.differ


def compare_with_best(
    configurations: Sequence[Configuration[Run]], predictions: Mapping[str, Predictions]
) -> list[Compared]:
    """Test each configuration against the first; ``predictions`` are by the id of the middle run."""
    if not predictions:
        return [Compared(configuration, None, None) for configuration in configurations]
    best = configurations[0].middle
    digest = best.tags.get("nnlab.data_digest")
    others = [c.middle for c in configurations[1:]]
    tested = [run.id for run in others if run.tags.get("nnlab.data_digest") == digest]
    tests = paired_tests([(predictions[best.id], predictions[run_id]) for run_id in tested])
    test_of = dict(zip(tested, tests, strict=True))
    return [Compared(c, predictions[c.middle.id], test_of.get(c.middle.id)) for c in configurations]
