"""The weights of a record: what is kept of W1, and how it is got back.

W1 is by far the largest part of a net. A net of the Gram solver does not need it: W1 = c W1_0 + C X^T (see
``nnlab.nn.first_layer``), W1_0 is drawn from the seed, and X are the training images. So with
``records.weights=dual`` a record keeps C (n_1, m), c (1,) and e (n_1, 1) in its place. ``none`` keeps no
weights at all.

A longer training goes on from the parameters as they were trained and the moments of the optimizer. With
``records.state`` these stand beside the weights: C, c and e of the Gram solver, moment1 and moment2.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.cells import pictures
from nnlab.cells.build import build_network, layer_sizes
from nnlab.cells.load import dataset
from nnlab.cells.recorded_config import configuration
from nnlab.cells.recorded_data import is_own, located
from nnlab.cells.snapshot import Snapshot
from nnlab.config import Config
from nnlab.data import Dataset
from nnlab.errors import UserError
from nnlab.nn import OPTIMIZERS
from nnlab.records import code_digest
from nnlab.records.record import Record, jpeg
from nnlab.threads import limited

Arrays = Mapping[str, NDArray[Any]]

DIGEST = "W1_sha256"  # (32,) uint8, of the bytes of the W1 that is not kept
COEFFICIENTS = ("C", "c", "e")  # what a net of the Gram solver has in the place of W1 and b1
MOMENT = re.compile("moment[0-9]")


def kept(arrays: Mapping[str, Arrays], cfg: Config, end: Snapshot) -> dict[str, Arrays]:
    """The arrays of a record's files, with the weights and the state as the configuration wants them.

    W1 itself is kept of a net of the primal solver, which has no dual coefficients.
    """
    others, weights, gram = dict(arrays), arrays["weights"], cfg.trainer.solver == "gram"
    if cfg.records.weights == "none":
        del others["weights"]
        return others
    state = gram if cfg.records.state is None else cfg.records.state
    coefficients = {name: end.parameters[name] for name in COEFFICIENTS} if gram else {}
    if gram and cfg.records.weights == "dual":
        rest = {name: array for name, array in weights.items() if name != "W1"}
        others["weights"] = {**coefficients, DIGEST: _sha256(weights["W1"]), **rest}
    elif state:
        others["weights"] = {**weights, **coefficients}
    if state:
        others["weights"] = {**others["weights"], **end.moments}
    return others


def form(rec: Record) -> str:
    """What a record keeps of its weights: full, dual or none."""
    names = rec.names("weights")
    return "full" if "W1" in names else "dual" if names else "none"


def keeps_moments(rec: Record) -> bool:
    """Does a record keep the moments of its optimizer?"""
    return any(map(MOMENT.fullmatch, rec.names("weights")))


def keeps_state(rec: Record) -> bool:
    """Does a record keep all that a longer training goes on from? UserError if its files are damaged."""
    names = rec.names("weights")
    moments, optimizer = filter(MOMENT.fullmatch, names), OPTIMIZERS[rec.config["optimizer"]["name"]]
    return names >= {*_coordinates(rec)} and len([*moments]) == optimizer.moments


def state_of(rec: Record) -> Snapshot:
    """The state after the last step of a record that keeps it; UserError if its files are damaged."""
    arrays = rec.arrays("weights")
    moments = {name: array for name, array in arrays.items() if MOMENT.fullmatch(name)}
    others = {DIGEST, "W1", "b1", *COEFFICIENTS, *moments}
    upper = {name: array for name, array in arrays.items() if name not in others}
    parameters = {name: arrays[name] for name in _coordinates(rec)} | upper
    return Snapshot(parameters, moments, rec.arrays("history"), rec.metrics["time/train_s"])


def _coordinates(rec: Record) -> Sequence[str]:
    """The names of the first layer's parameters, as its solver holds them."""
    return COEFFICIENTS if rec.config["trainer"]["solver"] == "gram" else ("W1", "b1")


def weights(rec: Record) -> Arrays:
    """W1, b1, ..., WL, bL of a record; W1 is computed anew where it has dual coefficients.

    UserError where it keeps no weights, or where the training data are needed and are not here.
    """
    run = f"run {rec.fingerprint[:16]}"
    if form(rec) == "none":
        raise UserError(
            f"{run}: its record keeps no weights (records.weights=none); "
            "train it again with records.weights=full sweep.force=true"
        )
    arrays = rec.arrays("weights")
    others = {DIGEST, *COEFFICIENTS, *filter(MOMENT.fullmatch, arrays)}
    rest = {name: array for name, array in arrays.items() if name not in others}
    return rest if "W1" in arrays else {"W1": _rebuilt(rec, arrays, *data_of(rec))} | rest


def drawn(rec: Record) -> dict[str, bytes]:
    """The pictures of a net as JPEG files by name, also where its record has none.

    None of a record that keeps no weights. UserError where the training data are not here.
    """
    if form(rec) == "none":
        return {}
    cfg, data = data_of(rec)
    found = pictures.of_net(cfg, data, weights(rec)["W1"], rec.arrays("predictions")["test"])
    return {f"{name}.jpg": jpeg(picture) for name, picture in found.items()}


def data_of(rec: Record) -> tuple[Config, Dataset]:
    """The configuration and the data that a record was trained with; UserError if these are not here."""
    run = f"run {rec.fingerprint[:16]}"
    try:
        cfg = configuration(rec, is_own(rec), located(rec, is_own(rec), []))
        data = dataset(cfg)
    except UserError as error:
        found = str(error).splitlines()[0]
    else:
        if data.digest == rec.data_digest:
            return cfg, data
        found = f"{data.train.path} or {data.test.path} has another content now"
    raise UserError(
        f"{run}: its record keeps W1 as coefficients over the training data (records.weights=dual), and "
        f"these are gone: {found}"
    )


def _rebuilt(rec: Record, arrays: Arrays, cfg: Config, data: Dataset) -> NDArray[Any]:
    """W1 (n_1, n_0), by the function and in the memory layout by which the training got it."""
    run = f"run {rec.fingerprint[:16]}"
    C, c, e, digest = (arrays.get(name, np.empty(0)) for name in (*COEFFICIENTS, DIGEST))
    n_1 = layer_sizes(cfg, data)[1]
    if (C.shape, c.shape, e.shape) != ((n_1, data.m), (1,), (n_1, 1)) or cfg.trainer.solver != "gram":
        raise UserError(f"{run}: its record is damaged (its coefficients do not fit the data); train again")
    with limited(cfg.trainer.threads), np.errstate(all="ignore"):  # the weights of a diverged net
        network, _ = build_network(cfg, data)
        views = network.first.coordinates()
        views["C"][...], views["c"][...], views["e"][...] = C, c, e
        W1, _ = network.first.weights()
    # another processor may round differently, as in a rerun; other code may draw or compute another W1
    if rec.code_digest != code_digest() and not np.array_equal(_sha256(W1), digest):
        raise UserError(
            f"{run}: W1 cannot be computed from its coefficients, since the code has changed since then; "
            "train it again (nnlab rerun --at-commit shows that its net can still be made)"
        )
    return W1


def _sha256(W1: NDArray[Any]) -> NDArray[np.uint8]:
    return np.frombuffer(hashlib.sha256(W1.tobytes()).digest(), np.uint8)
