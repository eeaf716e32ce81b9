"""Compositions: from texts of swept keys to checked, resolved cells.

Hydra would compose every cell anew, 130 ms each. Here one composition serves all cells: swept values are
set on it, and only swept groups (model=logistic,deep) are composed again.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from nnlab.cells import Cell, dataset, resolve
from nnlab.config import FILES, Config, DataConfig, check, copied, flatten, reject_hidden_conflict
from nnlab.config.compose import composed, convert, without_hydra
from nnlab.config.overrides import is_group, option_folders, parsed
from nnlab.data import Dataset
from nnlab.errors import UserError


@dataclass
class Grid:
    """Swept keys with their values as override texts, and the overrides that all cells share.

    ``params`` is the grid of the experiment that all cells share, as it was composed.
    """

    shared: list[str]
    swept: dict[str, list[str]]
    params: dict[str, str]


class OtherGrid(UserError):
    """A swept option of a group brings a grid of its own."""


class Compositions:
    """The cells of a grid's overrides, one composition for each choice of its groups."""

    def __init__(self, grid: Grid) -> None:
        self._grid, folders = grid, option_folders(grid.shared)
        self._groups = {key for key in grid.swept if is_group(parsed(f"{key}=x").key_or_group, folders)}
        self._composed: dict[tuple[str, ...], DictConfig] = {}  # by the choices of groups
        self._bases: dict[tuple[str, ...], _Base] = {}  # by these choices and the other keys that are given
        self._data: tuple[DataConfig, Dataset] | None = None  # of the last cell

    def config(self, values: Mapping[str, str]) -> Config:
        """The config with these texts of swept keys, unchecked."""
        choices = tuple(f"{key}={value}" for key, value in values.items() if key in self._groups)
        plain = {key: value for key, value in values.items() if key not in self._groups}
        given = (*choices, *plain)
        if given not in self._bases:
            self._bases[given] = _Base(self._compose(choices), plain)
        return self._bases[given].config(plain)

    def _compose(self, choices: tuple[str, ...]) -> DictConfig:
        """What Hydra makes of these choices, once."""
        if choices not in self._composed:
            config = composed([*self._grid.shared, *choices])
            if own_grid(config) != self._grid.params:
                raise OtherGrid(f"{', '.join(choices)}: brings a grid of its own")
            self._composed[choices] = without_hydra(config)
        return self._composed[choices]

    def cells(self, values: Mapping[str, str]) -> list[Cell]:
        """The cell of these texts, or one for each fold if no fold is chosen; UserError if one is wrong."""
        cfg = self.config(values)
        check(cfg)
        reject_hidden_conflict(cfg, [*self._grid.shared, *self._grid.swept])
        return [resolve(each, self._dataset(each)) for each in _each_fold(cfg)]

    def _dataset(self, cfg: Config) -> Dataset:
        """The data of a config: mostly those of the cell before, so the files are not looked at again."""
        if self._data is None or self._data[0] != cfg.data:
            self._data = cfg.data, dataset(cfg)
        return self._data[1]


def own_grid(config: DictConfig) -> dict[str, str]:
    """The grid of an experiment or another option of a group; it is in the place of Hydra's sweeper's."""
    return as_texts(config.hydra.sweeper.params)


def as_texts(grid: DictConfig | None) -> dict[str, str]:
    """A grid as override texts by key."""
    values = {} if grid is None else OmegaConf.to_container(grid)
    assert isinstance(values, dict)
    return {str(key): str(value) for key, value in values.items()}


def _each_fold(cfg: Config) -> list[Config]:
    """The config, or one config for each fold if no fold was chosen."""
    if cfg.data.folds is None or cfg.data.fold is not None:
        return [cfg]
    each = [copied(cfg) for _ in range(cfg.data.folds)]
    for fold, one in enumerate(each):
        one.data.fold = fold
    return each


class _Base:
    """One composition that gives many configs: each swept value is converted by OmegaConf once."""

    def __init__(self, composed: DictConfig, first: dict[str, str]) -> None:
        """``first`` has a value for each swept key, because the composition may not have these keys."""
        self._composed, self._first = composed, first
        self._start = convert(_assign(composed, first))
        self._typed = OmegaConf.structured(self._start)
        self._values: dict[tuple[str, str], Any] = {}
        texts = flatten(cast(dict[str, Any], OmegaConf.to_container(composed, resolve=False))).values()
        self._linked = any(_refers(str(text)) for text in texts)

    def config(self, swept: dict[str, str]) -> Config:
        """The config with these override texts. With references, it is converted as a whole."""
        if self._linked or any(map(_refers, swept.values())):
            return convert(_assign(self._composed, swept))
        cfg = copied(self._start)
        for key, text in swept.items():
            *path, name = key.lstrip("+").split(".")
            setattr(reduce(getattr, path, cfg), name, self._value(key, text))
        return cfg

    def _value(self, key: str, text: str) -> Any:
        if (key, text) not in self._values:
            self._values[key, text] = self._convert(key.lstrip("+"), text)
        return deepcopy(self._values[key, text])

    def _convert(self, path: str, text: str) -> Any:
        """Convert a text to the schema's type; a path or a reference needs the whole config for this."""
        if path in FILES or "${" in text:
            cfg = convert(_assign(self._composed, self._first | {path: text}))
            return reduce(getattr, path.split("."), cfg)
        OmegaConf.update(self._typed, path, parsed(f"{path}={text}").value(), merge=True)
        value = OmegaConf.select(self._typed, path)
        return OmegaConf.to_object(value) if OmegaConf.is_config(value) else value


def _refers(text: str) -> bool:
    """Does a value refer to another key? ``${nnlab_data:x}`` does not, ``${nnlab_data:${seed}}`` does."""
    plain = text.replace("\\{", "{")  # Hydra escapes the braces of a swept text
    return plain.count("${") > plain.count("${nnlab_")


def _assign(base: DictConfig, texts: dict[str, str]) -> DictConfig:
    """A copy of a composed config with plain values set."""
    cfg = base.copy()
    for override in (parsed(f"{key}={text}") for key, text in texts.items()):
        OmegaConf.update(cfg, override.key_or_group, override.value(), merge=True)
    return cfg
