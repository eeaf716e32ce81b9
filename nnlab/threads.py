"""How many cores this process may use, and how many threads BLAS may start."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def limited(threads: int) -> AbstractContextManager[object]:
    """Within this block, BLAS computes with at most ``threads`` threads."""
    limit: AbstractContextManager[object] = _libraries().limit(limits=threads)
    return limit


def cores() -> int:
    """The number of cores that this process may use: as many cells can train at once."""
    from joblib import cpu_count  # takes time to load, and few commands need it

    return int(cpu_count())


@cache
def _libraries() -> ThreadpoolController:
    """The BLAS libraries that NumPy loaded. Finding them takes longer than setting their threads."""
    return ThreadpoolController()
