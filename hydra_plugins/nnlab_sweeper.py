"""Hydra looks for plugins in this namespace package and nowhere else."""

from nnlab.sweeps.command import GridSweeper


class NnlabSweeper(GridSweeper):
    """`hydra/sweeper=nnlab`: see ``nnlab.sweep``."""
