"""The verdict on a claim, and how it is written at the end of the experiment's README."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MARK = "<!-- what follows is written by `nnlab experiments` -->\n"  # below it a README is generated
MOST_SETS = 4  # of data that a README names
MOST_ROWS = 10  # of a table that is not folded

Word = Literal["confirmed", "refuted", "inconclusive"]


@dataclass(frozen=True)
class Verdict:
    """The result of an analysis: one word, one sentence with the main numbers, and all numbers."""

    verdict: Word
    sentence: str
    numbers: Mapping[str, Any]  # numbers, texts and lists of them: values that JSON can hold

    def content(
        self, name: str, claim: str, data: Sequence[str], fingerprints: Sequence[str]
    ) -> dict[str, Any]:
        """The content of ``verdict.json``; a run is named by the first 16 digits of its fingerprint."""
        return {
            "name": name,
            "claim": claim,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "figures": dict(self.numbers),
            "data": list(data),
            "runs": [fingerprint[:16] for fingerprint in fingerprints],
        }

    def markdown(self, data: Sequence[str]) -> str:
        """The verdict, the picture, the table of numbers and the data, as the README shows them.

        A long table is folded.
        """
        rows = [f"| {name} | {_shown(value)} |" for name, value in self.numbers.items()]
        if len(data) > MOST_SETS:
            data = [f"{len(data)} sets, which verdict.json lists"]
        rows += [f"| data | {name} |" for name in data]
        table = "\n".join(["| figure | value |\n|---|---|", *rows])
        if len(rows) > MOST_ROWS:
            table = f"<details>\n<summary>All {len(rows)} numbers</summary>\n\n{table}\n\n</details>"
        parts = (
            f"\n**{self.verdict.capitalize()}.** {self.sentence}",
            "![What was measured](picture.png)",
            table,
        )
        return "\n\n".join(parts) + "\n"


def verdict_of(
    holds: bool | None, sentence: str, numbers: Mapping[str, Any], settled_by: str = ""
) -> Verdict:
    """The verdict of a pass rule: it holds, it does not hold, or (None) the data do not decide.

    ``settled_by`` says what would decide; it follows the sentence where the rule leaves the claim open.
    """
    word: Word = "inconclusive" if holds is None else "confirmed" if holds else "refuted"
    return Verdict(word, f"{sentence} {settled_by}".strip() if holds is None else sentence, numbers)


def with_generated_end(text: str, end: str) -> str:
    """A README with the part below MARK replaced by ``end``; the part above is written by hand."""
    return f"{text.partition(MARK)[0].rstrip()}\n\n{MARK}{end}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
