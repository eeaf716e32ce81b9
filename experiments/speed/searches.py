"""How good searches are: TPE beside random trials, halving beside all trials to the end, refined borders
beside a whole map. `python -m experiments.speed.searches` prints the figures; each takes some minutes."""

import statistics
import sys
from collections.abc import Sequence

from nnlab.cells import objectives
from nnlab.cells.borders import Border, Row, rows
from nnlab.cells.plan import Plan
from nnlab.config import OBJECTIVES, home
from nnlab.records import record, state
from nnlab.sweeps.run import run

SEEDS = range(1, 11)  # of the searches
QUICK = ["tracking=none", "records.weights=none"]
SPACE = [
    "optimizer=gd,momentum", "optimizer.lr=tag(log,interval(1e-4,1))",
    "optimizer.momentum=interval(0.5,0.99)", "init.scale=tag(log,interval(0.1,10))",
    "model.activation=sigmoid,tanh,relu,leaky_relu", "model.depth=range(2,6)",
    "model.width=int(interval(4,32))", "data.validation=0.2", "trainer.iterations=200",
]  # fmt: skip
OBJECTIVE = "validation/accuracy"


def quiet(text: object) -> None:
    """Nothing is shown."""


def best(plan: Plan, steps: int | None = None, objective: str = OBJECTIVE) -> float:
    """The best validation accuracy of a plan's cells, of those with so many steps."""
    cells = [cell for cell in plan.cells if steps in (None, cell.config.trainer.iterations)]
    found = (objectives.values([cell.fingerprint], [objective], home()) for cell in cells)
    return (max if OBJECTIVES[objective] else min)(values[0] for values in found if values is not None)


def tpe_and_random() -> None:
    """The best of 64 trials of TPE and the best of 128 random ones."""
    for objective in (OBJECTIVE, "validation/cost"):
        pairs = []
        for seed in SEEDS:
            asked = [*SPACE, *QUICK, f"search.objectives=[{objective}]", f"search.seed={seed}"]
            plans = (
                run([*asked, *search], quiet)
                for search in (["search=tpe", "search.trials=64"], ["search=random", "search.trials=128"])
            )
            pairs.append([best(plan, objective=objective) for plan in plans])
            print(f"seed {seed}: tpe 64 {pairs[-1][0]:.4f}, random 128 {pairs[-1][1]:.4f}", flush=True)
        medians = [statistics.median(values) for values in zip(*pairs, strict=True)]
        print(f"{objective}, medians: tpe {medians[0]:.4f}, random {medians[1]:.4f}", flush=True)


def halving() -> None:
    """What halving finds of 81 random trials, beside all of them trained to the end."""
    space = [text for text in SPACE if not text.startswith("trainer.")]
    keep = ["tracking=none", "records.weights=dual", "search=random", "search.trials=81"]
    pairs = []
    for seed in SEEDS:
        halved = run([*space, *keep, f"search.seed={seed}", "search.rungs=[100,300,900,2700]"], quiet)
        whole = run([*space, *keep, f"search.seed={seed}", "trainer.iterations=2700"], quiet)
        pairs.append((best(halved, 2700), best(whole)))
        print(f"seed {seed}: halving {pairs[-1][0]:.4f}, all {pairs[-1][1]:.4f}", flush=True)
    medians = [statistics.median(values) for values in zip(*pairs, strict=True)]
    print(f"medians: halving {medians[0]:.4f}, all {medians[1]:.4f}")


def borders() -> None:
    """The borders of two 40x40 maps along init.scale, and what refine finds of them."""
    rates, scales = ([f"{10 ** (low + 3 * i / 39):.4g}" for i in range(40)] for low in (-3.0, -1.5))
    by_rate = [
        "model.depth=3",
        "model.width=8",
        "trainer.iterations=150",
        f"optimizer.lr={','.join(rates)}",
    ]
    _compare("depths of 2 to 41, the claim trainability_map", ["experiment=trainability_map"], 0.5, 4.0)
    _compare("rates of 0.001 to 1", [*by_rate, f"init.scale={','.join(scales)}"], 0.03162, 31.62)


def _compare(what: str, overrides: Sequence[str], low: float, high: float) -> None:
    """Print which borders of a map refine finds, over rows with one clear step and over the others."""
    whole = run([*QUICK, *overrides], quiet)
    fixed = [text for text in overrides if not text.startswith("init.scale=")]
    asked = ["search=refine", "search.along=init.scale", f"search.tolerance={1 / 39}"]
    refined = run([*QUICK, *fixed, *asked, f"init.scale=tag(log,interval({low},{high}))"], quiet)
    print(f"{what}: {len(refined.cells)} of {len(whole.cells)} cells")
    found = {row.name: row.borders for row in _rows(refined)}
    for kind, clear in (("one clear step", True), ("several steps", False)):
        known = [row for row in _rows(whole) if (not row.unclear) == clear]
        step = (high / low) ** (1 / 39)
        near = sum(_is_near(border, found[row.name], step) for row in known for border in row.borders)
        every = sum(len(row.borders) for row in known)
        print(f"  {len(known)} rows with {kind}: {near} of {every} borders within a step of the map")


def _rows(plan: Plan) -> list[Row]:
    """The rows of a plan's cells along init.scale, one for each depth and rate."""
    cells = []
    for cell in plan.cells:
        rec, cfg = record.read(cell.folder(home())), cell.config
        name = f"{cfg.model.depth} {cfg.optimizer.lr:g}"
        cells.append((name, cfg.init.scale, state(rec.status, rec.metrics)))
    return rows(cells)


def _is_near(border: Border, found: Sequence[Border], step: float) -> bool:
    """Is one of those found between the same states, and at most a step of the map away?"""
    return any(
        (one.low.state, one.high.state) == (border.low.state, border.high.state)
        and one.low.value < border.high.value * step
        and one.high.value > border.low.value / step
        for one in found
    )


def main(names: Sequence[str]) -> None:
    """Print the figures of these parts, or of all."""
    parts = {"tpe": tpe_and_random, "halving": halving, "borders": borders}
    for name in names or parts:
        parts[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
