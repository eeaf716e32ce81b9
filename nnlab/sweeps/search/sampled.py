"""Searches whose trials a sampler asks for: random, tpe, nsga2."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nnlab.cells import Cell, objectives, trials
from nnlab.cells.front import as_text, front
from nnlab.cells.halving import promoted, taken
from nnlab.cells.trials import Trial, Value
from nnlab.config import OBJECTIVES, SearchConfig
from nnlab.errors import UserError
from nnlab.sweeps.compositions import Compositions
from nnlab.sweeps.search.sampler import Sampler
from nnlab.sweeps.search.space import Space, is_used
from nnlab.sweeps.train_all import settled

MOST_TOLD = 10  # trials of a Pareto front
Rung = dict[int, list[Cell]]  # the cells of each trial by its number


class Sampled:
    """The trials asked so far; with rungs, first all at the lowest one, then the best of them above it."""

    def __init__(
        self,
        config: SearchConfig,
        objective: Sequence[str],
        space: Space,
        compositions: Compositions,
        home: Path,
        plan_id: str,
        about: dict[str, object],
    ) -> None:
        assert config.trials is not None
        self._config, self._wanted, self._objectives = config, config.trials, list(objective)
        self._space, self._compositions, self._home = space, compositions, home
        self._path, self._about = trials.path_of(home, plan_id), about
        maximize = [OBJECTIVES[name] for name in self._objectives]
        self._sampler = Sampler(config.name, config.seed, space.dimensions, self._used, maximize)
        known = trials.read(self._path)
        self._trials = list(known.trials) if known else []
        self._cells = [self._checked(trial) for trial in self._trials]

    def cells(self) -> list[Cell]:
        """All cells that are known to be part of it by now, those of the next batch or rung too."""
        if not self._cells:
            self._ask()
        while len(self._cells) < self._wanted and self._settled(self._cells):
            self._ask()
        found = [cell for each in self._cells[: self._wanted] for cell in each]
        above = self._rungs()[1:]
        return found + [cell for rung in above for cells in rung.values() for cell in cells]

    def lines(self) -> list[str]:
        """The best trial on the highest rung and what the rungs saved, or the Pareto front."""
        rungs = self._rungs()
        known = {number: self._values(cells) for number, cells in rungs[-1].items()}
        found = {number: values for number, values in known.items() if values is not None}
        if not found:
            return []
        numbers = list(found)
        best = [numbers[i] for i in front([*found.values()], [OBJECTIVES[o] for o in self._objectives])]
        told = [self._told(number, found[number]) for number in best]
        if len(self._objectives) == 1:
            lines = [f"best of {len(rungs[0])} trials: {told[0]}"]
            return lines + ([taken(self._config.rungs, [*map(len, rungs)])] if self._config.rungs else [])
        rest = [f"and {len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
        head = f"Pareto front: {len(told)} of {len(rungs[0])} trials, which no other one beats in both"
        return [
            head if len(self._objectives) == 2 else head.replace("both", "all"),
            *told[:MOST_TOLD],
            *rest,
        ]

    def _told(self, number: int, values: Sequence[float]) -> str:
        """A trial with its choices and what they led to."""
        params = " ".join(f"{key}={value}" for key, value in self._trials[number].params.items())
        pairs = zip(self._objectives, values, strict=True)
        figures = ", ".join(f"{name} {as_text(value)}" for name, value in pairs)
        return f"trial {number} ({params}): {figures}"

    def _ask(self) -> None:
        """Ask for a batch, and note it before anything of it is trained.

        Of a batch whose last lines were cut off, those are asked for again.
        """
        known = len(self._trials)
        begun = known - known % self._config.batch
        pairs = zip(self._trials[:begun], self._cells[:begun], strict=True)
        told = [(trial, self._values(cells)) for trial, cells in pairs]
        asked = self._sampler.ask(told, self._config.batch)
        for params, attrs in asked[known - begun :]:
            cells = self._cells_of(params)
            names = tuple(cell.fingerprint for cell in cells)
            self._trials.append(Trial(len(self._trials), params, attrs, names))
            self._cells.append(cells)
        trials.append(self._path, self._about, self._trials[known:])

    def _used(self, key: str, chosen: Mapping[str, Value]) -> bool:
        return is_used(key, trials.texts(chosen), self._compositions)

    def _cells_of(self, params: Mapping[str, Value], steps: int | None = None) -> list[Cell]:
        """The cells of a trial, one for each repetition; of a rung, with so many steps."""
        texts = trials.texts(params)
        if self._config.rungs:
            texts["trainer.iterations"] = str(steps or self._config.rungs[0])
        cells = self._space.cells(self._compositions, texts)
        return [_keeping_state(cell) for cell in cells] if self._config.rungs else cells

    def _checked(self, trial: Trial) -> list[Cell]:
        cells = self._cells_of(trial.params)
        if tuple(cell.fingerprint for cell in cells) != trial.cells:
            raise UserError(
                f"{self._path}: trial {trial.number} has other cells than its values make; put the file "
                "back as it was, or delete it, which begins the search anew from the records that are there"
            )
        return cells

    def _values(self, cells: Sequence[Cell]) -> list[float] | None:
        return objectives.values([cell.fingerprint for cell in cells], self._objectives, self._home)

    def _settled(self, groups: Sequence[Sequence[Cell]]) -> bool:
        """Has every cell a record, or failed?"""
        return all(settled(cell) for cells in groups for cell in cells)

    def _rungs(self) -> list[Rung]:
        """The rungs as far as the one below each is done; without halving only the trials themselves."""
        rungs: list[Rung] = [dict(enumerate(self._cells[: self._wanted]))]
        for steps in (self._config.rungs or ())[1:]:
            below = rungs[-1]
            if len(self._cells) < self._wanted or not self._settled([*below.values()]):
                break
            known = {number: self._values(cells) for number, cells in below.items()}
            scores = {number: values[0] for number, values in known.items() if values is not None}
            maximize = OBJECTIVES[self._objectives[0]]
            numbers = promoted(scores, len(below), self._config.eta, maximize)
            if not numbers:
                break
            rungs.append({n: self._cells_of(self._trials[n].params, steps) for n in numbers})
        return rungs


def _keeping_state(cell: Cell) -> Cell:
    """A cell whose record keeps what the next rung goes on from."""
    records = cell.config.records
    if records.state is not None or records.weights == "none":
        return cell
    return replace(cell, config=replace(cell.config, records=replace(records, state=True)))
