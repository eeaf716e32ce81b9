"""A tape keeps the NumPy calls of a formula, so that a training loop can repeat them without the formula.

Every formula of this package takes ``xp`` and names with ``out`` the array that a result goes to:

    xp.multiply(A, A, out=out)

With ``xp = numpy`` the call runs at once. With ``xp = Tape()`` it is kept, bound to its arrays, and runs
when the tape is played: the same calls on the same arrays in the same order, so the same bits.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnlab.nn.arrays import Array

Xp = Any  # numpy, or a Tape in its place
Call = Callable[[], object]

ONE_BY_ONE = ("maximum", "minimum")  # they take a single number one element at a time, an array in vectors


class Entry(NamedTuple):
    """One kept call: a NumPy function, its operands, the array it writes to, its options."""

    name: str
    function: Callable[..., Any]
    operands: tuple[Array, ...]
    out: Array
    options: dict[str, Any]

    def bound(self) -> Call:
        """The call, ready to run: each in the form that NumPy starts fastest."""
        name, function, operands, out, options = self
        if name == "dot":
            return partial(operands[0].dot, operands[1], out)
        if name == "copyto":
            return partial(out.__setitem__, ..., operands[0])
        if name in ONE_BY_ONE:
            a, b = operands
            return lambda: function(a, b, out=out)  # these take ``out`` by name alone
        if not options and isinstance(function, np.ufunc):
            return partial(function, *operands, out)
        if name == "sum":
            return partial(np.add.reduce, *operands, out=out, **{"axis": None} | options)
        return partial(function, *operands, out=out, **options)

    def uses(self, array: Array) -> bool:
        """Does the call read or write this array? ValueError for a part of it, which cannot be replaced."""
        arrays = (*self.operands, self.out)
        if any(x is not array and np.may_share_memory(x, array) for x in arrays):
            raise ValueError(f"{self.name} uses a part of an array that differs from run to run")
        return any(x is array for x in arrays)

    def replaced(self, old: Array, new: Array) -> "Entry":
        """The same call with one array in the place of another."""
        operands = tuple([new if x is old else x for x in self.operands])
        out = new if self.out is old else self.out
        return Entry(self.name, self.function, operands, out, self.options)


class Tape:
    """Takes the place of NumPy in a formula and keeps its calls."""

    def __init__(self) -> None:
        self._entries: list[Entry | Call] = []

    def __getattr__(self, name: str) -> Callable[..., Array]:
        """A NumPy function that keeps its call; TypeError if the call does not say ``out``."""
        function = getattr(np, name, None)
        if not callable(function):
            raise AttributeError(f"numpy has no function {name}")

        def keep(*operands: Any, out: Array | None = None, **options: Any) -> Array:
            if out is None:
                raise TypeError(f"{name}: a call on a tape must say which array it writes to (out=)")
            self._entries.append(Entry(name, function, _arrays(name, operands, out), out, options))
            return out

        return keep

    def copyto(self, out: Array, values: Any) -> None:
        """Keep ``numpy.copyto``."""
        self._entries.append(Entry("copyto", np.copyto, _arrays("copyto", (values,), out), out, {}))

    def keep(self, call: Call) -> None:
        """Keep a call of any other kind."""
        self._entries.append(call)

    def calls(self) -> list[Call]:
        """The kept calls in their order."""
        return [e.bound() if isinstance(e, Entry) else e for e in self._entries]

    def runs(self, array: Array, places: Sequence[Array]) -> Iterator[list[Call]]:
        """The calls once for each of ``places``, each an array in the place of ``array``."""
        calls = self.calls()
        used = {i: e for i, e in enumerate(self._entries) if isinstance(e, Entry) and e.uses(array)}
        for place in places:
            run = calls.copy()
            for i, entry in used.items():
                run[i] = entry.replaced(array, place).bound()
            yield run


def _arrays(name: str, operands: tuple[Any, ...], out: Array) -> tuple[Array, ...]:
    """Numbers as arrays of the operands' type, which NumPy starts faster than numbers."""
    if all(isinstance(x, np.ndarray) for x in operands):
        return operands
    arrays = any(isinstance(x, np.ndarray) for x in operands)
    dtype = np.result_type(*operands) if arrays else out.dtype  # a mask times 0.1 is not a mask
    shape = out.shape if name in ONE_BY_ONE else ()
    return tuple(x if isinstance(x, np.ndarray) else np.full(shape, x, dtype) for x in operands)


def do(xp: Xp, function: Callable[..., object], *operands: Any) -> None:
    """Call a function that is not NumPy's: at once, or whenever the tape is played."""
    if isinstance(xp, Tape):
        xp.keep(partial(function, *operands))
    else:
        function(*operands)
