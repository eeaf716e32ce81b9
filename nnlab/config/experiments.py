"""The config group ``experiment``: what each folder of experiments/ changes of the defaults."""

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from nnlab.config.paths import EXPERIMENTS
from nnlab.errors import UserError


def register() -> None:
    """Make each ``experiments/NAME/sweep.yaml`` the option NAME of the group ``experiment``.

    The folder's other YAML files are options of the group ``experiment/NAME``: values that go together.
    """
    store = ConfigStore.instance()
    for path in sorted(EXPERIMENTS.glob("*/*.yaml")):
        name = path.parent.name
        group, option = ("experiment", name) if path.stem == "sweep" else (f"experiment/{name}", path.stem)
        try:
            node = OmegaConf.load(path)
        except (YAMLError, OmegaConfBaseException) as error:
            raise UserError(f"{path}: not readable YAML ({' '.join(str(error).split())})") from None
        store.store(group=group, name=option, node=node, package="_global_", provider="nnlab")
