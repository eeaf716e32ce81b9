"""What would settle a claim that its runs leave open: how many seeds, or a wider grid."""

from collections.abc import Mapping
from math import ceil, inf, isfinite, log
from typing import Any

from nnlab.experiments.comparison import POINT, SAME, Interval
from nnlab.experiments.race import Race

WIDER_GRID = "A best value lies at the edge of the grid{}: before more seeds it needs a wider grid."
POWER = 1.0 + 0.84 / 1.96  # 95% of the normal distribution lie within 1.96, 80% below 0.84


def seeds_for(value: Interval, seeds: int, none: float, same: float) -> float:
    """How many seeds bring an interval above ``none`` or below ``same`` in 80 of 100 tests.

    The middle is taken to stay, and the halves to shrink like 1 / sqrt(seeds). inf if it has no ends.
    """
    middle, low, high = value
    if not (isfinite(low) and isfinite(high)):
        return inf
    above = (middle - low) / (middle - none) if middle > none else inf
    below = (high - middle) / (same - middle) if middle < same else inf
    return seeds * (min(above, below) * POWER) ** 2


def settled_by(values: Mapping[str, Interval], seeds: int, none: float, same: float, what: str = "") -> str:
    """A sentence on those of these intervals, by name, that are open; '' if none is."""
    wanted = {
        name: seeds_for(value, seeds, none, same)
        for name, value in values.items()
        if value.low <= none and value.high >= same
    }
    if not wanted:
        return ""
    names, most = " and ".join(wanted), max(wanted.values())
    if not isfinite(most):
        return f"{seeds} seeds are too few for an interval, so this stays open: {names}."
    return (
        f"To settle this ({names}) with a chance of 80% takes about {ceil(most)} seeds instead of {seeds}"
        f"{what}, if the middle stays: {most / seeds:.0f} times the training of this test, while all "
        "claims together have 20 minutes."
    )


def gains_settled_by(gains: Mapping[str, Interval], seeds: int) -> str:
    """The sentence on differences of accuracies (``is_gain``)."""
    return settled_by(gains, seeds, 0.0, POINT, ", and as many times more pictures to judge on")


def races_settled_by(pairs: Mapping[str, tuple[Race, Any, Any]], level: float = 0.95) -> str:
    """The sentence on ratios of steps (``Race.is_slower``): name -> race, slow side, fast side."""
    if edges := _edges(pairs):
        return WIDER_GRID.format(f" ({edges})")
    ratios = {name: of.ratio(slow, fast, level) for name, (of, slow, fast) in pairs.items()}
    logs = {name: Interval(*map(_log, ratio)) for name, ratio in ratios.items()}
    return settled_by(logs, _seeds(pairs), 0.0, log(SAME))


def _log(value: float) -> float:
    return log(value) if 0.0 < value < inf else value if value > 0.0 else -inf


def _edges(pairs: Mapping[str, tuple[Race, Any, Any]]) -> str:
    """`scale of sigmoid, lr of tanh`; a side that is in several pairs is named once."""
    found: dict[str, None] = {}
    for name, (race, *sides) in pairs.items():
        for side in sides:
            for key in race.sides[side].at_edge:
                found[f"{key.rpartition('.')[2]} of {side}, {name}"] = None
    return "; ".join(found)


def _seeds(pairs: Mapping[str, tuple[Race, Any, Any]]) -> int:
    race, slow, _ = next(iter(pairs.values()))
    return len(race.sides[slow].values)
