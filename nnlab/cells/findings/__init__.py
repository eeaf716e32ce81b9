"""What the results of a sweep say: sentences, and the statistics beneath them."""

from nnlab.cells.findings.best import best_sentence
from nnlab.cells.findings.headline import headline
from nnlab.cells.findings.importance import INTERACTIONS, NOISE, Importance, importance, spoken
from nnlab.cells.findings.paired_tests import (
    COMPARED,
    Compared,
    PairedTest,
    beats_constant,
    compare_with_best,
    paired_tests,
)
from nnlab.cells.findings.predictions import Predictions
from nnlab.cells.findings.variation import Column, columns, is_number, ordered, shown, varied_keys

__all__ = [
    "COMPARED",
    "INTERACTIONS",
    "NOISE",
    "Column",
    "Compared",
    "Importance",
    "PairedTest",
    "Predictions",
    "beats_constant",
    "best_sentence",
    "columns",
    "compare_with_best",
    "headline",
    "importance",
    "is_number",
    "ordered",
    "paired_tests",
    "shown",
    "significance",
    "spoken",
    "varied_keys",
]
