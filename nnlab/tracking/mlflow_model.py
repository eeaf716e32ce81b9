"""A record's net as the files of an MLflow model: code, plain arrays, requirements, an example.

The code is one file, put together from the very modules that the trainer runs, and the arrays one
.npz without pickle. It needs no nnlab, so it answers as trained whatever nnlab is or becomes.
"""

import ast
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.cells.trained_net import net_of
from nnlab.records.record import Record

# each after those it imports
PARTS = (
    "nn/arrays", "nn/options", "nn/tape", "nn/activations", "nn/losses", "nn/metrics", "nn/inference",
    "tracking/served_model",
)  # fmt: skip
REQUIREMENTS = ("mlflow", "numpy", "threadpoolctl")


class Files(NamedTuple):
    """What MLflow packs into a model."""

    code: Path
    arrays: Path
    requirements: list[str]
    example: NDArray[Any]  # one input (1, ...)
    regression: bool  # does it answer with numbers alone, and not with classes?


def write(rec: Record, folder: Path) -> Files:
    """Write code and arrays of a record's model into ``folder``."""
    code, arrays = folder / "model.py", folder / "net.npz"
    code.write_text(source(), "utf-8")
    np.savez(arrays, allow_pickle=False, **_arrays(rec))
    image = len(rec.shape) == 3
    example = np.full((1, *rec.shape), 128, np.uint8) if image else np.zeros((1, *rec.shape))
    requirements = [f"{name}=={version(name)}" for name in REQUIREMENTS]
    return Files(code, arrays, requirements, example, rec.regression)


def _arrays(rec: Record) -> dict[str, Any]:
    """All that the answers depend on, as arrays of numbers and text."""
    net = net_of(rec)
    model = rec.config["model"]
    options = {key: model.get(key, option.default) for key, option in net.g.options.items()}
    functions = {"activation": model["activation"], "output": net.output, **options}
    weights = {
        f"{n}{l}": p for l, pair in enumerate(net.parameters, 1) for n, p in zip("Wb", pair, strict=True)
    }
    return functions | weights | {"dtype": rec.config["trainer"]["dtype"], "classes": np.array(rec.classes)}


def source() -> str:
    """The modules of PARTS as one file, without their imports of one another."""
    return "\n\n".join(_without_own_imports(Path(__file__).parent.parent / f"{part}.py") for part in PARTS)


def _without_own_imports(path: Path) -> str:
    text = path.read_text("utf-8")
    own = {
        line
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("nnlab.")
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return "".join(line for n, line in enumerate(text.splitlines(True), 1) if n not in own)
