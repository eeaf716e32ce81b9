"""The summary of the measurements: the table in the README, the verdict, the output on the terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from experiments.speed import figure
from experiments.speed.rows import WITH_W1, Row, paired, rows

WRITTEN = "<!-- what follows is written by `make bench` -->"
HEAD = ("", "nnlab", "peer", "ratio", "target", "met")
MEASUREMENTS = "measurements.json"
CLAIM = (
    "nnlab trains its nets faster than every peer that does the same work, and a sweep costs little more "
    "than its arithmetic."
)
Measured = Mapping[str, Any]


def verdict(measurements: Measured) -> dict[str, Any]:
    """Confirmed if all targets are met, refuted if one is missed, inconclusive if one was not measured."""
    lines = rows(measurements["parts"])
    missed = [row.what for row in lines if row.met is False]
    missing = [row.what for row in lines if row.missing]
    return {
        "name": "speed",
        "claim": CLAIM,
        "verdict": "refuted" if missed else "inconclusive" if missing else "confirmed",
        "sentence": _sentence(measurements["parts"], lines, missed, missing),
        "figures": {row.what: _digits(row.value) for row in lines if row.value is not None},
        "runs": [],
    }


def _sentence(parts: Measured, lines: Sequence[Row], missed: Sequence[str], missing: Sequence[str]) -> str:
    """The most important numbers, and the targets that were missed or not measured."""
    told = sum(row.met is not None for row in lines)
    said = [f"{told - len(missed)} of {told} measured targets are met"]
    deep = parts.get("loop", {}).get("nets", {}).get("deep", {})
    peers = [deep[name]["seconds"] for name in WITH_W1 if "seconds" in deep.get(name, {})]
    if peers and "nnlab" in deep:
        nearest = min(1 / paired(deep["nnlab"]["seconds"], seconds) for seconds in peers)
        said.append(f"the fastest peer that holds W1 takes {nearest:.0f} times as long on the deep net")
    cells = parts.get("cells")
    if cells:
        wall = cells["sweep"]["seconds"]
        said.append(
            f"{cells['cells']} cells are trained, recorded and published in {wall:.0f} s, "
            f"{wall / cells['pure mean']:.2f} times their training alone"
        )
    if missed:
        said.append(f"missed: {', '.join(missed)}")
    if missing:
        said.append(f"{len(missing)} not measured")
    return "; ".join(said) + "."


def markdown(measurements: Measured) -> str:
    """The end of the README: verdict, machine, table, and the points by m."""
    parts = measurements["parts"]
    table = _table(HEAD, [row.cells() for row in rows(parts)])
    said = verdict(measurements)
    text = f"**{said['verdict'].capitalize()}.** {said['sentence']}\n\n{_stated(measurements)}\n\n{table}\n"
    if points := parts.get("scale"):
        text += f"\n{_points(points)}\n"
    return text + "\n![The loops, the growth with m, the targets](speed.png)\n"


def _stated(measurements: Measured) -> str:
    """The machine, its load and versions, and the images that were used."""
    machine, parts = measurements["machine"], measurements["parts"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    data = {"catvnoncat": "the course's photographs", "painted": "the painted set"}
    name = parts.get("loop", {}).get("data")
    return (
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['memory GB']} GB; "
        f"Linux {machine['kernel']}; Python {machine['python']}; NumPy's BLAS: {machine['blas']}; "
        f"{versions}. Data: {data.get(name, 'not measured')}, 209 images. The load average before a part "
        f"was at most {max(measurements['load'].values(), default=0.0):.1f}. Seconds are medians (with "
        "ranges) of 2500 iterations in float64 on one core; ratios are nnlab's time over the peer's, the "
        "medians of pairs that ran one after the other. Peers that hold W1 ran 100 of the 2500 iterations, "
        "scaled up. A time counts only where the costs agreed to 1e-6."
    )


def _points(points: Sequence[Measured]) -> str:
    """A row for each m and batch."""
    head = (
        "m", "batch", "primal, ms a step", "Gram, ms a step", "K, s", "primal, s", "Gram, s",
        "`auto`", "over the faster",
    )  # fmt: skip
    lines = []
    for point in points:
        ms, total, K = point["ms"], point["total"], point["K seconds"]
        memory = "memory forbids" if K is None else None
        lines.append([
            f"{point['m']}", f"{point['batch'] or 'full'}{', L2' if point['l2'] else ''}",
            f"{ms['primal']:.3g}",
            memory or f"{ms['gram']:.3g}", "" if memory else f"{K:.2g}", f"{total['primal']:.3g}",
            "" if memory else f"{total['gram']:.3g}", point["auto"], f"{point['ratio']:.2f}",
        ])  # fmt: skip
    return _table(head, lines)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def show(measurements: Measured) -> None:
    """Print the table on the terminal."""
    console = Console(width=None if sys.stdout.isatty() else 190)
    table = Table(*HEAD)
    for row in rows(measurements["parts"]):
        table.add_row(*(cell.replace("**", "") for cell in row.cells()))
    console.print(table, markup=False)
    said = verdict(measurements)
    print(f"{said['verdict']}: {said['sentence']}")


def write(measurements: Measured, folder: Path) -> None:
    """Write measurements, verdict, picture and the end of the README, all from the rounded numbers."""
    measurements = _digits(measurements)
    for name, content in ((MEASUREMENTS, measurements), ("verdict.json", verdict(measurements))):
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    figure.save(measurements["parts"], rows(measurements["parts"]), folder / "speed.png")
    readme = folder / "README.md"
    head = (
        readme.read_text("utf-8").partition(WRITTEN)[0].rstrip()
        if readme.is_file()
        else f"# speed\n\n{CLAIM}"
    )
    readme.write_text(f"{head}\n\n{WRITTEN}\n\n{markdown(measurements)}")


def read(folder: Path) -> dict[str, Any]:
    """The measurements of before; empty if there are none."""
    path = folder / MEASUREMENTS
    if not path.is_file():
        return {"machine": None, "load": {}, "parts": {}}
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _digits(value: Any) -> Any:
    """Every number rounded to five digits; a timing is not more exact."""
    if isinstance(value, Mapping):
        return {key: _digits(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_digits(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
