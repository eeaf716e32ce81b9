"""Cores and threads: how many there are, and how many threads BLAS takes for as long as it is said."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def limited(threads: int) -> AbstractContextManager[object]:
    """Within this block, BLAS takes so many threads."""
    limit: AbstractContextManager[object] = _libraries().limit(limits=threads)
    return limit


def cores() -> int:
    """How many cells can train at once, one on each core that this process may use."""
    from joblib import cpu_count  # not for every command

    return int(cpu_count())


@cache
def _libraries() -> ThreadpoolController:
    """Those that NumPy came with; to look for them takes longer than to set them."""
    return ThreadpoolController()
