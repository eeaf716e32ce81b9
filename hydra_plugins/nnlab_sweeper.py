"""Hydra looks for plugins in this namespace package and nowhere else."""

from nnlab.sweep import GridSweeper


class NnlabSweeper(GridSweeper):
    """`hydra/sweeper=nnlab`: see ``nnlab.sweep``."""
