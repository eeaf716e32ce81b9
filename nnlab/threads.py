"""Threads: how many of them BLAS takes, here and for as long as it is said."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def limited(threads: int) -> AbstractContextManager[object]:
    """Within this block, BLAS takes so many threads."""
    limit: AbstractContextManager[object] = _libraries().limit(limits=threads)
    return limit


@cache
def _libraries() -> ThreadpoolController:
    """Those that NumPy came with; to look for them takes longer than to set them."""
    return ThreadpoolController()
