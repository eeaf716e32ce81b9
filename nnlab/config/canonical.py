"""The canonical form: what of a configuration changes the numbers of its training."""

from collections.abc import Iterable, Mapping
from typing import Any

from nnlab.config.layers import hidden_sizes
from nnlab.config.own_options import options_of
from nnlab.config.schema import Config, flatten, training_dict
from nnlab.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS


def held_out_by(flat: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a flattened configuration that say which training examples it holds out, if any."""
    if flat.get("data.folds") is not None:
        return "data.folds", "data.fold"
    return ("data.validation",) if flat.get("data.validation") else ()


def canonical(cfg: Config) -> dict[str, Any]:
    """The flattened configuration of a cell without the keys that cannot change its numbers.

    Two configurations of the same training have the same canonical form. At depth 1 the width does not
    count. An option, such as one of an optimizer, counts only if its owner is chosen. The data files are
    not in it, because a digest of their content is used too. Of the data keys, only those for held-out
    examples count.
    """
    hidden = hidden_sizes(cfg.model)
    flat = flatten(training_dict(cfg))
    kept = {key: flat[key] for key in flat if not key.startswith("data.")}
    kept |= {key: flat[key] for key in held_out_by(flat)}
    unused = {"model.depth", "model.width"}
    used = ACTIVATIONS[cfg.model.activation].options if hidden else ()
    unused |= _others("model", options_of(ACTIVATIONS), used)
    unused |= _others("optimizer", options_of(OPTIMIZERS), OPTIMIZERS[cfg.optimizer.name].options)
    if not hidden:
        unused.add("model.activation")
    if not INITIALIZERS[cfg.init.scheme].scaled:
        unused.add("init.scale")
    return {key: kept[key] for key in sorted(kept.keys() - unused)} | {"model.hidden": hidden}


def _others(section: str, options: Iterable[str], used: Iterable[str]) -> set[str]:
    """The keys of the options that are not used."""
    return {f"{section}.{name}" for name in set(options) - set(used)}
