"""The table of all verdicts in ``experiments/README.md``."""

import json
from pathlib import Path

from nnlab.config import EXPERIMENTS
from nnlab.experiments.verdict import with_generated_end


def write_index() -> Path:
    """Write the table anew: a line for each folder that has a verdict, in the order of their names."""
    path = EXPERIMENTS / "README.md"
    rows = []
    for file in sorted(EXPERIMENTS.glob("*/verdict.json")):
        content, name = json.loads(file.read_text("utf-8")), file.parent.name
        link = f"[{name}]({name}/README.md)"
        rows.append(f"| {link} | {content['claim']} | {content['verdict']} | {content['sentence']} |")
    table = "\n".join(["| | claim | verdict | result |", "|---|---|---|---|", *rows])
    path.write_text(with_generated_end(path.read_text("utf-8"), f"\n{table}\n"))
    return path
