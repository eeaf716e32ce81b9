"""Training: the only loop.

Steps run in blocks. Within a block nothing but arithmetic happens; at a block's end the costs of
its steps are computed in one go from the logits kept, and the callbacks look at the net. A
non-finite cost ends the training: the history stops with it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, tee

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.first_layer import Inputs
from nnlab.nn.losses import Loss
from nnlab.nn.network import Batch, Network
from nnlab.nn.operations import Operation
from nnlab.nn.optimizers import Optimizer, State

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Step:
    """What a callback sees: how many updates are done, and every cost so far."""

    step: int
    costs: NDArray[np.float64]  # (step,), J before the update of each step
    network: Network


Callback = Callable[[Step], None]
Take = Callable[[NDArray[np.intp]], Inputs]


def train(
    network: Network,
    Y: Array,
    loss: Loss,
    optimizer: Optimizer,
    state: State,
    *,
    iterations: int,
    batch_size: int | None = None,
    seed: int = 0,
    l2: float = 0.0,
    pause_every: int | None = None,
    callbacks: Sequence[Callback] = (),
) -> NDArray[np.float64]:
    """Run ``iterations`` updates of ``network`` and return the costs J (iterations,), or fewer.

    The costs are those before each step's update, on that step's examples, with the L2 term
    lambda/(2m) * sum of squared weights, m being the examples of the step. If the last cost is not
    finite, the training diverged; the net then stands up to a block of updates beyond that cost.
    ``pause_every`` makes sure that the callbacks see the net at every multiple of it.
    """
    penalties: list[float] = []

    def decay() -> None:
        rate = l2 / batch.count
        penalties.append(0.5 * rate * network.decay(state.scale * rate, batch))

    update = optimizer.update(network.theta, network.gradient, state)
    block = _block_length(network, Y.shape[1], batch_size)
    then = [decay, *update] if l2 else update
    batches = _batches(network, Y, loss, batch_size, seed, state.scale, block, then)
    costs = np.empty(iterations)
    start, pause_every = 0, pause_every or iterations
    _call(callbacks, Step(0, costs[:0], network))
    while start < iterations:
        batch = next(batches)
        stop = min(start + block, iterations, start - start % pause_every + pause_every)
        for operations in batch.runs[: stop - start]:
            for operate in operations:
                operate()
        costs[start:stop] = loss.cost(batch.Z_L[: stop - start], batch.Y)
        if l2:
            costs[start:stop] += penalties
            penalties.clear()
        finite = np.isfinite(costs[start:stop])
        if not finite.all():
            return costs[: start + int(np.argmin(finite)) + 1].copy()
        start = stop
        _call(callbacks, Step(start, costs[:start], network))
    return costs


def _call(callbacks: Sequence[Callback], step: Step) -> None:
    for callback in callbacks:
        callback(step)


def _block_length(network: Network, m: int, batch_size: int | None) -> int:
    """Steps between two looks: at most 64, fewer for big nets, 1 for minibatches.

    It depends on shapes alone, so that a diverging cell too ends at the same bits every time.
    """
    operations = 6 * network.theta.size * m
    return 1 if batch_size is not None else max(1, min(64, 10**9 // operations))


def _batches(
    network: Network,
    Y: Array,
    loss: Loss,
    batch_size: int | None,
    seed: int,
    scale: float,
    block: int,
    then: Sequence[Operation],
) -> Iterator[Batch]:
    """All examples for ever, ``block`` steps at a time, or minibatches; ``then`` ends each step."""
    if batch_size is None:
        whole = network.whole(Y, loss.delta, scale, block)
        for operations in whole.runs:
            operations += then
        while True:
            yield whole
    m = Y.shape[1]
    arrays = {k: network.arrays(k) for k in {batch_size, m % batch_size} if k}
    shuffled, same = tee(_shuffled(m, batch_size, seed))
    taken = (_ahead if network.first.on_disk else map)(network.first.take, same)
    for places, inputs in zip(shuffled, taken, strict=True):
        k = len(places)
        batch = network.part(places, inputs, Y[:, places], loss.delta, scale / k, arrays[k])
        batch.runs[0].extend(then)
        yield batch


def _shuffled(m: int, batch_size: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """The examples of each minibatch: epoch by epoch in a new order, the last of an epoch fewer."""
    for epoch in count():
        order = np.random.RandomState([seed, epoch]).permutation(m)
        for start in range(0, m, batch_size):
            yield order[start : start + batch_size]


def _ahead(take: Take, batches: Iterator[NDArray[np.intp]]) -> Iterator[Inputs]:
    """``take`` of each, the next one read by a thread while this one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(take, next(batches))
        for places in batches:
            now, coming = coming, reader.submit(take, places)
            yield now.result()
