"""The training loop: 2500 iterations of both nets by nnlab and by every peer, in turn, on one core."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.speed import frameworks, ours, peers
from experiments.speed.work import ITERATIONS, NETS, TOLERANCE, data_name, problem
from experiments.speed.workers import Failure, Timed, Worker, cores, trainer, working

FAST, SLOW = 15, 3  # repeats
SOME = 100  # iterations of a slow peer, whose time is scaled to all of them

# name -> class; the peers without Gram are slow, since they multiply with all n_0 inputs in every step
NNLAB = {"nnlab": ours.Loop, "nnlab with K": ours.LoopWithK, "floor": ours.Floor}
GRAM_PEERS = {"JAX Gram": frameworks.JaxGram}
PEERS = {
    "course-style NumPy": peers.Course,
    "plain NumPy": peers.Plain,
    "PyTorch": frameworks.Torch,
    "torch.compile": frameworks.TorchCompiled,
    "JAX": frameworks.Jax,
    "scikit-learn": peers.ScikitLearn,
}


def peer(kind: type, net: str) -> Any:
    """The task of a peer; it is made in the peer's process."""
    return trainer(kind, problem(net))


def measure(quick: bool) -> dict[str, Any]:
    """Measure both nets."""
    return {"data": data_name(), "nets": {net: _measure(net, quick) for net in NETS}}


def _measure(net: str, quick: bool) -> dict[str, Any]:
    makers: dict[str, tuple[Any, ...]] = {
        name: (trainer, kind, net, "trainer.solver=gram") for name, kind in NNLAB.items()
    }
    makers["nnlab primal"] = (trainer, ours.Loop, net, "trainer.solver=primal")
    makers |= {name: (peer, kind, net) for name, kind in (GRAM_PEERS | PEERS).items()}
    fast = [*NNLAB, *GRAM_PEERS]
    length = {name: ITERATIONS if name in fast else SOME for name in makers}
    with working(makers, cores()[0]) as workers:
        firsts = {name: worker.ask(length[name]) for name, worker in workers.items()}
        if isinstance(failed := firsts["nnlab"], Failure):
            raise RuntimeError(failed.text)
        costs = firsts["nnlab"].costs
        found = {name: _first(firsts[name], length[name], costs) for name in makers}
        for repeat in range(5 if quick else FAST):
            for name, worker in workers.items():
                if "failure" not in found[name] and (name in fast or repeat < (1 if quick else SLOW)):
                    found[name] = _repeat(found[name], worker, length[name])
    return found


def _first(answer: Timed | Failure, iterations: int, costs: np.ndarray) -> dict[str, Any]:
    """The entry of a peer after its first run, which also compiles, if the peer compiles."""
    if isinstance(answer, Failure):
        return {"failure": answer.text}
    entry: dict[str, Any] = {"iterations": iterations, "first": answer.seconds, "seconds": []}
    if len(answer.costs):
        entry["difference"] = float(np.abs(answer.costs - costs[:iterations]).max())
        if not entry["difference"] <= TOLERANCE:
            return {"failure": f"its costs differ by {entry['difference']:.1g}: its time does not count"}
    return entry


def _repeat(entry: dict[str, Any], worker: Worker, iterations: int) -> dict[str, Any]:
    """The entry with one more run added: the seconds that all iterations take."""
    answer = worker.ask(iterations)
    if isinstance(answer, Failure):
        return {"failure": answer.text}
    return entry | {"seconds": [*entry["seconds"], answer.seconds * ITERATIONS / iterations]}


def float32(quick: bool) -> dict[str, Any]:
    """How far the costs of float32 are from those of float64, and the seconds of both."""
    found = {}
    for net in NETS:
        makers = {
            dtype: (trainer, ours.Loop, net, "trainer.solver=gram", f"trainer.dtype={dtype}")
            for dtype in ("float64", "float32")
        }
        with working(makers, cores()[0]) as workers:
            runs = [{d: w.ask(ITERATIONS) for d, w in workers.items()} for _ in range(3 if quick else 7)]
        difference = np.abs(runs[0]["float32"].costs - runs[0]["float64"].costs)
        found[net] = {
            "difference": float(difference.max()),
            "seconds": {dtype: [run[dtype].seconds for run in runs[1:]] for dtype in makers},
        }
    return found


def diagnostics(quick: bool) -> dict[str, Any]:
    """How much evaluations every 100 steps slow down the other steps; and where a diverging cell ends."""
    makers: dict[str, tuple[Any, ...]] = {
        "both": (_both,),
        "diverging": (trainer, ours.Loop, "deep", "model.activation=identity", "optimizer.lr=10"),
    }
    with working(makers, cores()[0]) as workers:
        ended = workers["diverging"].ask(ITERATIONS)
        runs = [workers["both"].ask(ITERATIONS) for _ in range(4 if quick else 16)][1:]
    return {
        "seconds": {name: [run[name].seconds for run in runs] for name in ("without", "with")},
        "same bits": bool(np.array_equal(runs[0]["with"].costs, runs[0]["without"].costs)),
        "diverged after": len(ended.costs),
    }


def _both() -> Callable[[int], dict[str, Timed]]:
    """A task: the same training without and with evaluations, in one process and on one K."""
    tasks = {
        "without": trainer(ours.Loop, "deep"),
        "with": trainer(ours.Evaluated, "deep", "trainer.eval_every=100"),
    }
    order = list(tasks)

    def task(iterations: int) -> dict[str, Timed]:
        order.reverse()  # so that neither is always the second
        return {name: tasks[name](iterations) for name in order}

    return task
