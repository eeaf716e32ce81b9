"""The Pareto front: what nothing else is better than in every objective."""

from collections.abc import Sequence

import numpy as np


def front(values: Sequence[Sequence[float]], maximize: Sequence[bool]) -> list[int]:
    """The places of those that none beats, by falling (or rising) value of the first objective.

    ``values`` (m, k) are k objectives each; ``maximize`` (k,) says of which more is better. One beats
    another if it is nowhere worse and somewhere better; of equal ones all stay.
    """
    gains = np.array([[v if up else -v for v, up in zip(one, maximize, strict=True)] for one in values])
    kept = [
        i
        for i, mine in enumerate(gains)
        if not ((gains >= mine).all(axis=1) & (gains > mine).any(axis=1)).any()
    ]
    return sorted(kept, key=lambda i: (*-gains[i], i))


def as_text(value: float) -> str:
    """A value of an objective: a count whole, other numbers with four digits."""
    return f"{value:.0f}" if value.is_integer() else f"{value:.4g}"
