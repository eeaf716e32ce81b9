"""Training: the only loop.

``step`` is one update as the notes write it. It is put on a tape once for each kind of batch, and the loop
plays the tape: within a block of steps nothing but arithmetic happens. At a block's end the costs of its
steps are computed in one go from the logits kept, and the callbacks look at the net. A cost that is not
finite ends the training, and the history with it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, cycle

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.arrays import Array, Indices
from nnlab.nn.losses import Loss
from nnlab.nn.network import Batch, Network, propagate
from nnlab.nn.optimizers import State
from nnlab.nn.tape import Call, Tape, Xp, do


@dataclass(frozen=True)
class Schedule:
    """How long to train, on which batches, with which L2 term."""

    iterations: int
    batch_size: int | None = None  # examples of a step; None for all
    seed: int = 0  # of the order of the minibatches
    l2: float = 0.0  # lambda of lambda/(2m) * sum of squared weights, m being the examples of the step
    pause_every: int | None = None  # the callbacks see the net at every multiple of it


@dataclass(frozen=True)
class Step:
    """What a callback sees: how many updates are done, and every cost so far."""

    step: int
    costs: NDArray[np.float64]  # (step,), J before the update of each step
    network: Network
    state: State


Callback = Callable[[Step], None]


class L2:
    """The term lambda/(2m) * sum of squared weights: its gradient, and what it adds to each step's cost."""

    def __init__(self, network: Network, strength: float, state: State) -> None:
        self._network, self._strength, self._state = network, strength, state
        self.penalties: list[float] = []  # of the steps since they were last cleared

    def add(self, batch: Batch) -> None:
        """Add lambda/m W to the gradient of a batch that has just been propagated."""
        rate = self._strength / batch.count
        scale = self._state.rate if self._state.optimizer.linear else 1.0
        squared = self._network.decay(scale * rate, batch.inputs)
        self.penalties.append(0.5 * rate * squared)


def step(xp: Xp, net: Network, loss: Loss, batch: Batch, state: State, l2: L2 | None) -> None:
    """One update: forward, backward, the gradient of the L2 term, the optimizer."""
    if state.counts:
        do(xp, state.advance)
    decays = state.decay > 0.0 and state.optimizer.linear  # then gradients come times the rate
    propagate(xp, net, loss, batch, state.factor if decays else None)
    if l2 is not None:
        do(xp, l2.add, batch)
    state.step(xp, net.theta, net.gradient)


