"""A record's net as an MLflow model: code, plain arrays, requirements, an example.

The code is one file made of the modules that the trainer runs, and the arrays are one .npz without
pickle. The model needs no nnlab, so later changes of nnlab do not change its answers.
"""

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.cells import net_of
from nnlab.records.record import Record
from nnlab.tracking import model_code
from nnlab.tracking.store import Store

REQUIREMENTS = ("mlflow", "numpy", "threadpoolctl")
NOT_IN_NAMES = str.maketrans(dict.fromkeys("/:.%\"'", "_"))  # what MLflow refuses in a model's name


def log_model(store: Store, run_id: str, rec: Record) -> None:
    """Log the net of a record as the model of its run, under the run's name, unless it has one already."""
    from mlflow.entities import LoggedModelOutput

    client = store.client
    run = client.get_run(run_id)
    if run.outputs is not None and run.outputs.model_outputs:
        return
    net_of(rec)  # a damaged record is refused before anything is written
    name = run.info.run_name.translate(NOT_IN_NAMES)
    logged = client.create_logged_model(run.info.experiment_id, name, run_id)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        save(write(rec, Path(scratch)), folder, run_id, logged.model_id)
        client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])


class Files(NamedTuple):
    """The parts of an MLflow model."""

    code: Path
    arrays: Path
    requirements: list[str]
    example: NDArray[Any]  # one input (1, ...)
    regression: bool  # are its answers numbers instead of classes?


def write(rec: Record, folder: Path) -> Files:
    """Write code and arrays of a record's model into ``folder``."""
    code, arrays = folder / "model.py", folder / "net.npz"
    code.write_text(model_code.source(), "utf-8")
    np.savez(arrays, allow_pickle=False, **_arrays(rec))
    image = len(rec.shape) == 3
    example = np.full((1, *rec.shape), 128, np.uint8) if image else np.zeros((1, *rec.shape))
    requirements = [f"{name}=={version(name)}" for name in REQUIREMENTS]
    return Files(code, arrays, requirements, example, rec.regression)


def _arrays(rec: Record) -> dict[str, Any]:
    """Everything that the answers depend on, as arrays of numbers and text."""
    net = net_of(rec)
    model = rec.config["model"]
    options = {name: model.get(name, option.default) for name, option in net.g.options.items()}
    functions = {"activation": model["activation"], "output": net.output} | options
    weights = {
        f"{n}{l}": p for l, pair in enumerate(net.parameters, 1) for n, p in zip("Wb", pair, strict=True)
    }
    return functions | weights | {"dtype": rec.config["trainer"]["dtype"], "classes": np.array(rec.classes)}


def save(files: Files, folder: Path, run_id: str, model_id: str) -> None:
    """Pack a net's files into an MLflow model in ``folder``.

    It takes uint8 images or features; it answers with class and probabilities, of a regression with its
    outputs.
    """
    from mlflow import pyfunc  # the import takes another second
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec
    from mlflow.types.schema import Array

    example = files.example
    answer = [] if files.regression else [ColSpec("string", "class"), ColSpec("double", "probability")]
    signature = ModelSignature(
        Schema([TensorSpec(example.dtype, (-1, *example.shape[1:]))]),
        Schema([*answer, ColSpec(Array("double"), "outputs" if files.regression else "probabilities")]),
    )
    pyfunc.save_model(
        str(folder), python_model=str(files.code), artifacts={"net": str(files.arrays)},
        pip_requirements=files.requirements, signature=signature, input_example=example,
        mlflow_model=Model(run_id=run_id, model_id=model_id),
    )  # fmt: skip
