"""Successive halving: of the trials of a rung the best share goes on to the next one."""

from collections.abc import Mapping, Sequence


def promoted(scores: Mapping[int, float], size: int, eta: int, maximize: bool) -> list[int]:
    """The numbers of the ``size // eta`` best trials of a rung, at least one, by score and then number.

    Trials that failed have no score and are not promoted (Jamieson & Talwalkar 2016, with eta for 2).
    """
    order = sorted(scores, key=lambda number: (-scores[number] if maximize else scores[number], number))
    return sorted(order[: max(1, size // eta)])


def percent(rungs: Sequence[int], sizes: Sequence[int]) -> int:
    """The steps that the rungs took, in percent of those of all trials to the end."""
    steps_taken = rungs[0] * sizes[0]
    for below, steps, size in zip(rungs, rungs[1:], sizes[1:], strict=False):
        steps_taken += (steps - below) * size  # a rung goes on from the one below
    return round(100 * steps_taken / (rungs[-1] * max(1, sizes[0])))


def taken(rungs: Sequence[int], sizes: Sequence[int]) -> str:
    """What the rungs took, in a line."""
    each = ", ".join(f"{size} of {steps} steps" for steps, size in zip(rungs, sizes, strict=False))
    return f"rungs: {each}; {percent(rungs, sizes)} % of the steps of all to the end"
