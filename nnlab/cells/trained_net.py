"""A record's net as it is used: the trained functions, applied to new examples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.cells.weights import weights
from nnlab.errors import UserError
from nnlab.nn import ACTIVATIONS, OUTPUTS, Answer, Net, activation, answers, features, forward
from nnlab.records.record import Record
from nnlab.threads import limited


def net_of(rec: Record) -> Net:
    """The trained net of a record; UserError if its weights or what they need are missing."""
    run = f"run {rec.fingerprint[:16]}"
    if not rec.shape:
        raise UserError(
            f"{run}: its record was written before `nnlab predict` existed and does not name its inputs "
            "and classes; train it again (sweep.force=true)"
        )
    try:
        net = _net(rec)
        if _fits(rec, net):
            return net
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{run}: its record is damaged ({error}); train it again") from None
    raise UserError(f"{run}: its weights, inputs and classes do not fit each other; train it again")


def _net(rec: Record) -> Net:
    arrays, model = weights(rec), rec.config["model"]
    layers = range(1, model["depth"] + 1)
    parameters = [(arrays[f"W{l}"], arrays[f"b{l}"]) for l in layers]
    return Net(parameters, activation(model["activation"], model), model["output"])


def _fits(rec: Record, net: Net) -> bool:
    """Do the shapes fit, and do the functions exist? A record may come from anywhere."""
    n_in = int(np.prod(rec.shape))
    for W, b in net.parameters:
        if W.dtype.kind != "f" or W.shape[1:] != (n_in,) or b.shape != (len(W), 1):
            return False
        n_in = len(W)
    functions = rec.config["model"]["activation"] in ACTIVATIONS and net.output in OUTPUTS
    dtype = rec.config["trainer"]["dtype"] in ("float64", "float32")
    if rec.regression:
        return functions and dtype and net.output == "identity"
    return functions and dtype and (n_in == len(rec.classes) or (n_in, len(rec.classes)) == (1, 2))


def outputs(rec: Record, net: Net, x: NDArray[Any]) -> NDArray[np.floating]:
    """A_L (n_L, k) of a record's net for examples (k, *rec.shape)."""
    with limited(1):  # as for the metrics of the record
        _, A_L = forward(net, features(x, rec.config["trainer"]["dtype"]))
    return A_L


def ask(rec: Record, net: Net, x: NDArray[Any]) -> list[Answer]:
    """The classes that a record's net names for examples (k, *rec.shape)."""
    return answers(outputs(rec, net, x), rec.classes)
