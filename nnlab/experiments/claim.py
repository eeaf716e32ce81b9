"""A claim of the lecture notes: the folder that tests it, and how it is judged.

A folder ``experiments/NAME`` has these files:

- ``README.md``: its first paragraph is the claim.
- ``sweep.yaml``: the keys that differ from the defaults, and the grid. Without this file nothing is
  trained; the analysis then gets no runs and computes with nnlab's own functions.
- ``analysis.py``: ``analyse(runs)`` and ``picture(runs, verdict)``. It trains nothing.
- ``data.py``, if the experiment draws its own data: ``draw(folder)``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from nnlab.config import EXPERIMENTS
from nnlab.errors import UserError
from nnlab.experiments.trained_run import Run
from nnlab.experiments.verdict import Verdict, with_generated_end
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
        _, paragraph, *_ = (self.folder / "README.md").read_text("utf-8").split("\n\n")
        return " ".join(paragraph.split())

    def judge(self, runs: Sequence[Run]) -> Verdict:
        """Analyse the runs; write ``verdict.json``, ``picture.png`` and the end of the README."""
        from nnlab.experiments.figures import save  # matplotlib takes half a second to load

        analysis = load_code(self.folder, "analysis")
        with threadpool_limits(1):  # as in the training of cells
            verdict: Verdict = analysis.analyse(runs)
            save(analysis.picture(runs, verdict), self.folder / "picture.png")
        content = verdict.content(self.name, self.sentence, [run.fingerprint for run in runs])
        (self.folder / "verdict.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        readme = self.folder / "README.md"
        readme.write_text(with_generated_end(readme.read_text("utf-8"), verdict.markdown()))
        return verdict


def find(names: Sequence[str] = ()) -> list[Claim]:
    """The claims of these names, or all claims; UserError for a name without a folder."""
    if not EXPERIMENTS.is_dir():
        raise UserError(
            f"{EXPERIMENTS}: there is no such folder; experiments need nnlab's checkout "
            "(git clone, make setup)"
        )
    claims = {path.parent.name: Claim(path.parent) for path in sorted(EXPERIMENTS.glob("*/analysis.py"))}
    for name in names:
        if name not in claims:
            raise UserError(f"{name}: there is no such experiment; give some of {', '.join(claims)}")
    return [claims[name] for name in names or claims]
