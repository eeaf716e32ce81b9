"""The Pareto front of trials with several objectives."""

from nnlab.cells.front import as_text, front


def test_what_nothing_beats_stays() -> None:
    """Accuracy, of which more is better, and size: (0.9, 10) beats (0.8, 10) and (0.9, 20)."""
    values = [(0.8, 10.0), (0.9, 10.0), (0.9, 20.0), (0.5, 2.0), (0.95, 30.0), (0.4, 3.0)]
    assert front(values, [True, False]) == [4, 1, 3]
    assert front(values, [False, False]) == [5, 3]
    assert front([(0.5, 1.0), (0.5, 1.0)], [True, False]) == [0, 1], "equal ones beat each other nowhere"
    assert front([(0.5,), (0.7,), (0.7,)], [True]) == [1, 2]


def test_counts_are_whole_numbers() -> None:
    assert [as_text(value) for value in (196929.0, 0.7766666, 1.0, 12.5)] == [
        "196929",
        "0.7767",
        "1",
        "12.5",
    ]
