"""The configuration: keys, ranges, and which configurations are the same training."""

import dataclasses
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from harness import cell, living_in, small_set, write_h5
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nnlab.config import own_options, schema
from nnlab.config.canonical import canonical
from nnlab.config.compose import compose, typed
from nnlab.config.overrides import begin_with, option_folder
from nnlab.config.paths import CONF
from nnlab.config.paths import home as home_of_nnlab
from nnlab.config.schema import Config, flatten, from_dict, training_dict
from nnlab.errors import UserError
from nnlab.nn.initializers import INITIALIZERS
from nnlab.nn.optimizers import OPTIMIZERS
from nnlab.nn.options import fraction


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("config")
    with living_in(folder / "home"):
        yield small_set(folder)


@cache
def compose_once(overrides: tuple[str, ...]) -> Config:
    return compose(overrides)


def refusal(*overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        compose(list(overrides))
    message = str(caught.value)
    assert len(message.splitlines()) <= 2
    return message


# -- values ----------------------------------------------------------------------------------------


def test_the_values_of_the_contract(data: list[str]) -> None:
    cfg = compose([])
    assert cfg.data.name == "painted"
    assert (cfg.optimizer.name, cfg.optimizer.batch_size, cfg.trainer.iterations) == ("gd", None, 2500)
    assert (cfg.trainer.solver, cfg.trainer.dtype, cfg.trainer.threads) == ("auto", "float64", 1)
    assert (cfg.tracking.experiment, cfg.tracking.max_points) == ("nnlab", 250)
    assert (cfg.model.leak, cfg.model.hidden) == (0.01, None)
    assert compose(["model=deep"]).model.hidden == [20, 7, 5]
    assert compose(["model=two_layer"]).model.hidden == [7]
    assert compose(["model=logistic"]).model.hidden == []
    assert compose(["init.scale=1"]).init.scale == 1.0


def test_paths_become_absolute(data: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cfg = compose(["data=hdf5", "data.train=here.h5", "data.test=../there.h5"])
    assert cfg.data.train == str(tmp_path / "here.h5")
    assert Path(cfg.data.test).resolve() == tmp_path.parent / "there.h5"


def test_named_sets_are_looked_up_in_nnlab_data_then_in_home(tmp_path: Path) -> None:
    lib, home = tmp_path / "lib", tmp_path / "home"
    name = "catvnoncat/train_catvnoncat.h5"
    with living_in(home, NNLAB_DATA=str(lib)):
        assert compose(["data=catvnoncat"]).data.train == str(home / "data" / name)
        (lib / name).parent.mkdir(parents=True)
        (lib / name).touch()
        assert compose(["data=catvnoncat"]).data.train == str(lib / name)
        assert compose([]).data.train == str(home / "data" / "painted" / "train_painted.h5")
        assert home_of_nnlab() == home


def test_a_config_survives_being_written_and_read(data: list[str]) -> None:
    cfg = cell(*data, "model.hidden=[5,4]", "optimizer.name=adam", "optimizer.epsilon=1e-9").config
    assert from_dict(dataclasses.asdict(cfg)) == cfg


# -- unknown keys ----------------------------------------------------------------------------------


def test_a_mistyped_key_in_a_stored_config_is_named(data: list[str]) -> None:
    values = dataclasses.asdict(compose(data))
    values["model"]["detph"] = 3
    with pytest.raises((UserError, OmegaConfBaseException), match="detph"):
        from_dict(values)


@pytest.mark.parametrize(
    "override", ["+typo=1", "+model.typo=1", "++optimizer.typo=1", "+sweep.typo=1", "+data.typo=a"]
)
def test_an_added_key_is_refused(override: str) -> None:
    key = override.lstrip("+").split("=")[0]
    assert key in refusal(override)


def test_an_added_key_close_to_a_real_one_gets_a_suggestion() -> None:
    assert "did you mean seed?" in refusal("+seeds=1")


# -- ranges ----------------------------------------------------------------------------------------

BAD = [
    "model.depth=0",
    "model.depth=-1",
    "model.width=0",
    "model.hidden=[3,0]",
    "model.activation=rleu",
    "model.leak=0",
    "model.leak=1.5",
    "model.leak=nan",
    "model.output=linear",
    "model.loss=mse",
    "init.scheme=xavier",
    "init.scale=-0.1",
    "init.scale=nan",
    "init.scale=inf",
    "optimizer.name=sgd",
    "optimizer.lr=0",
    "optimizer.lr=-1",
    "optimizer.lr=nan",
    "optimizer.lr=inf",
    "optimizer.momentum=1",
    "optimizer.momentum=-0.1",
    "optimizer.beta1=1.0",
    "optimizer.beta2=nan",
    "optimizer.epsilon=0",
    "optimizer.l2=-1",
    "optimizer.l2=inf",
    "optimizer.batch_size=0",
    "trainer.iterations=0",
    "trainer.solver=dual",
    "trainer.dtype=float16",
    "trainer.threads=0",
    "trainer.eval_every=0",
    "seed=-1",
    "seed=4294967296",
    "tracking.experiment=' '",
    "tracking.max_points=1",
    "sweep.jobs=0",
    "data.memory_mb=0",
]


@pytest.mark.parametrize("override", BAD)
def test_a_value_out_of_range_is_named_with_the_range(data: list[str], override: str) -> None:
    values = OmegaConf.create(dataclasses.asdict(compose_once(tuple(data))))
    values.merge_with_dotlist([override])
    with pytest.raises(UserError) as caught:
        typed(values)
    message = str(caught.value)
    assert message.startswith(override.split("=")[0]) and "give" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "override",
    ["optimizer.momentum=0", "optimizer.l2=0", "init.scale=0", "model.leak=1", "seed=0", "seed=4294967295"],
)
def test_the_ends_of_the_ranges_are_allowed(override: str) -> None:
    compose([override])


def test_values_that_cannot_go_together() -> None:
    assert "squared_error" in refusal("model.output=identity")
    assert "primal" in refusal("trainer.solver=gram", "optimizer.name=adam")
    assert "model.width" in refusal("model.width=null")
    compose(["model.width=null", "model.depth=1"])


def test_sigmoid_cannot_tell_three_classes_apart(data: list[str], tmp_path: Path) -> None:
    x = np.random.RandomState(0).randn(30, 2)
    for split in ("train", "test"):
        write_h5(
            tmp_path / f"{split}.h5", split, x=x, y=np.arange(30) % 3, classes=np.array([b"a", b"b", b"c"])
        )
    overrides = ["data=hdf5", *(f"data.{s}={tmp_path}/{s}.h5" for s in ("train", "test"))]
    with pytest.raises(UserError, match=r"model\.output=softmax"):
        cell(*overrides)
    cell(*overrides, "model.output=softmax")


# -- one training, one fingerprint -----------------------------------------------------------------

SAME = [
    (["model.depth=1", "model.width=3"], ["model.depth=1", "model.width=50"]),
    (["model.depth=1", "model.activation=relu"], ["model.depth=1", "model.activation=tanh"]),
    (["model=logistic"], ["model.depth=1"]),
    (["model.hidden=[16,16]"], ["model.depth=3", "model.width=16"]),
    (["model.hidden=[7]"], ["model=two_layer"]),
    (["optimizer.momentum=0.5"], ["optimizer.momentum=0.9"]),
    (["optimizer.beta1=0.5", "optimizer.epsilon=1e-3"], []),
    (["optimizer.name=momentum", "optimizer.beta2=0.5"], ["optimizer.name=momentum"]),
    (["optimizer.name=adam", "optimizer.momentum=0.5"], ["optimizer.name=adam"]),
    (["model.activation=relu", "model.leak=0.5"], ["model.activation=relu"]),
    (["init.scheme=zeros", "init.scale=3"], ["init.scheme=zeros"]),
    (["optimizer.batch_size=30"], ["optimizer.batch_size=null"]),
    (["optimizer.batch_size=999"], []),
    (["trainer.solver=auto"], ["trainer.solver=primal"]),
    (["tracking.experiment=other", "tracking.max_points=10"], []),
    (["tracking=none"], []),
    (["sweep.force=true", "sweep.jobs=1"], []),
    (["data.memory_mb=100"], []),
    (["init.scale=1"], ["init.scale=1.0"]),
]

DIFFERENT = [
    "model.depth=2",
    "model.width=15",
    "model.hidden=[16,15]",
    "model.activation=tanh",
    "model.activation=leaky_relu",
    "model.output=softmax",
    "model.loss=squared_error",
    "init.scheme=he",
    "init.scale=1.0000001",
    "optimizer.name=momentum",
    "optimizer.name=adam",
    "optimizer.lr=0.0076",
    "optimizer.l2=0.1",
    "optimizer.batch_size=29",
    "trainer.iterations=2501",
    "trainer.solver=gram",
    "trainer.dtype=float32",
    "trainer.threads=2",
    "seed=2",
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=[" ".join(one) or "-" for one, _ in SAME])
def test_equal_trainings_have_equal_fingerprints(data: list[str], one: list[str], other: list[str]) -> None:
    assert cell(*data, *one).fingerprint == cell(*data, *other).fingerprint


def test_different_trainings_have_different_fingerprints(data: list[str]) -> None:
    cells = [cell(*data), *(cell(*data, override) for override in DIFFERENT)]
    assert len({c.fingerprint for c in cells}) == len(cells)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("momentum", "momentum=0.5"),
        ("adam", "beta1=0.5"),
        ("adam", "beta2=0.9"),
        ("adam", "epsilon=1e-3"),
    ],
)
def test_an_option_that_the_optimizer_uses_counts(data: list[str], name: str, option: str) -> None:
    plain = cell(*data, f"optimizer.name={name}")
    assert cell(*data, f"optimizer.name={name}", f"optimizer.{option}").fingerprint != plain.fingerprint


