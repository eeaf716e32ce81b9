"""The rows of the table: each measurement and its target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from experiments.speed import thousands
from experiments.speed.machine import SET
from experiments.speed.row import Row
from experiments.speed.scale import KINDS
from experiments.speed.work import TOLERANCE

NETS = {"deep": "deep net", "two_layer": "two-layer net"}
WITH_W1 = (
    "course-style NumPy", "plain NumPy", "PyTorch", "torch.compile", "JAX", "scikit-learn",
)  # fmt: skip
JAX_GRAM = {"deep": 1.0, "two_layer": 1.2}
AROUND = (1.4, 1.25)  # targets of a sweep beside its training, for cells that train shorter and longer than
SHORT = 0.2  # seconds
SCALE = 1.2  # the target of `auto`, in times of the faster solver
Measured = Mapping[str, Any]


def rows(kind: str, parts: Measured) -> list[Row]:
    """All rows, also those that were not measured.

    If a variable chose the kernels, a peer that has its own is shown without a target.
    """
    free = kind.endswith(SET)
    return [replace(row, target=None) if free and row.peer_has_kernels else row for row in _rows(parts)]


def _rows(parts: Measured) -> list[Row]:
    return [
        *_loop(parts.get("loop", {}).get("nets", {})),
        *_float32(parts.get("float32", {})),
        *_adaptive(parts.get("adaptive")),
        *_diagnostics(parts.get("diagnostics")),
        *_starts(parts.get("starts", {})),
        *_cells(parts.get("cells")),
        *_stacked(parts.get("stacked")),
        *_conventional(parts.get("conventional", {}), parts.get("cells")),
        *_scale(parts.get("scale", [])),
        *_streaming(parts.get("streaming")),
        *thousands.rows(parts.get("thousands", {})),
    ]


def span(seconds: Sequence[float]) -> str:
    """The median and the range."""
    return f"{median(seconds):.3g} s ({min(seconds):.3g} to {max(seconds):.3g})"


def paired(ours: Sequence[float], peer: Sequence[float]) -> float:
    """The median of the ratios of runs that ran one after the other."""
    return median(a / b for a, b in zip(ours, peer, strict=False))


# -- one cell ------------------------------------------------------------------------------------


def _loop(nets: Measured) -> Iterator[Row]:
    for net, name in NETS.items():
        found = nets.get(net, {})
        yield _against(found, name, "JAX Gram", JAX_GRAM[net], "JAX with the Gram formulation, warm")
        yield _compiling(found, name)
        yield _against(found, name, "floor", 2.0 if net == "deep" else None, "its matrix products alone")
        for peer in WITH_W1:
            yield _against(found, name, peer, 1.0, peer)
        yield _against(found, name, "nnlab primal", None, "nnlab with W1 itself")
        yield _against(found, name, "nnlab with K", None, "nnlab, counting K and the net too")


def _against(found: Measured, net: str, key: str, target: float | None, label: str) -> Row:
    """The row of nnlab's loop and a peer's; a time counts only if the costs agreed."""
    what = f"{net}: {label}"
    ours, peer = found.get("nnlab"), found.get(key)
    if ours is None or peer is None:
        return Row(what, "", target=target)
    if "failure" in peer:
        return Row(what, span(ours["seconds"]), peer["failure"], target=target)
    value = paired(ours["seconds"], peer["seconds"])
    return Row(what, span(ours["seconds"]), span(peer["seconds"]), value, target)


def _compiling(found: Measured, net: str) -> Row:
    what = f"{net}: JAX with the Gram formulation and its compilation"
    peer = found.get("JAX Gram", {})
    if "first" not in peer:
        return Row(what, "", peer.get("failure", ""), target=1.0)
    ours = median(found["nnlab"]["seconds"])
    return Row(what, f"{ours:.3g} s", f"{peer['first']:.3g} s", ours / peer["first"], 1.0)


def _float32(nets: Measured) -> Iterator[Row]:
    for net, name in NETS.items():
        if found := nets.get(net):
            seconds = found["seconds"]
            yield Row(
                f"{name}: float32 beside float64", span(seconds["float32"]), span(seconds["float64"]),
                paired(seconds["float32"], seconds["float64"]),
            )  # fmt: skip
            yield Row(f"{name}: float32 leaves the costs of float64 by", f"{found['difference']:.2g}")


def _adaptive(found: Measured | None) -> Iterator[Row]:
    pairs = {
        ("adam", "adam floor"): ("Adam: two products with X and the bytes of its vectors", 1.5),
        ("rmsprop", "rmsprop floor"): ("RMSprop: two products with X and the bytes of its vectors", 1.5),
        ("adam", "JAX Adam"): ("Adam: JAX", 1.2),
    }
    for (name, peer), (label, target) in pairs.items():
        what = f"deep net with {label}"
        if found is None or "failure" in found:
            yield Row(what, "", "" if found is None else found["failure"], target=target)
            continue
        ours, theirs = ([1e3 * s / found["steps"] for s in found["seconds"][each]] for each in (name, peer))
        agrees = found["difference"] <= TOLERANCE
        value = paired(ours, theirs) if agrees or peer != "JAX Adam" else None
        yield Row(what, f"{median(ours):.3g} ms a step", f"{median(theirs):.3g} ms", value, target)


def _diagnostics(found: Measured | None) -> Iterator[Row]:
    what = "deep net: the steps between evaluations every 100 steps"
    if found is None:
        yield Row(what, "", target=1.05)
        return
    seconds = found["seconds"]
    ratio = paired(seconds["with"], seconds["without"])
    yield Row(what, span(seconds["with"]), f"{span(seconds['without'])} without", ratio, 1.05)
    yield Row("a diverging net (identity, rate 10) ends after", f"{found['diverged after']} of 2500 steps")


def _stacked(found: Measured | None) -> Iterator[Row]:
    if found is None:
        return
    best, seconds = found["best"], found["seconds"]
    bits = "the same bits" if found["same bits"] else "other bits"
    ratio = paired(seconds["nnlab"], seconds[str(best)])
    what = f"deep nets stacked in one product, the best stack ({best}; {bits}), per cell; not taken"
    yield Row(what, f"{span(seconds['nnlab'])} single", span(seconds[str(best)]), ratio)


# -- many cells ----------------------------------------------------------------------------------


def _starts(found: Measured) -> Iterator[Row]:
    labels = {
        "help": ("`nnlab --help`", 0.15), "line": ("first line of `nnlab sweep`", 0.6),
        "cell": ("first cell of `nnlab sweep` begins", 1.0),
    }  # fmt: skip
    for key, (label, target) in labels.items():
        shown, value = (span(found[key]), median(found[key])) if key in found else ("", None)
        yield Row(f"from Enter: {label}", shown, "", value, target, "s")


def _cells(found: Measured | None) -> Iterator[Row]:
    labels = {
        "wall": "256 deep nets: trained, recorded and published",
        "pure": "256 deep nets: beside their training alone, split over the cores",
        "harness": "harness of a cell in its worker",
        "published": "publishing a cell into SQLite, time of the processor",
        "import": "first cell begins, beside the opening of the MLflow store",
        "result": "`nnlab train` prints its result before it publishes",
    }
    if found is None:
        targets = {"wall": (45.0, "s"), "harness": (20.0, "ms"), "published": (20.0, "ms")}
        for key, label in labels.items():
            target, unit = targets.get(key, (AROUND[1] if key == "pure" else 1.0, ""))
            yield Row(label, "", target=target, unit=unit)
        return
    wall, pure, count = found["sweep"]["seconds"], found["pure"], found["cells"]
    shown = f"{wall:.1f} s" if count == 256 else f"{wall:.1f} s for {count} cells only"
    yield Row(labels["wall"], shown, "", wall if count == 256 else None, 45.0, "s")
    alone = f"{found['pure mean']:.1f} s ({min(pure):.1f} to {max(pure):.1f}) on {found['cores']} cores"
    ratio = wall / found["pure mean"] if count == 256 else None
    short = found["pure mean"] * found["cores"] / count < SHORT
    yield Row(labels["pure"], shown, alone, ratio, AROUND[0 if short else 1])
    for key, seconds in (("harness", found["harness"]), ("published", found["published"]["cpu"])):
        shown = f"{1e3 * median(seconds):.1f} ms ({1e3 * min(seconds):.1f} to {1e3 * max(seconds):.1f})"
        if key == "published":
            shown += f", {1e3 * median(found['published']['wall']):.1f} ms by the clock"
        yield Row(labels[key], shown, "", 1e3 * median(seconds), 20.0, "ms")
    first, opened = found["sweep"]["first cell"], found["sweep"]["store opened"]
    yield Row(labels["import"], f"{first:.1f} s", f"{opened:.1f} s", first / opened, 1.0)
    seen, result, end = (
        median(run[key] for run in found["train"]) for key in ("first output", "result", "end")
    )
    shown = f"{result:.1f} s (first output after {seen:.1f} s)"
    yield Row(labels["result"], shown, f"{end:.1f} s to its end", result / end, 1.0)
    yield from _planning(found["planning"])


def _planning(found: Measured) -> Iterator[Row]:
    job = f"{1e3 * found['job']:.0f} ms for Hydra's two compositions of a job"
    for key, label in (("grid", "a grid over three keys"), ("seeds", "as many seeds")):
        each = found[key] / found["cells"]
        what = f"planning {found['cells']} cells, {label}, per cell"
        yield Row(what, f"{1e3 * each:.1f} ms ({found[key]:.2g} s)", job, each / found["job"])


def _conventional(found: Measured, cells: Measured | None) -> Iterator[Row]:
    for trainer in ("numpy", "torch"):
        what = f"256 deep nets: Hydra jobs that log each step to MLflow ({trainer})"
        entry = found.get(trainer)
        if entry is None or cells is None or cells["cells"] != 256:
            yield Row(what, "", target=1.0)
            continue
        ours = cells["sweep"]["seconds"]
        if "failure" in entry:
            yield Row(what, f"{ours:.1f} s", entry["failure"], target=1.0)
            continue
        minutes, steps = entry["sweep"] / 60, found["iterations"]
        peer = f"{minutes:.0f} min ({entry['cell']:.1f} s a cell, from {steps} steps)"
        yield Row(what, f"{ours:.1f} s", peer, ours / entry["sweep"], 1.0)


# -- larger sets ---------------------------------------------------------------------------------


def _scale(points: Sequence[Measured]) -> Iterator[Row]:
    for batch, l2 in KINDS:
        of_kind = [point for point in points if (point["batch"], point["l2"]) == (batch, l2)]
        kind = f"{'full batch' if batch is None else f'minibatches of {batch}'}{', L2' if l2 else ''}"
        what = f"`auto`, {kind}: beside the faster solver, at the worst m"
        if not of_kind:
            yield Row(what, "", target=SCALE)
            continue
        worst = max(of_kind, key=lambda point: point["ratio"])
        totals = worst["total"]
        shown = f"m = {worst['m']}: {worst['auto']} {totals[worst['auto']]:.3g} s"
        yield Row(what, shown, f"{min(totals.values()):.3g} s", worst["ratio"], SCALE)


def _streaming(found: Measured | None) -> Iterator[Row]:
    images = f"{found['images']:,} images of 64x64x3" if found else "50,000 images of 64x64x3"
    what = f"{images} streamed from HDF5: peak of resident memory"
    if found is None:
        yield Row(what, "", target=500.0, unit="MB")
        return
    streamed, whole = found["peak MB"]["streamed"], found["peak MB"]["in memory"]
    shown = f"{streamed['end']:.0f} MB ({streamed['record']:.0f} until its record, before MLflow is loaded)"
    yield Row(what, shown, f"{whole['end']:.0f} MB in memory", streamed["end"], 500.0, "MB")
    bits = "the same bits" if found["same bits"] else "other bits"
    ms = found["ms"]
    yield Row(
        f"{images} streamed from HDF5: a step ({bits})",
        f"{ms['streamed']:.2f} ms", f"{ms['in memory']:.2f} ms in memory", ms["streamed"] / ms["in memory"],
    )  # fmt: skip
