"""The data that an experiment draws itself, by the ``data.py`` in its folder."""

import importlib.util
from pathlib import Path
from types import ModuleType

from nnlab.config import EXPERIMENTS, home


def draw_data(name: str | None) -> None:
    """Have an experiment draw its data into NNLAB_HOME/data/NAME, if it has a ``data.py``."""
    if name is not None and (EXPERIMENTS / name / "data.py").is_file():
        folder = home() / "data" / name
        folder.mkdir(parents=True, exist_ok=True)
        load_code(EXPERIMENTS / name, "data").draw(folder)


def load_code(folder: Path, name: str) -> ModuleType:
    """The module NAME.py of an experiment's folder."""
    path = folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"experiments.{folder.name}.{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
