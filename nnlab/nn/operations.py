"""A pass over a net as a list of operations: single NumPy calls, bound to their arrays once, then only run.

So a step of training does nothing but arithmetic, whatever the depth, the activation and the loss. Numbers
are bound as arrays too, since NumPy may take a number among the operands one element at a time.
"""

from collections.abc import Callable, Iterable

Operation = Callable[[], object]


def run(operations: Iterable[Operation]) -> None:
    """One after the other."""
    for operate in operations:
        operate()
