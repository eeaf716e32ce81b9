"""What makes a cell this cell and no other: its configuration without what does not matter."""

from collections.abc import Mapping
from typing import Any

from nnlab.config.compose import Config, flatten, training_dict
from nnlab.config.layers import hidden_sizes


def held_out_by(flat: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a flattened configuration that say which training examples it holds out, if any."""
    if flat.get("data.folds") is not None:
        return "data.folds", "data.fold"
    return ("data.validation",) if flat.get("data.validation") else ()


def canonical(cfg: Config) -> dict[str, Any]:
    """The configuration of a cell with all that does not matter to its numbers left out.

    Configs that describe the same training have the same canonical form: depth 1 whatever its
    width, ``gd`` whatever its momentum. Data stand for themselves by their digest, of their keys only
    those count that hold examples out, where they do.
    """
    hidden = hidden_sizes(cfg.model)
    flat = flatten(training_dict(cfg))
    kept = {key: flat[key] for key in flat if not key.startswith("data.")}
    kept |= {key: flat[key] for key in held_out_by(flat)}
    unused = {"model.depth", "model.width"}
    if not hidden or cfg.model.activation != "leaky_relu":
        unused.add("model.leak")
    if not hidden:
        unused.add("model.activation")
    if cfg.init.scheme == "zeros":
        unused.add("init.scale")
    needs = {"gd": (), "momentum": ("momentum",), "adam": ("beta1", "beta2", "epsilon")}
    for option in {"momentum", "beta1", "beta2", "epsilon"} - set(needs[cfg.optimizer.name]):
        unused.add(f"optimizer.{option}")
    return {key: kept[key] for key in sorted(kept.keys() - unused)} | {"model.hidden": hidden}
