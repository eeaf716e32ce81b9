"""`--help`: every key with its values, from the schema; what it must not load."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from nnlab.cli.main import cli
from nnlab.config import KEYS
from nnlab.config.groups import MEANINGS, names
from nnlab.config.reference import sections
from nnlab.config.schema import GROUPS
from nnlab.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS


def page(command: str, width: int = 80) -> str:
    ended = CliRunner().invoke(cli, [command, "--help"], terminal_width=width)
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.mark.parametrize("command", ["train", "sweep"])
@pytest.mark.parametrize("width", [80, 120])
def test_every_key_has_its_line(command: str, width: int) -> None:
    text = page(command, width)
    first = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.strip()]
    assert {*KEYS, *MEANINGS} <= set(first)
    assert all(len(line) <= width for line in text.splitlines())
    flat = " ".join(text.split())
    for table in (ACTIVATIONS, INITIALIZERS, OPTIMIZERS):
        assert f"[{', '.join(table)}]" in flat, "allowed values"
    for sample in (
        "layers with weights; 1 is logistic regression [an integer of at least 1]",
        "[null or an integer of at least 1]", "[true, false]", "slope of leaky_relu below 0 (leaky_relu)",
        "[full, quick]", "[mlflow, none]", "zero_init]", "[joblib, basic]",
    ):  # fmt: skip
        assert sample in flat


def test_a_key_without_a_meaning_is_not_possible() -> None:
    keys = [key for _, found in sections() for key in found]
    assert [key.name for key in keys] == KEYS
    assert all(key.meaning and key.wanted and len(key.meaning) <= 80 for key in keys)
    assert set(GROUPS) < set(MEANINGS) and all(names(group) for group in MEANINGS)


def test_the_two_commands_have_help_of_their_own() -> None:
    train, sweep = page("train"), page("sweep")
    assert "Train one cell" in train and "Train one cell" not in sweep
    assert "range(1,5)" in sweep and "range" not in train.partition("Options:")[0]
    for text in (train, sweep):
        assert "[KEY=VALUE]..." in text.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"hydra", "numpy", "omegaconf", "mlflow", "rich"}),
        (["train", "--help"], {"hydra", "h5py", "mlflow", "nnlab.cells", "nnlab.tracking"}),
        (["sweep", "--help"], {"hydra", "h5py", "mlflow", "nnlab.cells", "nnlab.tracking"}),
    ],
)
def test_help_does_not_load_what_takes_time(arguments: list[str], absent: set[str]) -> None:
    code = (
        "import sys\nfrom nnlab.cli.main import cli\n"
        f"cli.main({arguments}, standalone_mode=False)\nprint(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not absent & set(ended.stderr.split())
