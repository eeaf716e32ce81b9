"""The pages of the notes' claims: the READMEs of ``experiments/`` with pictures, as ``docs/claims/``.

A README has its verdict at the end, below the rule that was fixed before; its page has it right after the
claim, where a reader looks for it.

In the sources a link goes to ``experiments/``, where an editor and a host of repositories find the page. A
line ``- What came out: [NAME](...)`` gets the verdict of today.
"""

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
INDEX = "claims/README"
CONTENTS = "\n\n```{toctree}\n:hidden:\n:glob:\n*/README\n```\n"
LINK = re.compile(r"\]\(((?:\.\./)*)\.\./experiments/")  # of a page of docs/

WRITTEN = re.compile(r"<!-- what follows is written by .* -->\n")
SAID = ("**Source.**", "**What the notes should say.**")

OUTCOME = re.compile(r"^- What came out: (\[(\w+)\]\(.*\))$", re.MULTILINE)


def copy(app: "Sphinx") -> None:
    """Copy them into the source folder."""
    folder = Path(app.srcdir) / "claims"
    shutil.rmtree(folder, ignore_errors=True)
    for path in [*EXPERIMENTS.rglob("README.md"), *EXPERIMENTS.rglob("*.png")]:
        to = folder / path.relative_to(EXPERIMENTS)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


def point_to_copies(app: "Sphinx", name: str, source: list[str]) -> None:
    """Let the links of a page go to the copies, and theirs to docs/; the index has all as its contents."""
    if name.startswith("claims/"):
        source[0] = source[0].replace("](../../docs/", "](../../").replace("](../docs/", "](../")
    source[0] = LINK.sub(r"](\1claims/", OUTCOME.sub(outcome, source[0]))
    if name != INDEX and name.startswith("claims/"):
        source[0] = verdict_first(source[0])
    if name == INDEX:
        source[0] += CONTENTS


def verdict_first(text: str) -> str:
    """The README of a claim with verdict, picture and what the notes should say right after the claim."""
    by_hand, *written = WRITTEN.split(text)
    if not written:
        return text
    title, claim, *parts = by_hand.strip().split("\n\n")
    source, say = ([part for part in parts if part.startswith(name)] for name in SAID)
    verdict, *numbers = written[0].strip().split("\n\n")
    pictures = [part for part in numbers if part.startswith("![")]
    rest = [part for part in (*parts, *numbers) if part not in (*source, *pictures, *say)]
    return "\n\n".join([title, claim, *source, verdict, *pictures, *say, *rest]) + "\n"


def outcome(line: re.Match[str]) -> str:
    """The line with the verdict and its sentence; as it is where a claim awaits its runs."""
    if not (EXPERIMENTS / line[2] / "verdict.json").is_file():
        return line[0]
    verdict = json.loads((EXPERIMENTS / line[2] / "verdict.json").read_text("utf-8"))
    return f"- What came out: **{verdict['verdict']}**. {verdict['sentence']} ({line[1]})"


def setup(app: "Sphinx") -> dict[str, Any]:
    """Copy before the pages are looked for."""
    app.connect("builder-inited", copy)
    app.connect("source-read", point_to_copies)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
