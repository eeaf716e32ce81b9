"""The code of a served model. MLflow loads it as one file with the modules it imports (``model_code``)."""

from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from threadpoolctl import threadpool_limits

from nnlab.nn import Net, activation, answers, features, forward


class ServedNet(PythonModel):
    """A trained net: images (k, height, width, channels) uint8, or features (k, n_0), to answers."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the net from its plain arrays."""
        with np.load(context.artifacts["net"], allow_pickle=False) as arrays:
            net = dict(arrays)
        L = sum(name.startswith("W") for name in net)
        self._net = Net(
            [(net[f"W{l}"], net[f"b{l}"]) for l in range(1, L + 1)],
            activation(str(net["activation"]), net),
            str(net["output"]),
        )
        self._dtype, self._classes = str(net["dtype"]), net["classes"].tolist()

    def predict(
        self,
        context: PythonModelContext,
        model_input: np.ndarray,  # MLflow reads this hint
        params: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """For each example its class, the class's probability and those of all classes.

        For a regression its outputs.
        """
        with threadpool_limits(1):  # as for the metrics of a record
            _, A_L = forward(self._net, features(model_input, self._dtype))
        if not self._classes:
            return [{"outputs": column.tolist()} for column in A_L.T]
        return [
            {"class": answer.name, "probability": answer.probability, "probabilities": answer.probabilities}
            for answer in answers(A_L, self._classes)
        ]


set_model(ServedNet())
