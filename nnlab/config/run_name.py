"""The short name of a run, made from its configuration and from what varies in its sweep."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnlab.config.schema import Config, flatten, training_dict

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
    "data.validation": "v",
}
SHOWN = 18  # letters of a run name that the UI shows
LONGEST = 250  # letters that a database keeps of it
MODEL = ("model.depth", "model.width", "model.hidden")
GROUPS = {  # a swept group, and the keys that tell its options apart
    "data": ("data.name",),
    "model": MODEL,
    "init": ("init.scheme",),
    "optimizer": ("optimizer.name",),
}


def run_name(cfg: Config, keys: Sequence[str] = ()) -> str:
    """A short name: `relu 4x20 s0.1 #3`, `lr0.1 relu 4x20 s1`; float32 and a fold are always labelled.

    Where it is longer than lists show, what varies leads: `lr0.01 #3 relu 4x20 s1`.
    """
    values = flatten(training_dict(cfg))
    varied = {*keys, *(told for key in keys for told in GROUPS.get(key, ()))}
    shape: list[tuple[tuple[str, ...], str]] = [(MODEL, _shape(cfg))]
    if cfg.model.depth > 1:
        shape.insert(0, (("model.activation",), cfg.model.activation.removesuffix("_relu")))
    core = [*shape, (("init.scale",), f"s{cfg.init.scale:g}")]
    if cfg.data.folds is not None:
        core.append((("data.folds", "data.fold"), f"f{cfg.data.fold}/{cfg.data.folds}"))
    named = {key for keys_, _ in core for key in keys_} | {"seed", "model.activation"}
    extras = [key for key in values if key in varied - named or values[key] == "float32"]
    parts = [*(((key,), _short(key, values[key])) for key in extras), *core]
    parts.append((("seed",), f"#{cfg.seed}"))
    name = " ".join(text for _, text in parts)
    if len(name) > SHOWN:
        parts.sort(key=lambda part: not varied & {*part[0]})
        name = " ".join(text for _, text in parts)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def _shape(cfg: Config) -> str:
    model = cfg.model
    if model.depth == 1:
        return "logistic"
    if model.width is not None:
        return f"{model.depth}x{model.width}"
    return "-".join(map(str, model.hidden or ()))


def _short(key: str, value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if key.startswith("data.t"):
        text = Path(text).stem
    return PREFIX.get(key, key.rpartition(".")[2] + "=") + text
