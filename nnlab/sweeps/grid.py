"""The grid: from override texts to the cells of a sweep.

Hydra would compose every cell twice, 130 ms each. Here one composition serves all cells: swept
values are set on it, and only swept groups (model=logistic,deep) are composed again.
"""

import itertools
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from math import prod
from pathlib import Path
from typing import Any, cast

from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig, OmegaConf

from nnlab.cells import Cell, resolve
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.config import Config, check, flatten, reject_hidden_conflict
from nnlab.config.compose import composed, convert, without_hydra
from nnlab.config.overrides import check_key, is_group, option_folders, options, parsed
from nnlab.errors import UserError

LARGEST = 100_000  # cells of a sweep


@dataclass
class Grid:
    """Swept keys with their values as override texts, and the overrides that all cells share."""

    shared: list[str]
    swept: dict[str, list[str]]


def single(overrides: Sequence[str]) -> list[str]:
    """The overrides that give one value, which all cells share."""
    return [text for text in overrides if not parsed(text).is_sweep_override()]


def read_grid(overrides: Sequence[str], params: dict[str, str], default: dict[str, str]) -> Grid:
    """Sort overrides into shared and swept ones.

    ``params`` is the grid of an experiment. An override replaces the values of its key. The ``default``
    grid is used only if neither ``params`` nor the overrides sweep a key; overrides replace its values too.
    """
    given = [parsed(text) for text in overrides]
    grid = params or ({} if any(o.is_sweep_override() for o in given) else default)
    named = {o.key_or_group for o in given}
    extra = [parsed(f"{key}={values}") for key, values in grid.items() if key not in named]
    folders = option_folders(overrides)
    shared, swept = [], {}
    for override in [*extra, *given]:
        if override.is_sweep_override():
            swept[override.get_key_element()] = _texts(override, folders)
        elif override.input_line is not None:
            swept.pop(override.get_key_element(), None)  # the last override of a key wins
            shared.append(override.input_line)
    if (size := prod(map(len, swept.values()))) > LARGEST:
        raise UserError(
            f"{', '.join(swept)}: {size} cells are more than {LARGEST}; sweep over fewer values"
        )
    return Grid(shared, swept)


def _texts(override: Override, folders: Sequence[Path]) -> list[str]:
    """The values of a swept key."""
    key = override.key_or_group
    check_key(override, folders)
    if key.startswith(("tracking.", "sweep.", "hydra.", "hydra/")):
        raise UserError(f"{key}: holds for the whole sweep; give one value")
    if not override.is_discrete_sweep():
        raise UserError(
            f"{key}: an interval has no finite list of values; give choices such as 0.1,1,10 or range(1,5)"
        )
    pattern = override.value()
    texts = (
        pattern.filter(options(key, folders))
        if isinstance(pattern, Glob)
        else list(override.sweep_string_iterator())
    )
    if not texts:
        raise UserError(f"{key}: there is no value to sweep over; give choices such as 1,2 or range(1,5)")
    return texts


def plan_cells(grid: Grid) -> Plan:
    """Compose every combination of the grid into a checked, resolved cell."""
    folders = option_folders(grid.shared)
    groups = {key for key in grid.swept if is_group(parsed(f"{key}=x").key_or_group, folders)}
    keys = [key.lstrip("+") for key in grid.swept]
    bases: dict[tuple[str, ...], _Base] = {}
    cells: list[Cell] = []
    for values in itertools.product(*grid.swept.values()):
        pairs = list(zip(grid.swept, values, strict=True))
        choices = tuple(f"{key}={value}" for key, value in pairs if key in groups)
        plain = {key: value for key, value in pairs if key not in groups}
        if choices not in bases:
            bases[choices] = _Base(without_hydra(composed([*grid.shared, *choices])), plain)
        cfg = bases[choices].config(plain)
        check(cfg)
        reject_hidden_conflict(cfg, [*grid.shared, *grid.swept])
        cells += map(resolve, _each_fold(cfg))
    folds = {cell.config.data.fold for cell in cells}
    return plans.make("sweep", cells, list(dict.fromkeys([*keys, *["data.fold"] * (len(folds) > 1)])))


def _each_fold(cfg: Config) -> list[Config]:
    """The config, or one config for each fold if no fold was chosen."""
    if cfg.data.folds is None or cfg.data.fold is not None:
        return [cfg]
    each = [deepcopy(cfg) for _ in range(cfg.data.folds)]
    for fold, one in enumerate(each):
        one.data.fold = fold
    return each


PATHS = ("data.train", "data.test")  # made absolute


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
        cfg = deepcopy(self._start)
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
        if path in PATHS or "${" in text:
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
