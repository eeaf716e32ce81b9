"""A record's net as an MLflow model: code, plain arrays, requirements, signature and an example.

The code is one file, put together from the very modules that the trainer runs, and the arrays one
.npz without pickle. It needs no nnlab, so it answers as trained whatever nnlab is or becomes.
"""

import ast
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from mlflow.types.schema import Array

from nnlab.model import net_of
from nnlab.record import Record

PARTS = ("activations", "losses", "metrics", "forward", "served")  # each after those it imports
REQUIREMENTS = ("mlflow", "numpy", "threadpoolctl")


def save(rec: Record, folder: Path, **identity: Any) -> None:
    """Write the model of a record into ``folder``; ``identity`` is what MLflow calls it and its run.

    ``folder`` is new; the files that go into it are made beside it.
    """
    code, arrays = folder.with_name("model.py"), folder.with_name("net.npz")
    code.write_text(source(), "utf-8")
    np.savez(arrays, allow_pickle=False, **_arrays(rec))
    image = len(rec.shape) == 3
    x = np.full((1, *rec.shape), 128, np.uint8) if image else np.zeros((1, *rec.shape))
    inputs = Schema([TensorSpec(x.dtype, (-1, *rec.shape))])
    outputs = Schema(
        [
            ColSpec("string", "class"),
            ColSpec("double", "probability"),
            ColSpec(Array("double"), "probabilities"),
        ]
    )
    mlflow.pyfunc.save_model(
        str(folder),
        python_model=str(code),
        artifacts={"net": str(arrays)},
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        signature=ModelSignature(inputs, outputs),
        input_example=x,
        mlflow_model=Model(**identity),
    )


def _arrays(rec: Record) -> dict[str, Any]:
    """All that the answers depend on, as arrays of numbers and text."""
    net = net_of(rec)
    functions = {"activation": net.activation, "leak": net.leak, "output": net.output}
    weights = {
        f"{n}{l}": p for l, pair in enumerate(net.parameters, 1) for n, p in zip("Wb", pair, strict=True)
    }
    return functions | weights | {"dtype": rec.config["trainer"]["dtype"], "classes": np.array(rec.classes)}


def source() -> str:
    """The modules of PARTS as one file, without their imports of one another."""
    return "\n\n".join(_without_own_imports(Path(__file__).with_name(f"{part}.py")) for part in PARTS)


def _without_own_imports(path: Path) -> str:
    text = path.read_text("utf-8")
    own = {
        line
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("nnlab.")
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return "".join(line for n, line in enumerate(text.splitlines(True), 1) if n not in own)