def test_a_leak_that_is_used_counts(data: list[str]) -> None:
    leaky = "model.activation=leaky_relu"
    assert cell(*data, leaky).fingerprint != cell(*data, leaky, "model.leak=0.5").fingerprint
    logistic = [*data, leaky, "model.depth=1"]
    assert cell(*logistic).fingerprint == cell(*logistic, "model.leak=0.5").fingerprint


def test_paths_do_not_matter_and_content_does(data: list[str], tmp_path: Path) -> None:
    train, test = (Path(override.split("=")[1]) for override in data[1:])
    shutil.copy(train, tmp_path / "renamed.hdf5")
    moved = cell("data=hdf5", f"data.train={tmp_path}/renamed.hdf5", f"data.test={test}")
    assert moved.fingerprint == cell(*data).fingerprint
    small_set(tmp_path / "more", m_test=13)
    more = cell("data=hdf5", f"data.train={train}", f"data.test={tmp_path}/more/test.h5")
    assert more.fingerprint != cell(*data).fingerprint


def test_the_canonical_form_holds_nothing_of_place_or_tracking(data: list[str]) -> None:
    keys = set(canonical(cell(*data).config))
    assert not {key for key in keys if key.startswith(("data.", "tracking.", "sweep.", "hydra."))}
    assert {"seed", "model.hidden", "optimizer.lr", "trainer.threads"} <= keys


