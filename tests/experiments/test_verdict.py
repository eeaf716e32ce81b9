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


def test_only_an_open_verdict_says_what_would_settle_it() -> None:
    assert verdict_of(None, "Nobody knows.", {}, "Ask later.").sentence == "Nobody knows. Ask later."
    assert verdict_of(True, "It is so.", {}, "Ask later.").sentence == "It is so."


def test_the_end_of_a_readme_shows_sentence_picture_and_numbers() -> None:
    text = verdict_of(True, "It is so.", {"one": 1.23456, "three": [1, 2.0, "x"]}).markdown(["a set"])
    assert "**Confirmed.** It is so." in text and "(picture.png)" in text
    assert "| one | 1.235 |" in text and "| three | 1, 2, x |" in text
    assert text.endswith("| data | a set |\n")
    many = verdict_of(True, "It is so.", {}).markdown([f"set {i}" for i in range(9)])
    assert many.endswith("| data | 9 sets, which verdict.json lists |\n")


def test_only_the_end_of_a_readme_is_replaced() -> None:
    old = f"# claim\n\nBy hand.\n\n{MARK}old\n"
    assert with_generated_end(old, "new\n") == f"# claim\n\nBy hand.\n\n{MARK}new\n"
    assert with_generated_end("# claim\n", "new\n") == f"# claim\n\n{MARK}new\n"


def test_the_content_of_the_json_file() -> None:
    content = verdict_of(False, "No.", {"n": 1}).content("zero", "A claim.", ["a set"], ["f" * 64])
    assert content == {
        "name": "zero", "claim": "A claim.", "verdict": "refuted", "sentence": "No.",
        "figures": {"n": 1}, "data": ["a set"], "runs": ["f" * 16],
    }  # fmt: skip


def test_a_long_table_is_folded() -> None:
    short, long = (
        verdict_of(True, "It is so.", {f"n{i}": i for i in range(n)}).markdown(["a set"]) for n in (3, 30)
    )
    assert "<details>" not in short
    assert long.index("<details>") < long.index("\n\n| figure | value |") < long.index("\n\n</details>")
    assert "<summary>All 31 numbers</summary>" in long


def test_the_index_has_the_claims_by_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of course.yaml; a claim that it does not name at the end, without a verdict nowhere."""
    monkeypatch.setattr(index, "EXPERIMENTS", tmp_path)
    monkeypatch.setattr(index, "verdict_folder", lambda: tmp_path)
    (tmp_path / "README.md").write_text("# Claims\n")
    (tmp_path / "course.yaml").write_text(
        '"Week 1":\n  b: first\n  a: then\n"Week 2":\n  page: at the keyboard\n  planned: later\n'
        "  without: never\n"
    )
    for name in ("a", "b", "mine", "without"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "analysis.py").touch()
        (tmp_path / name / "README.md").write_text(f"# {name}\n\nWords.\n\n")
        if name != "without":
            (tmp_path / name / "picture.png").touch()
            (tmp_path / name / "verdict.json").write_text(
                f'{{"claim": "{name} holds.", "verdict": "confirmed", "sentence": "Yes, {name}."}}'
            )
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "README.md").write_text("# page\n\nTry it\nout.\n\nMore.\n")
    text = write_index().read_text()
    assert text.startswith("# Claims\n\n")
    for name, when in (("b", "first"), ("a", "then"), ("mine", "")):
        (row,) = [line for line in text.splitlines() if f"[{name}]" in line]
        assert row.startswith(f'| <img src="{name}/picture.png" ')
        told = f"**[{name}]({name}/README.md)** {name} holds.<br>**Confirmed.** Yes, {name}."
        assert row.endswith(f"| {told}<br>Hand it out {when}. |" if when else f"| {told} |")
    told = "Try it out.<br>*A page to run.*<br>Hand it out at the keyboard. |"
    assert f"|  | **[page](page/README.md)** {told}" in text
    assert "planned" not in text and "without" not in text
    places = [text.index(part) for part in ("## Week 1", "[b]", "[a]", "## Week 2", "## Other", "[mine]")]
    assert places == sorted(places)
