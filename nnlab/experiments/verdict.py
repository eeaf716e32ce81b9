"""The verdict on a claim, and how it is written at the end of the experiment's README."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MARK = "<!-- what follows is written by `nnlab experiments` -->\n"  # below it a README is generated

Word = Literal["confirmed", "refuted", "inconclusive"]


@dataclass(frozen=True)
class Verdict:
    """The result of an analysis: one word, one sentence with the main numbers, and all numbers."""

    verdict: Word
    sentence: str
    numbers: Mapping[str, Any]  # numbers, texts and lists of them: values that JSON can hold

    def content(self, name: str, claim: str, fingerprints: Sequence[str]) -> dict[str, Any]:
        """The content of ``verdict.json``; a run is named by the first 16 digits of its fingerprint."""
        return {
            "name": name,
            "claim": claim,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "figures": dict(self.numbers),
            "runs": [fingerprint[:16] for fingerprint in fingerprints],
        }

    def markdown(self) -> str:
        """The verdict, the picture and the table of numbers, as the README shows them."""
        rows = [f"| {name} | {_shown(value)} |" for name, value in self.numbers.items()]
        lines = [
            f"\n**{self.verdict.capitalize()}.** {self.sentence}",
            "\n![What was measured](picture.png)",
            "\n| figure | value |\n|---|---|",
            *rows,
        ]
        return "\n".join(lines) + "\n"


def verdict_of(holds: bool | None, sentence: str, numbers: Mapping[str, Any]) -> Verdict:
    """The verdict of a pass rule: it holds, it does not hold, or (None) the data do not decide."""
    word: Word = "inconclusive" if holds is None else "confirmed" if holds else "refuted"
    return Verdict(word, sentence, numbers)


def with_generated_end(text: str, end: str) -> str:
    """A README with the part below MARK replaced by ``end``; the part above is written by hand."""
    return f"{text.partition(MARK)[0].rstrip()}\n\n{MARK}{end}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
