"""Hydra composes the same options once: for other values it makes no difference."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.errors import HydraException
from omegaconf import DictConfig

from nnlab.config import compose as composition
from nnlab.config import overrides as override_texts
from nnlab.config.compose import compose, composed, composed_by_hydra, typed
from nnlab.config.paths import CONF
from nnlab.errors import UserError


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["seed=1", "seed=2"],
        ["model.hidden=[3,4]", "model=deep", "optimizer=adam", "optimizer.lr=0.1", "optimizer.beta1=0.5"],
        ["model.width=${model.depth}", "model.depth=4"],
        ["optimizer.batch_size=null", "trainer.threads=null", "data.memory_mb='300'"],
        ["seed=x"],
        ["model.width=[1,2]"],
        ["optimizer=gd", "~optimizer.lr"],
        ["+model.width=3"],
    ],
    ids=" ".join,
)
def test_options_composed_before_make_no_difference(overrides: list[str], home: Path) -> None:
    def outcome(make: Callable[[list[str]], DictConfig]) -> object:
        try:
            config = make(overrides)
            return typed(config), [*config.hydra.overrides.task], config.hydra.runtime.choices
        except (HydraException, UserError) as error:
            return type(error), str(error)

    composed([text for text in overrides if text in ("model=deep", "optimizer=adam", "optimizer=gd")])
    assert outcome(composed) == outcome(composed_by_hydra)


@pytest.mark.slow
def test_a_changed_option_is_composed_anew(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = shutil.copytree(CONF, tmp_path / "conf")
    for module in (composition, override_texts):
        monkeypatch.setattr(module, "CONF", conf)
    width = compose(["model=deep"]).model.width
    file = conf / "model" / "deep.yaml"
    file.write_text(f"{file.read_text()}width: {width + 1}\n")
    assert compose(["model=deep"]).model.width == width + 1
