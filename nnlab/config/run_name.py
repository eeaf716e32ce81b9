"""The short name of a run: its configuration, led by what varies in its sweep or was asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnlab.config.canonical import canonical
from nnlab.config.data_files import FILES
from nnlab.config.schema import Config, flatten, training_dict
from nnlab.nn import ACTIVATIONS, OPTIMIZERS

# how a value is shown where the value alone would not say what it is; "" where it would
PREFIX = {
    "init.scheme": "",
    "optimizer.name": "",
    "optimizer.lr": "lr",
    "optimizer.batch_size": "b",
    "trainer.iterations": "it",
    "trainer.solver": "",
    "trainer.dtype": "",
    "model.output": "",
    "model.loss": "",
    "data.name": "",
    "data.train": "",
    "data.file": "",
    "data.validation": "v",
}
SHORT = {"leaky_relu": "leaky", "sigmoid": "sigm"}
SHOWN = 18  # letters of a run name that the UI shows
LONGEST = 250  # letters that a database keeps of it
MODEL = ("model.depth", "model.width", "model.hidden")
GROUPS = {  # a swept group, and the keys that tell its options apart
    "data": ("data.name",),
    "model": MODEL,
    "init": ("init.scheme",),
    "optimizer": ("optimizer.name",),
    "trainer": ("trainer.iterations",),
}


def run_name(cfg: Config, keys: Sequence[str] = ()) -> str:
    """A short name: `relu 4x20 s0.1 #3`, `lr0.1 relu 4x20 s1`; float32 and a fold are always labelled.

    ``keys`` are what varies in its sweep, or what was asked for of a single run. Where the name is longer
    than lists show, they lead: `lr0.01 #3 relu 4x20 s1`.
    """
    values = flatten(training_dict(cfg))
    varied = {*keys, *(told for key in keys for told in GROUPS.get(key, ()))}
    shape: list[tuple[tuple[str, ...], str]] = [(MODEL, _shape(cfg))]
    if cfg.model.depth > 1:
        shape.insert(0, (("model.activation",), SHORT.get(cfg.model.activation, cfg.model.activation)))
    core = [*shape, (("init.scale",), f"s{cfg.init.scale:g}")]
    if cfg.data.folds is not None:
        core.append((("data.folds", "data.fold"), f"f{cfg.data.fold}/{cfg.data.folds}"))
    named = {key for keys_, _ in core for key in keys_} | {"seed", "model.activation"}
    used = {*canonical(cfg), *(key for key in values if key.startswith("data."))}
    extras = [key for key in values if key in (varied - named) & used or values[key] == "float32"]
    parts = [*(((key,), _short(key, values[key])) for key in extras), *core]
    parts.append((("seed",), f"#{cfg.seed}"))
    name = " ".join(text for _, text in parts)
    if len(name) > SHOWN:
        parts.sort(key=lambda part: not varied & {*part[0]})
        name = " ".join(text for _, text in parts)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def asked_for(cfg: Config, usual: Config) -> list[str]:
    """The keys that make a single configuration another one than the ``usual``, for its name.

    What follows from other keys is not among them: the solver, and the rate and options that an optimizer
    or activation brings with it. Nor is the data set, which would take most of a short name.
    """
    optimizer, activation = OPTIMIZERS[cfg.optimizer.name], ACTIVATIONS[cfg.model.activation]
    brought = {"optimizer.lr": optimizer.lr, "trainer.solver": cfg.trainer.solver}
    brought |= {f"optimizer.{name}": option.default for name, option in optimizer.options.items()}
    brought |= {f"model.{name}": option.default for name, option in activation.options.items()}
    mine, known = canonical(cfg), canonical(usual) | brought
    return [key for key in mine if mine[key] != known.get(key)]


def _shape(cfg: Config) -> str:
    model = cfg.model
    if model.depth == 1:
        return "logistic"
    if model.width is not None:
        return f"{model.depth}x{model.width}"
    return "-".join(map(str, model.hidden or ()))


def _short(key: str, value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if key in FILES and value is not None:
        text = Path(text).stem
    return PREFIX.get(key, key.rpartition(".")[2] + "=") + text
