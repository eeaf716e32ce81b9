"""The folder of a claim: its parts, and what is said when something is missing."""

import json
import re
from pathlib import Path

import pytest
import yaml

from nnlab.config import experiments as groups
from nnlab.config.paths import EXPERIMENTS
from nnlab.errors import UserError
from nnlab.experiments import Claim, claim, find


@pytest.mark.parametrize("each", find(), ids=lambda each: each.name)
def test_a_folder_has_all_its_parts(each: Claim) -> None:
    readme = (each.folder / "README.md").read_text()
    assert readme.startswith(f"# {each.name}\n") and each.sentence.endswith(".")
    for part in ("**Source.**", "**Prediction.**", "**Pass rule.**", "**Command.**", "**Deviations.**"):
        assert part in readme, part
    verdict = json.loads((each.folder / "verdict.json").read_text())
    assert verdict["claim"] == each.sentence and verdict["sentence"] in readme
    assert verdict["verdict"] in ("confirmed", "refuted", "inconclusive")
    assert bool(verdict["runs"]) == each.has_sweep
    if verdict["verdict"] == "refuted":
        assert "**What the notes should say.**" in readme
    assert (each.folder / "picture.png").stat().st_size < 150_000
    assert verdict["sentence"] in (EXPERIMENTS / "README.md").read_text()


def test_the_course_names_every_claim_once() -> None:
    course = yaml.safe_load((EXPERIMENTS / "course.yaml").read_text())
    named = [name for claims in course.values() for name in claims]
    assert len(named) == len(set(named)) and {each.name for each in find()} <= {*named}
    assert all(when for claims in course.values() for when in claims.values())


def test_the_page_names_the_claims_that_train_for_long() -> None:
    text = (EXPERIMENTS / "README.md").read_text()
    (paragraph,) = [part for part in text.split("\n\n") if "claims train longest" in part]
    named = set(re.findall(r"`(\w+)`", paragraph))
    assert named == {each.name for each in find() if each.takes_long}
    assert "Seven claims" in paragraph and len(named) == 7


def test_the_index_has_a_thumbnail_for_every_claim() -> None:
    text = (EXPERIMENTS / "README.md").read_text()
    pictures = re.findall(r'<img src="(.*?)"', text)
    assert {f"{each.name}/picture.png" for each in find()} <= {*pictures}
    assert all((EXPERIMENTS / picture).is_file() for picture in pictures)


def test_an_unknown_name_and_a_missing_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"nothing_init: there is no such experiment; did you mean training_finds_it"
    ):
        find(["nothing_init"])
    monkeypatch.setattr(claim, "EXPERIMENTS", tmp_path / "experiments")
    with pytest.raises(UserError, match="this nnlab is not whole"):
        find()


def test_broken_yaml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sweep.yaml").write_text("model: [")
    with pytest.raises(UserError, match=r"mine/sweep.yaml: not readable YAML"):
        groups.register_experiments(tmp_path)
