"""Compare the arrays of two records of the same cell, and say what differs and why."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.cells.weights import DIGEST, Arrays, form, weights
from nnlab.errors import UserError
from nnlab.records import causes
from nnlab.records.record import ARRAYS, Record

SHOWN = 3  # arrays that differ, each with its place


@dataclass(frozen=True)
class Difference:
    """One array that came out differently."""

    name: str
    place: tuple[int, ...]  # of the first element that differs
    recorded: float
    now: float
    largest: float  # absolute difference

    def text(self) -> str:
        """`train/cost differs from step 17 on: ...`."""
        where = f"step {self.place[0]}" if self.name == "train/cost" else f"element {list(self.place)}"
        return (
            f"{self.name} differs from {where} on: recorded {self.recorded!r}, now {self.now!r}, "
            f"largest difference {self.largest:.3g}"
        )


def check_tolerance(tolerance: float) -> None:
    """UserError unless it is a finite number that is not negative; Python may give what is none."""
    if not (isinstance(tolerance, Real) and math.isfinite(tolerance) and tolerance >= 0.0):
        raise UserError("--tolerance: must be a finite number, not below 0; 0 is bit for bit")


def compare(recorded: Record, now: Record, tolerance: float) -> list[Difference]:
    """Every array of the two records that differs by more than ``tolerance`` (0: in any bit)."""
    found = []
    for file in ARRAYS:
        if file == "weights":
            theirs, ours = _weights(recorded, now)
        else:
            theirs, ours = recorded.arrays(file), now.arrays(file)
        for name in theirs:
            difference = _difference(name, theirs[name], ours.get(name, np.empty(0)), tolerance)
            if difference is not None:
                found.append(difference)
    return found


def _weights(recorded: Record, now: Record) -> tuple[Arrays, Arrays]:
    """The weights of both in the same form, and nothing if one of them keeps none."""
    forms = {form(recorded), form(now)}
    if "none" in forms:
        return {}, {}
    if len(forms) > 1:
        return weights(recorded), weights(now)
    theirs, ours = recorded.arrays("weights"), now.arrays("weights")
    return {name: array for name, array in theirs.items() if name != DIGEST}, ours


def verdict(recorded: Record, now: Record, tolerance: float) -> tuple[bool, str]:
    """Whether the two are the same, and the lines that say so."""
    differences = compare(recorded, now, tolerance)
    steps = len(recorded.arrays("history")["train/cost"])
    if not differences:
        how = "identical, bit for bit" if not tolerance else f"the same within {tolerance:g}"
        bare = "none" in (form(recorded), form(now))
        weighed = "no weights, which a record does not keep" if bare else "all weights"
        return True, f"{how}: {steps} costs, {weighed}, all test probabilities{_untracked(recorded)}"
    lines = ["not identical" if not tolerance else f"not the same within {tolerance:g}"]
    lines += [f"  {difference.text()}" for difference in differences[:SHOWN]]
    if len(differences) > SHOWN:
        lines.append(f"  and {len(differences) - SHOWN} arrays more")
    changed = causes(recorded, now)
    lines += [f"  {cause}" for cause in changed] or [
        "  nothing recorded about code, data or machine differs"
    ]
    return False, "\n".join(lines) + _untracked(recorded)


def _untracked(rec: Record) -> str:
    """A line about modules that took part in a record and that git did not know."""
    names = ", ".join(rec.untracked)
    return f"\n  made with code that git did not know: {names} (in its dirty.diff)" if names else ""


def _difference(
    name: str, recorded: NDArray[Any], now: NDArray[Any], tolerance: float
) -> Difference | None:
    if recorded.shape != now.shape:
        return _other_shape(name, recorded, now, tolerance)
    a, b = recorded.astype(np.float64), now.astype(np.float64)
    with np.errstate(invalid="ignore"):
        off = np.abs(a - b)
    unequal = ~((a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b)))
    wrong = unequal & ~(off <= tolerance) if tolerance else unequal
    if not wrong.any():
        return None
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Difference(
        name, place, float(a[place]), float(b[place]), float(np.nanmax(off[wrong], initial=0.0))
    )


def _other_shape(name: str, recorded: NDArray[Any], now: NDArray[Any], tolerance: float) -> Difference:
    """A history that ended at another step differs where the two differ first, at the latest at its end."""
    inner = None
    if recorded.ndim == now.ndim == 1:
        shared = slice(0, min(len(recorded), len(now)))
        inner = _difference(name, recorded[shared], now[shared], tolerance)
    end = (min(len(recorded), len(now)),)
    return inner or Difference(name, end, float(len(recorded)), float(len(now)), np.inf)
