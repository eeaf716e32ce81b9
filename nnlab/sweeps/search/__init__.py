"""Searches: plans that grow, each batch of cells chosen by what is known of those before."""

from nnlab.sweeps.search.choose import Search, search_of

__all__ = ["Search", "search_of"]
