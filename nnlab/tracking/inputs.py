"""The data sets of a run, as MLflow's inputs: its column `Dataset` names them."""

import json
from math import prod
from pathlib import Path
from typing import Any

from nnlab.records.record import Record

CONTEXT = "mlflow.data.context"  # the tag that says what a set was used for
SHOWN = 12  # letters of a digest


def inputs(rec: Record) -> list[Any]:
    """MLflow's inputs of a record's run; none where the record is of a version that did not name them."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    found = []
    for split, examples in rec.sets.items():
        path = _path(rec.config["data"], split)
        dataset = Dataset(
            name=_name(rec.config["data"], path),
            digest=examples["digest"][:SHOWN],
            source_type="local",
            source=json.dumps({"uri": path}),
            schema=json.dumps(_schema(examples)),
            profile=json.dumps(_profile(examples)),
        )
        found.append(DatasetInput(dataset, [InputTag(CONTEXT, split)]))
    return found


def _path(data: dict[str, Any], split: str) -> str:
    """The file that a split was read from."""
    return str(data.get("file") or data["test" if split == "test" else "train"])


def _name(data: dict[str, Any], path: str) -> str:
    """The set's name, or of any file of a user's own the file's."""
    return Path(path).stem if data["name"] == "hdf5" else str(data["name"])


def _schema(examples: dict[str, Any]) -> dict[str, Any]:
    _, *shape = examples["shape"]
    features = {"dtype": examples["dtype"], "shape": [-1, *shape]}
    return {
        "mlflow_tensorspec": {"features": [{"type": "tensor", "tensor-spec": features}], "targets": None}
    }


def _profile(examples: dict[str, Any]) -> dict[str, Any]:
    shape = examples["shape"]
    return {"num_rows": shape[0], "num_elements": prod(shape), "features_shape": shape}
