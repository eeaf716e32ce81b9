"""The hidden layers of a configuration. Code that trains uses it without the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnlab.config.schema import ModelConfig


def hidden_sizes(model: ModelConfig) -> list[int]:
    """Units of the hidden layers [n_1, ..., n_{L-1}]."""
    if model.hidden is not None:
        return list(model.hidden)
    return [model.width or 0] * (model.depth - 1)
