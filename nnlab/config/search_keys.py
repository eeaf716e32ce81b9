"""The keys of a search: how the cells of a sweep are chosen."""

from dataclasses import dataclass

from nnlab.config.own_options import entry


@dataclass
class SearchConfig:
    """How the cells of a sweep are chosen: all combinations (grid), or a search among them."""

    name: str = entry("what chooses them", "grid")
    trials: int | None = entry("how many are tried (random, tpe, nsga2)", None)
    batch: int = entry("trials that are chosen at a time, before their results are known", 8)
    seed: int = entry("of what is chosen by chance", 1)
    objectives: list[str] | None = entry("metrics to make good; null is what the sweep is ranked by", None)
    rungs: list[int] | None = entry(
        "steps of successive halving, such as [100,300,900] (random, tpe)", None
    )
    eta: int = entry("one of so many trials goes on to the next rung", 3)
    along: str | None = entry("the key along which borders are sought (refine)", None)
    tolerance: float = entry("how near, as a share of the interval, of its logarithm with tag(log)", 0.025)