def train(
    network: Network,
    Y: Array,
    loss: Loss,
    state: State,
    schedule: Schedule,
    callbacks: Sequence[Callback] = (),
    done: Sequence[float] | NDArray[np.float64] = (),
) -> NDArray[np.float64]:
    """Run the updates of a schedule; return the costs J (iterations,), or fewer.

    ``done`` are the costs of the steps that the net and the state have already behind them: the training
    goes on after these, to the same bits as one that was never cut off.
    The costs are those before each step's update, on that step's examples, with the L2 term. If the last
    cost is not finite, the training diverged; the net is then up to a block of updates further.
    """
    iterations, m = schedule.iterations, Y.shape[1]
    l2 = L2(network, schedule.l2, state) if schedule.l2 else None
    state.steps_per_epoch = -(-m // (schedule.batch_size or m))
    start = len(done)
    batches = _batches(network, Y, loss, state, schedule, l2, start)
    costs = np.empty(iterations)
    costs[:start] = done
    pause_every = schedule.pause_every or iterations
    _call(callbacks, Step(start, costs[:start], network, state))
    while start < iterations:
        batch, runs = next(batches)
        paused = start - start % pause_every  # blocks are counted from here
        first = (start - paused) % len(runs)  # not 0 if the training was cut off within this block
        stop = min(start - first + len(runs), iterations, paused + pause_every)
        block = slice(first, first + stop - start)
        for calls in runs[block]:
            for call in calls:
                call()
        costs[start:stop] = loss.cost(batch.logits[block], batch.targets)
        if l2 is not None:
            costs[start:stop] += l2.penalties
            l2.penalties.clear()
        finite = np.isfinite(costs[start:stop])
        if not finite.all():
            return costs[: start + int(np.argmin(finite)) + 1].copy()
        start = stop
        _call(callbacks, Step(start, costs[:start], network, state))
    return costs


def _call(callbacks: Sequence[Callback], step: Step) -> None:
    for callback in callbacks:
        callback(step)


def block_length(network: Network, m: int, batch_size: int | None) -> int:
    """Steps between two looks: at most 64, fewer for big nets, 1 for minibatches.

    It depends on shapes alone, so that a cell that diverges ends at the same bits every time.
    """
    operations = 6 * network.theta.size * m
    return 1 if batch_size is not None else max(1, min(64, 10**9 // operations))


# -- batches ---------------------------------------------------------------------------------------

Runs = list[list[Call]]  # the calls of each step


class Minibatch:
    """Room for k examples with the tape of a step over them: filled anew for each step."""

    def __init__(self, network: Network, Y: Array, loss: Loss, weight: float, k: int) -> None:
        self._first, self._Y, self._loss = network.first, Y, loss
        inputs, targets = network.first.minibatch(k), np.empty((len(Y), k), Y.dtype)
        self.batch = network.part(inputs, targets, loss, weight)
        self.runs: Runs = []

    def fill(self, places: Indices) -> "Minibatch":
        """Take the training examples at ``places`` (k,)."""
        batch = self.batch
        self._first.gather(places, batch.inputs)
        np.take(self._Y, places, axis=1, out=batch.Y, mode="clip")
        for array, values in zip(batch.prepared, self._loss.prepare(batch.Y, batch.weights), strict=True):
            array[...] = values
        return self


def _batches(
    network: Network, Y: Array, loss: Loss, state: State, schedule: Schedule, l2: L2 | None, start: int
) -> Iterator[tuple[Batch, Runs]]:
    """The batch of each block from step ``start`` on with the calls of its steps: always the whole, or
    minibatches for ever."""
    if schedule.batch_size is None:
        block = block_length(network, Y.shape[1], schedule.batch_size)
        batch = network.whole(Y, loss, state.scale, block)
        tape = Tape()
        step(tape, network, loss, batch, state, l2)
        runs = list(tape.runs(batch.w.Z[network.L], list(batch.w.logits)))
        while True:
            yield batch, runs

    def minibatch(k: int) -> Minibatch:
        made, tape = Minibatch(network, Y, loss, state.scale / k, k), Tape()
        step(tape, network, loss, made.batch, state, l2)
        made.runs = [tape.calls()]
        return made

    for filled in _filled(network, minibatch, places_of_minibatches(Y.shape[1], schedule, start)):
        yield filled.batch, filled.runs


def places_of_minibatches(m: int, schedule: Schedule, start: int = 0) -> Iterator[Indices]:
    """The examples of each minibatch from step ``start`` on: epoch by epoch in a new order, the last of
    an epoch fewer."""
    k = schedule.batch_size
    assert k is not None
    epochs, skipped = divmod(start, -(-m // k))
    for epoch in count(epochs):
        order = np.random.RandomState([schedule.seed, epoch]).permutation(m)
        for place in range(skipped * k, m, k):
            yield order[place : place + k]
        skipped = 0


def _filled(
    network: Network, make: Callable[[int], Minibatch], batches: Iterator[Indices]
) -> Iterator[Minibatch]:
    """A filled minibatch for each of ``batches``, which never end; one tape for each size.

    Images on disk are read ahead by a thread, into the second of two minibatches, while the first is used.
    """
    made: dict[int, Iterator[Minibatch]] = {}

    def room(k: int) -> Minibatch:
        if k not in made:
            made[k] = cycle([make(k) for _ in range(2 if network.first.on_disk else 1)])
        return next(made[k])

    if not network.first.on_disk:
        for places in batches:
            yield room(len(places)).fill(places)
    with ThreadPoolExecutor(1) as reader:
        coming: Future[Minibatch] | None = None
        for places in batches:
            now, coming = coming, reader.submit(room(len(places)).fill, places)
            if now is not None:
                yield now.result()
