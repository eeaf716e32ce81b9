"""docs/howto/settings-in-files.md: its files and its commands."""

import re
import shlex
from pathlib import Path

import pytest
from harness import assert_refused, done, markers, nnlab, small_set

from nnlab.config import ROOT
from nnlab.records import record

PAGE = (ROOT / "docs" / "howto" / "settings-in-files.md").read_text("utf-8")
FILES = re.findall(r"```yaml\n# (mine/\S+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^nnlab (\w+ --config-dir .*)$", PAGE, re.MULTILINE)
QUICK = ["trainer.iterations=3", "tracking=none", "hydra/launcher=basic"]


def test_the_how_to_has_files_and_commands() -> None:
    assert {path for path, _ in FILES} == {
        "mine/model/wide.yaml",
        "mine/course/week4.yaml",
        "mine/lab.yaml",
    }
    assert len(COMMANDS) == 5


@pytest.mark.slow
def test_the_commands_of_the_how_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    data = small_set(tmp_path)
    for path, text in FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    cells = {}
    for command in COMMANDS:
        before = set(markers(home))
        done(nnlab(*shlex.split(command), *data, *QUICK, home=home, cwd=tmp_path))
        cells[command] = [
            record.read(home / "runs" / name).config for name in sorted(set(markers(home)) - before)
        ]
    wide, both, week4, lab, swept = cells.values()
    assert [cell["model"]["width"] for cell in wide] == [64]
    assert len(both) == 5, "two widths and three seeds, one of which is there already"
    assert [(cell["model"]["depth"], cell["optimizer"]["l2"]) for cell in week4] == [(4, 0.7)]
    assert [(cell["model"]["hidden"], cell["init"]["scheme"]) for cell in lab] == [([20, 7, 5], "he")]
    assert len(swept) == 9 and {cell["init"]["scale"] for cell in swept} == {2.0}

    again = nnlab("train", "--config-dir", "mine", "--config-name", "labs", home=home, cwd=tmp_path)
    assert_refused(again, "--config-name labs", "mine")
