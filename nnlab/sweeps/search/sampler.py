"""The samplers: optuna chooses, by ask and tell alone.

Each batch has a study of its own, into which the trials before it are written, and a sampler seeded by the
search's seed and the number of the batch. So a batch depends on the results before it and on nothing else:
not on workers, kills or what an earlier process kept in memory.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nnlab.cells.trials import Trial, Value
from nnlab.errors import UserError
from nnlab.sweeps.search.space import Choices, Dimension

Used = Callable[[str, Mapping[str, Value]], bool]  # does a key matter beside the values chosen so far?
Told = tuple[Trial, list[float] | None]  # a trial and its values; None if a cell of it failed


class Sampler:
    """Asks optuna for trials."""

    def __init__(
        self,
        name: str,
        seed: int,
        dimensions: Mapping[str, Dimension],
        used: Used,
        maximize: Sequence[bool],
    ) -> None:
        self._optuna = _optuna(name)
        self._name, self._seed, self._used = name, seed, used
        self._directions = ["maximize" if up else "minimize" for up in maximize]
        self._dimensions = dict(sorted(dimensions.items(), key=lambda one: not isinstance(one[1], Choices)))

    def ask(self, before: Sequence[Told], batch: int) -> list[tuple[dict[str, Value], dict[str, Any]]]:
        """Parameters and notes of so many further trials."""
        seed = hashlib.sha256(f"{self._seed} {len(before) // batch}".encode()).digest()
        sampler = self._sampler(int.from_bytes(seed[:4], "big"), batch)
        study = self._optuna.create_study(directions=self._directions, sampler=sampler)
        study.add_trials([self._frozen(trial, values) for trial, values in before])
        asked = []
        for _ in range(batch):
            trial = study.ask()
            params = self._choose(trial)
            asked.append((params, dict(study.trials[trial.number].system_attrs)))
        return asked

    def _choose(self, trial: Any) -> dict[str, Value]:
        """A value for each key that matters; choices come first, since others may depend on them."""
        chosen: dict[str, Value] = {}
        for key, dimension in self._dimensions.items():
            if not self._used(key, chosen):
                continue
            if isinstance(dimension, Choices):
                chosen[key] = trial.suggest_categorical(key, list(dimension.texts))
            else:
                suggest = trial.suggest_int if dimension.integer else trial.suggest_float
                chosen[key] = dimension.rounded(suggest(key, **dimension.limits()))
        return chosen

    def _sampler(self, seed: int, batch: int) -> Any:
        samplers = self._optuna.samplers
        if self._name == "random":
            return samplers.RandomSampler(seed=seed)
        if self._name == "nsga2":
            return samplers.NSGAIISampler(seed=seed, population_size=max(2 * batch, 2))
        return samplers.TPESampler(seed=seed, constant_liar=True)

    def _frozen(self, trial: Trial, values: list[float] | None) -> Any:
        """A trial that was told."""
        states = self._optuna.trial.TrialState
        return self._optuna.trial.create_trial(
            state=states.FAIL if values is None else states.COMPLETE,
            params=dict(trial.params),
            distributions={key: self._distribution(self._dimensions[key]) for key in trial.params},
            values=values,
            system_attrs=dict(trial.attrs),
        )

    def _distribution(self, dimension: Dimension) -> Any:
        distributions = self._optuna.distributions
        if isinstance(dimension, Choices):
            return distributions.CategoricalDistribution(list(dimension.texts))
        kind = distributions.IntDistribution if dimension.integer else distributions.FloatDistribution
        return kind(**dimension.limits())


def _optuna(name: str) -> Any:
    try:
        import optuna
    except ModuleNotFoundError:
        raise UserError(f"search={name}: needs the package optuna; pip install 'nnlab[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
