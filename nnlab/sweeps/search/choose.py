"""The search that a command asks for: its keys are checked, its id is made, its plan begins and grows."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig

from nnlab.cells import Cell, dataset
from nnlab.cells.plan import Plan
from nnlab.config import Config, EngineConfig, SearchConfig, canonical, home
from nnlab.config.compose import typed
from nnlab.errors import UserError
from nnlab.records import fingerprint
from nnlab.sweeps.compositions import Compositions, own_grid
from nnlab.sweeps.grid import planned
from nnlab.sweeps.search.refined import Refined
from nnlab.sweeps.search.sampled import Sampled
from nnlab.sweeps.search.space import Space, check_space, read_space
from nnlab.threads import cores

SAMPLED = ("random", "tpe", "nsga2")
OWNERS = {  # keys that only some searches read
    **dict.fromkeys(("trials", "objectives"), SAMPLED),
    **dict.fromkeys(("rungs",), ("random", "tpe")),
    "along": ("refine",),
}


class Search:
    """A plan that grows until its search is done."""

    def __init__(self, space: Space, config: SearchConfig, base: Config) -> None:
        self.config, self.base, self._space = config, base, space
        compositions = Compositions(space.grid)
        check_space(space, compositions)
        first = compositions.cells({key: texts[0] for key, texts in space.grid.swept.items()})
        self.objectives = config.objectives or [_usual(first)]
        about = self._about(base)
        text = json.dumps(about | {"kind": "search"}, sort_keys=True)
        self._id = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._chosen: Sampled | Refined
        if config.name == "refine":
            self._chosen = Refined(config, space, compositions, home(), self._id, about)
        else:
            self._chosen = Sampled(config, self.objectives, space, compositions, home(), self._id, about)
        self._known: set[str] = set()

    def plan(self) -> Plan:
        """Its plan with all cells so far."""
        cells = self._chosen.cells()
        self._known = {cell.fingerprint for cell in cells}
        rungs = ["trainer.iterations"] if self.config.rungs else []
        return planned(cells, [*self._space.dimensions, *rungs, *self._space.repeats], self._id)

    def grow(self) -> Plan | None:
        """The plan with further cells, when those so far have ended; None if there are none."""
        before = self._known
        plan = self.plan()
        return plan if self._known - before else None

    def what(self) -> str:
        """What is searched and how, in a line."""
        config, repeats = self.config, len(self._space.repetitions)
        cells = f" of {repeats} cells" if repeats > 1 else ""
        keys = ", ".join(self._space.dimensions)
        if config.name == "refine":
            return f"search refine: borders along {config.along} to {config.tolerance:.3g} of its interval"
        rungs = f", halved by {config.eta} at {config.rungs} steps" if config.rungs else ""
        return (
            f"search {config.name} over {keys}: {config.trials} trials{cells} in batches of {config.batch}"
            f"{rungs}; objective {', '.join(self.objectives)}"
        )

    def whole(self) -> str:
        """What its cells belong to: `40 trials`, or the search."""
        return "the search" if self.config.name == "refine" else f"{self.config.trials} trials"

    def remarks(self, engine: EngineConfig) -> list[str]:
        """What is doubtful about it, a line each."""
        lines, config = [], self.config
        if config.name in SAMPLED and any(name.startswith("test/") for name in self.objectives):
            lines.append(
                "search.objectives: the test set chooses here, so its best value is too optimistic; "
                "data.validation=0.2 or data.folds=5 hold examples out to choose by"
            )
        workers = engine.workers or (cores() if engine.name == "local" else 1)
        if config.name in SAMPLED and config.batch * len(self._space.repetitions) < workers:
            lines.append(
                f"search.batch: {config.batch} trials at a time leave some of the {workers} workers idle; "
                "a larger batch changes the trials"
            )
        return lines

    def lines(self) -> list[str]:
        """What was found, in lines."""
        if isinstance(self._chosen, Refined):
            return [row.text() for row in self._chosen.rows()]
        return self._chosen.lines()

    def _about(self, base: Config) -> dict[str, Any]:
        """Everything that the trials depend on, but how many there are."""
        config = {key: value for key, value in vars(self.config).items() if key != "trials"}
        data = fingerprint(canonical(base), dataset(base).digest)  # with the code digest
        return {
            "search": config | {"objectives": self.objectives},
            "space": self._space.content(),
            "base": data,
            "experiment": base.tracking.experiment,
        }


def search_of(config: DictConfig, overrides: Sequence[str]) -> Search | None:
    """The search that a composed config asks for; None for a grid.

    UserError for keys that are missing, that this search does not read, or that are at odds.
    """
    name = config.search.name
    for key, owners in OWNERS.items():
        if config.search[key] is not None and name not in owners:
            raise UserError(
                f"search.{key}: has no effect with search={name}; it is for {', '.join(owners)}"
            )
    if name == "grid":
        return None
    base = typed(config)
    search = base.search
    space = read_space(overrides, own_grid(config))
    if not space.dimensions:
        raise UserError(
            f"search={search.name}: no key has several values; give a space, such as "
            "optimizer.lr='tag(log,interval(1e-4,1))' model.activation=tanh,relu"
        )
    if search.name in SAMPLED:
        _check_sampled(search, space)
    return Search(space, search, base)


def _check_sampled(search: SearchConfig, space: Space) -> None:
    if search.trials is None:
        raise UserError("search.trials: how many are to be tried? Give a number, such as search.trials=64")
    if search.rungs is None:
        return
    if "trainer.iterations" in space.dimensions:
        raise UserError("trainer.iterations: search.rungs decides it; leave one of the two out")
    if search.objectives is not None and len(search.objectives) > 1:
        raise UserError(
            "search.rungs: promotion needs one objective; give search.objectives=[...] with one"
        )


def _usual(cells: Sequence[Cell]) -> str:
    """What a sweep of these cells is ranked by."""
    return planned(cells, []).select_by
