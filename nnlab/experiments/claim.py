"""A claim of the lecture notes: the folder that tests it, and how it is judged.

A folder ``experiments/NAME`` has these files:

- ``README.md``: its first paragraph is the claim.
- ``sweep.yaml``: the keys that differ from the defaults, and the grid. Without this file nothing is
  trained; the analysis then gets no runs and computes with nnlab's own functions.
- ``analysis.py``: ``analyse(runs)`` and ``picture(runs, verdict)``. It trains nothing.
- ``data.py``, if the experiment draws its own data: ``draw(folder)``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from nnlab.config import EXPERIMENTS, choose_among, verdict_folder
from nnlab.errors import UserError
from nnlab.experiments.trained_run import Run, data_sets
from nnlab.experiments.verdict import Verdict, with_generated_end
from nnlab.records import code_digest, source
from nnlab.sweeps.experiment_data import load_code


@dataclass(frozen=True)
class Claim:
    """A folder with an analysis."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def has_sweep(self) -> bool:
        """Does the analysis need trained cells?"""
        return (self.folder / "sweep.yaml").is_file()

    @property
    def sentence(self) -> str:
        """The claim itself: the README's first paragraph, which is one sentence."""
        return sentence(self.folder / "README.md")

    @property
    def takes_long(self) -> bool:
        """Does the README give its command with ``--full``?"""
        return f"nnlab experiments --full {self.name}`" in (self.folder / "README.md").read_text("utf-8")

    @property
    def code(self) -> str:
        """16 digits of a sha256 over all code that makes the verdict, without comments and layout."""
        files = sorted([*Path(__file__).parent.glob("*.py"), *self.folder.glob("*.py")])
        texts = {file.name: source.read(file) for file in files}
        lines = [(name, text.imports, text.lines) for name, text in texts.items()]
        return hashlib.sha256(repr([code_digest(), lines]).encode()).hexdigest()[:16]

    def judge(self, runs: Sequence[Run]) -> Verdict:
        """Analyse the runs; write ``verdict.json``, ``picture.png`` and the end of the README.

        They are written where ``verdict_folder`` says: into this folder in a checkout. If the same verdict
        stands there, of the same runs and code, nothing is written: only times could differ.
        """
        from nnlab.experiments.figures import save  # matplotlib takes half a second to load

        folder = verdict_folder() / self.name
        folder.mkdir(parents=True, exist_ok=True)
        analysis = load_code(self.folder, "analysis")
        with threadpool_limits(1):  # as in the training of cells
            verdict: Verdict = analysis.analyse(runs)
            data = data_sets(runs)
            content = verdict.content(self.name, self.sentence, data, [run.fingerprint for run in runs])
            content["code"] = self.code
            if _stands(folder, content):
                return verdict
            save(analysis.picture(runs, verdict), folder / "picture.png")
        (folder / "verdict.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        readme = (self.folder / "README.md").read_text("utf-8")
        (folder / "README.md").write_text(with_generated_end(readme, verdict.markdown(data)))
        return verdict


def sentence(readme: Path) -> str:
    """The first paragraph of a README, in one line."""
    _, paragraph, *_ = readme.read_text("utf-8").split("\n\n")
    return " ".join(paragraph.split())


def _stands(folder: Path, content: Mapping[str, Any]) -> bool:
    """Are all files of a verdict there, with this word, claim, data, runs and code?"""
    if not all((folder / name).is_file() for name in ("verdict.json", "picture.png", "README.md")):
        return False
    before = json.loads((folder / "verdict.json").read_text("utf-8"))
    of = ("verdict", "claim", "data", "runs", "code")
    return [before.get(key) for key in of] == [content[key] for key in of]


def find(names: Sequence[str] = ()) -> list[Claim]:
    """The claims of these names, or all claims; UserError for a name without a folder."""
    if not EXPERIMENTS.is_dir():
        raise UserError(
            f"{EXPERIMENTS}: there is no such folder, so this nnlab is not whole; "
            "get it anew (git clone, make setup)"
        )
    claims = {path.parent.name: Claim(path.parent) for path in sorted(EXPERIMENTS.glob("*/analysis.py"))}
    for name in names:
        if name not in claims:
            raise UserError(f"{name}: there is no such experiment; {choose_among(name, [*claims])}")
    return [claims[name] for name in names or claims]
