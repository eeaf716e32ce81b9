"""The tables of all verdicts in ``experiments/README.md``, by the weeks of the course."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from nnlab.config import EXPERIMENTS, verdict_folder
from nnlab.experiments.claim import sentence
from nnlab.experiments.verdict import with_generated_end

HEAD = "| | claim, what came out, when to hand it out |\n|---|---|"
OTHERS = "Other claims"


def write_index() -> Path:
    """Write the tables anew: a row for each verdict, and for each page of the course without one.

    ``course.yaml`` has the weeks, the claims of each, and when to hand them out.
    """
    folder = verdict_folder()
    folder.mkdir(parents=True, exist_ok=True)
    course = yaml.safe_load((EXPERIMENTS / "course.yaml").read_text("utf-8"))
    named = {name for claims in course.values() for name in claims}
    others = sorted({file.parent.name for file in folder.glob("*/verdict.json")} - named)
    weeks = course | {OTHERS: dict.fromkeys(others, "")}
    tables = [table for week, claims in weeks.items() if (table := _table(folder, week, claims))]
    by_hand = (EXPERIMENTS / "README.md").read_text("utf-8")
    path = folder / "README.md"
    path.write_text(with_generated_end(by_hand, "\n" + "\n\n".join(tables) + "\n"))
    return path


def _table(folder: Path, week: str, claims: Mapping[str, str]) -> str:
    """The table of a week, or nothing where none of its claims has a page yet."""
    rows = [_row(folder / name, when) for name, when in claims.items() if _has_page(folder / name)]
    return "\n".join([f"## {week}\n", HEAD, *rows]) if rows else ""


def _has_page(folder: Path) -> bool:
    """Has it a verdict, or is it a page without an analysis, which needs none?"""
    is_page = not (EXPERIMENTS / folder.name / "analysis.py").is_file()
    return (folder / "verdict.json").is_file() or (is_page and (folder / "README.md").is_file())


def _row(folder: Path, when: str) -> str:
    name, picture = folder.name, next((file.name for file in sorted(folder.glob("*.png"))), "")
    shown = f'<img src="{name}/{picture}" alt="The picture of {name}" width="220">' if picture else ""
    if (folder / "verdict.json").is_file():
        content = json.loads((folder / "verdict.json").read_text("utf-8"))
        claim, result = content["claim"], f"**{content['verdict'].capitalize()}.** {content['sentence']}"
    else:
        claim, result = sentence(folder / "README.md"), "*A page to run.*"
    parts = [f"**[{name}]({name}/README.md)** {claim}", result, f"Hand it out {when}." if when else ""]
    return f"| {shown} | {'<br>'.join(filter(None, parts))} |"
