"""The verdict: its word, and the texts made of it."""

from pathlib import Path

import pytest

from nnlab.experiments import index, verdict_of, write_index
from nnlab.experiments.verdict import MARK, with_generated_end


@pytest.mark.parametrize(
    ("holds", "word"), [(True, "confirmed"), (False, "refuted"), (None, "inconclusive")]
)
def test_the_word_of_a_verdict(holds: bool | None, word: str) -> None:
    assert verdict_of(holds, "It is so.", {}).verdict == word


def test_the_end_of_a_readme_shows_sentence_picture_and_numbers() -> None:
    text = verdict_of(True, "It is so.", {"one": 1.23456, "three": [1, 2.0, "x"]}).markdown()
    assert "**Confirmed.** It is so." in text and "(picture.png)" in text
    assert "| one | 1.235 |" in text and "| three | 1, 2, x |" in text


def test_only_the_end_of_a_readme_is_replaced() -> None:
    old = f"# claim\n\nBy hand.\n\n{MARK}old\n"
    assert with_generated_end(old, "new\n") == f"# claim\n\nBy hand.\n\n{MARK}new\n"
    assert with_generated_end("# claim\n", "new\n") == f"# claim\n\n{MARK}new\n"


def test_the_content_of_the_json_file() -> None:
    content = verdict_of(False, "No.", {"n": 1}).content("zero", "A claim.", ["f" * 64])
    assert content == {
        "name": "zero", "claim": "A claim.", "verdict": "refuted", "sentence": "No.",
        "figures": {"n": 1}, "runs": ["f" * 16],
    }  # fmt: skip


def test_the_index_lists_folders_with_a_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "EXPERIMENTS", tmp_path)
    (tmp_path / "README.md").write_text("# Claims\n")
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "verdict.json").write_text(
            f'{{"claim": "{name} holds.", "verdict": "confirmed", "sentence": "Yes, {name}."}}'
        )
    (tmp_path / "without").mkdir()
    rows = write_index().read_text().splitlines()[-2:]
    assert rows == [f"| [{n}]({n}/README.md) | {n} holds. | confirmed | Yes, {n}. |" for n in "ab"]