def test_every_key_of_a_training_is_named_in_conf(data: list[str]) -> None:
    """What params and records spell is what people type: each flattened key is an override."""
    values = flatten(training_dict(compose(data)))
    assert isinstance(compose([*data, *(f"{k}={_text(v)}" for k, v in values.items())]), Config)
    assert CONF.is_dir()


def _text(value: object) -> str:
    return "null" if value is None else str(value)


# -- groups made from the tables of nn -------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_as_a_group_brings_its_rate_and_its_options(name: str) -> None:
    chosen, optimizer = compose([f"optimizer={name}"]).optimizer, OPTIMIZERS[name]
    assert (chosen.name, chosen.lr) == (name, optimizer.lr)
    found = {key: getattr(chosen, key) for key in optimizer.options}
    assert found == {key: option.default for key, option in optimizer.options.items()}
    assert (chosen.l2, chosen.batch_size, chosen.decay) == (0.0, None, 0.0)


def test_the_name_alone_changes_the_name_alone() -> None:
    plain = dataclasses.asdict(compose([]).optimizer)
    assert dataclasses.asdict(compose(["optimizer.name=adam"]).optimizer) == plain | {"name": "adam"}


def test_a_value_wins_over_that_of_its_group() -> None:
    chosen = compose(["optimizer.lr=0.5", "optimizer=adam", "optimizer.beta1=0.5"]).optimizer
    assert (chosen.name, chosen.lr, chosen.beta1) == ("adam", 0.5, 0.5)


@pytest.mark.parametrize("scheme", INITIALIZERS)
def test_an_initializer_as_a_group_has_scale_1(scheme: str) -> None:
    assert dataclasses.asdict(compose([f"init={scheme}"]).init) == {"scheme": scheme, "scale": 1.0}


def test_a_quick_training_differs_in_its_steps_alone() -> None:
    full, quick = (dataclasses.asdict(compose([f"trainer={name}"]).trainer) for name in ("full", "quick"))
    assert full == dataclasses.asdict(compose([]).trainer)
    assert quick == full | {"iterations": 500}
    assert compose(["trainer=quick", "trainer.iterations=50"]).trainer.iterations == 50


