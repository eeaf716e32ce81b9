"""The summary of the measurements: the table in the README, the verdict, the output on the terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from experiments.speed import figure
from experiments.speed.machine import SET
from experiments.speed.row import Row, ratio_text
from experiments.speed.rows import WITH_W1, paired, rows

WRITTEN = "<!-- what follows is written by `make bench` -->"
HEAD = ("", "nnlab", "peer", "ratio", "target", "met")
MEASUREMENTS, PICTURE = "measurements-{}.json", "speed-{}.png"  # by the kernels of BLAS
CLAIM = (
    "nnlab trains its nets faster than every peer that does the same work, and a sweep costs little more "
    "than its arithmetic."
)
Measured = Mapping[str, Any]


def verdict(kinds: Measured) -> dict[str, Any]:
    """Confirmed if all targets are met, refuted if one is missed, inconclusive if one was not measured."""
    lines = {kind: rows(kind, each["parts"]) for kind, each in kinds.items()}
    every = [row for of_kind in lines.values() for row in of_kind]
    missed, missing = any(row.met is False for row in every), any(row.missing for row in every)
    missing |= all(kind.endswith(SET) for kind in kinds)  # then some peers have no target
    return {
        "name": "speed",
        "claim": CLAIM,
        "verdict": "refuted" if missed else "inconclusive" if missing or not every else "confirmed",
        "sentence": " ".join(
            f"With {kind} kernels {_sentence(kinds[kind]['parts'], of_kind)}"
            for kind, of_kind in lines.items()
        ),
        "figures": {
            f"{kind}: {row.what}": _digits(row.value)
            for kind, of_kind in lines.items()
            for row in of_kind
            if row.value is not None
        },
        "runs": [],
    }


def _sentence(parts: Measured, lines: Sequence[Row]) -> str:
    """The most important numbers, and the targets that were missed or not measured."""
    missed = [row.what for row in lines if row.met is False]
    missing = sum(row.missing for row in lines)
    told = sum(row.met is not None for row in lines)
    said = [f"{told - len(missed)} of {told} measured targets are met"]
    deep = parts.get("loop", {}).get("nets", {}).get("deep", {})
    peers = [deep[name]["seconds"] for name in WITH_W1 if "seconds" in deep.get(name, {})]
    if peers and "nnlab" in deep:
        nearest = min(1 / paired(deep["nnlab"]["seconds"], seconds) for seconds in peers)
        said.append(f"the fastest peer that holds W1 takes {nearest:.3g} times as long on the deep net")
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
        said.append(f"{missing} not measured")
    return "; ".join(said) + "."


def markdown(kinds: Measured) -> str:
    """The end of the README: the verdict, all kinds of kernels side by side, then each with its machine."""
    said = verdict(kinds)
    each = "\n".join(_details(kind, measurements) for kind, measurements in kinds.items())
    return f"**{said['verdict'].capitalize()}.** {said['sentence']}\n\n{_side_by_side(kinds)}\n\n{each}"


def _side_by_side(kinds: Measured) -> str:
    """Each target with what was measured with each kind of kernels; what misses it is bold."""
    columns = [{row.what: row for row in rows(kind, each["parts"])} for kind, each in kinds.items()]
    aimed = dict.fromkeys(
        row.what
        for kind, each in kinds.items()
        for row in rows(kind.removesuffix(SET), each["parts"])
        if row.target is not None
    )
    lines = [
        [what, *(_measured(column[what]) if what in column else "" for column in columns)] for what in aimed
    ]
    return _table(("a target", *kinds), lines)


def _measured(row: Row) -> str:
    """`0.93 (≤ 1)`, or `0.93` without a target."""
    aim = "" if row.target is None else f" (≤ {row.target:g})"
    if row.value is None:
        return f"not measured{aim}" if aim else ""
    value = f"{row.value:.3g} {row.unit}" if row.unit else ratio_text(row.value)
    text = f"{value.strip()}{aim}"
    return f"**{text}**" if row.met is False else text


def _details(kind: str, measurements: Measured) -> str:
    """A folded part of the page: machine, table, the points by m; and the picture."""
    parts = measurements["parts"]
    table = _table(HEAD, [row.cells() for row in rows(kind, parts)])
    folded = f"{_stated(measurements)}\n\n{table}\n"
    if points := parts.get("scale"):
        folded += f"\n{_points(points)}\n"
    return (
        f"## {kind} kernels\n\n![The loops, the growth with m, the targets]({PICTURE.format(kind)})\n\n"
        f"<details><summary>The machine and all rows</summary>\n\n{folded}\n</details>\n"
    )


def _stated(measurements: Measured) -> str:
    """The machines with their versions, the load, and the images that were used."""
    parts, machines = measurements["parts"], measurements["machines"]
    of_machine: dict[str, list[str]] = {}
    for part, machine in machines.items():
        of_machine.setdefault(_described(machine), []).append(part)
    said = [f"{text} ({', '.join(names)})" for text, names in of_machine.items()]
    if len(said) == 1:
        said = list(of_machine)
    data = {"catvnoncat": "the course's photographs", "painted": "the painted set"}
    name = parts.get("loop", {}).get("data")
    return (
        f"Machine: {'. Another machine: '.join(said)}. Data: {data.get(name, 'not measured')}, 209 images. "
        "The load average before a part was at most "
        f"{max(measurements['load'].values(), default=0.0):.1f}. Seconds are medians (with ranges) of 2500 "
        "iterations in float64 on one core; ratios are nnlab's time over the peer's, the "
        "medians of pairs that ran one after the other. Peers that hold W1 ran 100 of the 2500 iterations, "
        "scaled up. A time counts only where the costs agreed to 1e-6."
    )


def _described(machine: Measured) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory GB']} GB; "
        f"Linux {machine['kernel']}; Python {machine['python']}; NumPy's BLAS: {machine['blas']}; "
        f"{versions}"
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


def show(kind: str, parts: Measured) -> None:
    """Print the table on the terminal."""
    lines = rows(kind, parts)
    console = Console(width=None if sys.stdout.isatty() else 190)
    table = Table(*HEAD)
    for row in lines:
        table.add_row(*(cell.replace("**", "") for cell in row.cells()))
    console.print(table, markup=False)
    print(_sentence(parts, lines))


def write(kinds: Measured, folder: Path) -> None:
    """Write measurements, verdict, pictures and the end of the README, all from the rounded numbers."""
    kinds = _digits(kinds)
    for kind, measurements in kinds.items():
        _write_json(folder / MEASUREMENTS.format(kind), measurements)
        parts = measurements["parts"]
        figure.save(parts, rows(kind, parts), folder / PICTURE.format(kind))
    _write_json(folder / "verdict.json", verdict(kinds))
    readme = folder / "README.md"
    head = (
        readme.read_text("utf-8").partition(WRITTEN)[0].rstrip()
        if readme.is_file()
        else f"# speed\n\n{CLAIM}"
    )
    readme.write_text(f"{head}\n\n{WRITTEN}\n\n{markdown(kinds)}", "utf-8")


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The measurements of before, by the kernels of BLAS."""
    paths = {path.stem.partition("-")[2]: path for path in folder.glob(MEASUREMENTS.format("*"))}
    return {kind: json.loads(paths[kind].read_text("utf-8")) for kind in sorted(paths)}


def nothing() -> dict[str, Any]:
    """The measurements of a machine before the first."""
    return {"machines": {}, "load": {}, "parts": {}}


def _digits(value: Any) -> Any:
    """Every number rounded to five digits; a timing is not more exact."""
    if isinstance(value, Mapping):
        return {key: _digits(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_digits(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
