"""The configuration: its schema and ranges, its composition, and where files stand."""

from nnlab.config.canonical import canonical, held_out_by
from nnlab.config.constraints import check, reject_hidden_conflict
from nnlab.config.layers import hidden_sizes
from nnlab.config.paths import CONF, EXPERIMENTS, ROOT, home, named_data
from nnlab.config.run_name import run_name
from nnlab.config.schema import (
    DEFAULTS,
    KEYS,
    TRAINING,
    Config,
    DataConfig,
    InitConfig,
    ModelConfig,
    OptimizerConfig,
    TrainerConfig,
    flatten,
    from_dict,
    training_dict,
    unknown_key,
)

__all__ = [
    "CONF",
    "DEFAULTS",
    "EXPERIMENTS",
    "KEYS",
    "ROOT",
    "TRAINING",
    "Config",
    "DataConfig",
    "InitConfig",
    "ModelConfig",
    "OptimizerConfig",
    "TrainerConfig",
    "canonical",
    "check",
    "compose",
    "flatten",
    "from_dict",
    "held_out_by",
    "hidden_sizes",
    "home",
    "named_data",
    "overrides",
    "reject_hidden_conflict",
    "run_name",
    "training_dict",
    "unknown_key",
]
