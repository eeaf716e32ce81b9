"""The configuration: its schema and ranges, its composition, and where files stand."""

from nnlab.config.canonical import canonical, held_out_by
from nnlab.config.constraints import check, reject_hidden_conflict
from nnlab.config.copies import as_dict, copied
from nnlab.config.data_files import FILES, NAMED, data_files, named_files
from nnlab.config.explain import explain
from nnlab.config.groups import DATA_SETS
from nnlab.config.layers import hidden_sizes
from nnlab.config.nearest import choose_among
from nnlab.config.objectives import OBJECTIVES
from nnlab.config.paths import (
    CONF,
    EXPERIMENTS,
    INSTALLED,
    ROOT,
    absolute,
    given,
    home,
    named_data,
    verdict_folder,
)
from nnlab.config.quoted import quoted
from nnlab.config.run_name import asked_for, run_name
from nnlab.config.schema import (
    DEFAULTS,
    KEYS,
    SECTIONS,
    TRAINING,
    Config,
    DataConfig,
    EngineConfig,
    InitConfig,
    ModelConfig,
    OptimizerConfig,
    RecordsConfig,
    TrainerConfig,
    flatten,
    from_dict,
    training_dict,
    unknown_key,
)
from nnlab.config.search_keys import SearchConfig

__all__ = [
    "CONF",
    "DATA_SETS",
    "DEFAULTS",
    "EXPERIMENTS",
    "FILES",
    "INSTALLED",
    "KEYS",
    "NAMED",
    "OBJECTIVES",
    "ROOT",
    "SECTIONS",
    "TRAINING",
    "Config",
    "DataConfig",
    "EngineConfig",
    "InitConfig",
    "ModelConfig",
    "OptimizerConfig",
    "RecordsConfig",
    "SearchConfig",
    "TrainerConfig",
    "absolute",
    "as_dict",
    "asked_for",
    "canonical",
    "check",
    "choose_among",
    "compose",
    "copied",
    "data_files",
    "explain",
    "flatten",
    "from_dict",
    "given",
    "groups",
    "held_out_by",
    "hidden_sizes",
    "home",
    "named_data",
    "named_files",
    "overrides",
    "quoted",
    "reference",
    "reject_hidden_conflict",
    "run_name",
    "training_dict",
    "typed_overrides",
    "unknown_key",
    "verdict_folder",
]