def test_records_alone_keep_the_experiment_that_sync_publishes_to() -> None:
    usual, none = (
        dataclasses.asdict(compose([f"tracking={name}"]).tracking) for name in ("mlflow", "none")
    )
    assert usual == dataclasses.asdict(compose([]).tracking) and usual["publish"]
    assert none == usual | {"publish": False}


def test_the_decay_of_the_rate_counts(data: list[str]) -> None:
    assert cell(*data, "optimizer.decay=0.1").fingerprint != cell(*data).fingerprint


def test_a_plan_of_an_earlier_version_stays_readable(data: list[str]) -> None:
    values = dataclasses.asdict(compose(data))
    values["sweep"]["plan"] = None
    del values["tracking"]["publish"]
    del values["optimizer"]["decay"]
    assert from_dict(values) == compose(data)


# -- overrides -------------------------------------------------------------------------------------


def test_several_values_are_refused_where_one_is_needed() -> None:
    assert "seed=1,2" in refusal("seed=1,2") and "nnlab sweep" in refusal("seed=1,2")


@pytest.mark.parametrize("override", ["model=null", "optimizer=null", "init=3", "experiment=null"])
def test_a_group_takes_a_name(override: str) -> None:
    group = override.partition("=")[0]
    assert refusal(override).startswith(f"{group}: ") and "name of one of its options" in refusal(override)


@pytest.mark.parametrize("group", schema.GROUPS)
def test_a_group_that_makes_a_cell_cannot_be_left_out(group: str) -> None:
    assert f"{group}=NAME" in refusal(f"~{group}")


def test_a_mistyped_key_of_hydra_is_refused() -> None:
    assert "hydra.launcher.n_jobs (of joblib)" in refusal("hydra.launcher.n_job=2")


def test_a_folder_adds_options_and_groups(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("defaults: [plain]\nwidth: 5\n")
    (tmp_path / "sizes").mkdir()
    (tmp_path / "sizes" / "small.yaml").write_text("# @package _global_\nmodel: {depth: 2}\n")
    cfg = compose([option_folder(tmp_path), "model=mine", "+sizes=small"])
    assert (cfg.model.width, cfg.model.depth) == (5, 2)


def test_an_option_with_the_name_of_a_key_for_all_is_refused() -> None:
    """An optimizer's own ``decay`` would be `optimizer.decay` too, and so mean two things."""

    class Section:
        decay: float = 0.0

    new = OPTIMIZERS["adam"]._replace(options={"decay": fraction(0.1, "of the weights")})
    with pytest.raises(ValueError, match="Section has decay already"):
        own_options.with_options({"new": new})(Section)


@pytest.mark.parametrize("text", ["hydra/nope=2", "+experiment/nope=1"])
def test_a_group_without_options_offers_none(text: str) -> None:
    with pytest.raises(UserError, match="this group has none"):
        compose(["data=painted", text])


# -- a config to begin with ------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path) -> list[str]:
    """The overrides of a folder with a model, a group and a config of the user's own."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "wide.yaml").write_text("defaults: [plain]\nwidth: 64\n")
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "week4.yaml").write_text("# @package _global_\noptimizer: {l2: 0.7}\n")
    (tmp_path / "lab.yaml").write_text(
        "defaults: [config, {override model: wide}, {override trainer: quick}, _self_]\n"
        "init: {scale: 2.0}\n"
    )
    return [option_folder(tmp_path)]


@pytest.mark.slow
def test_a_config_of_ones_own_to_begin_with(mine: list[str]) -> None:
    for name in ("lab", "lab.yaml"):
        cfg = compose([*mine, begin_with(name), "+course=week4"])
        assert (cfg.model.width, cfg.trainer.iterations, cfg.init.scale, cfg.optimizer.l2) == (
            64,
            500,
            2.0,
            0.7,
        )
    chosen = compose([*mine, begin_with("lab"), "model=deep", "trainer=full", "init.scale=3"])
    assert (chosen.model.hidden, chosen.trainer.iterations, chosen.init.scale) == ([20, 7, 5], 2500, 3.0)
    assert compose([*mine, begin_with("config")]) == compose([])


def test_a_config_that_does_not_exist_is_refused_with_the_folders(mine: list[str], tmp_path: Path) -> None:
    text = refusal(*mine, begin_with("nope"))
    assert text.startswith("--config-name nope: ") and str(CONF) in text and str(tmp_path) in text
