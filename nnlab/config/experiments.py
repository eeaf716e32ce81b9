"""The config group ``experiment``: what each folder of experiments/ changes of the defaults."""

from functools import cache
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from nnlab.config import own_store
from nnlab.errors import UserError


@cache
def register_experiments(folder: Path) -> None:
    """Make each ``NAME/sweep.yaml`` of a folder the option NAME of the group ``experiment``.

    Other YAML files beside it are options of the group ``experiment/NAME``: values that go together.
    """
    for path in sorted(folder.glob("*/*.yaml")):
        name = path.parent.name
        group, option = ("experiment", name) if path.stem == "sweep" else (f"experiment/{name}", path.stem)
        try:
            node = OmegaConf.load(path)
        except (YAMLError, OmegaConfBaseException) as error:
            raise UserError(f"{path}: not readable YAML ({' '.join(str(error).split())})") from None
        own_store.add(option, node, group, "_global_")
