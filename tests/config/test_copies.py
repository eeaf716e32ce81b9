"""Copies of a configuration: equal to those of the standard library, and independent."""

import copy
import dataclasses

from nnlab.config import as_dict, copied
from nnlab.config.compose import compose


def test_a_copy_is_equal_and_shares_nothing_that_can_be_changed() -> None:
    cfg = compose(["model=deep", "data=catvnoncat"])
    before, twin = copy.deepcopy(cfg), copied(cfg)
    assert twin == cfg and as_dict(cfg) == dataclasses.asdict(cfg)
    assert list(as_dict(cfg)) == list(dataclasses.asdict(cfg)), "also in its order"
    assert twin.model.hidden is not None
    twin.model.hidden.append(1)
    twin.sweep.grid["seed"] = "7"
    twin.optimizer.lr = 3.0
    as_dict(cfg)["model"]["hidden"].append(2)
    assert cfg == before
