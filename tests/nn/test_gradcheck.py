"""The gradient check finds nothing in sound derivatives and names what is wrong in others."""

import re
from copy import deepcopy

import numpy as np
import pytest

from nnlab.cells.gradcheck import gradcheck
from nnlab.config.compose import compose
from nnlab.data import hdf5
from nnlab.nn.activations import ACTIVATIONS
from nnlab.nn.gradcheck import SAMPLE, TOLERANCE
from nnlab.nn.losses import LOSSES
from nnlab.nn.network import Network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One home for all tests: a file is checked once, which takes a process."""
    return tmp_path_factory.mktemp("gradcheck")


@pytest.fixture
def config(folder, toy, monkeypatch):
    """config(*overrides): a 6-5-4-n_L net on the toy set, with files of it."""
    monkeypatch.setenv("NNLAB_HOME", str(folder))
    for name, split in (("train", toy.train), ("test", toy.test)):
        if not (folder / f"{name}.h5").exists():
            hdf5.write(folder / f"{name}.h5", name, split.x, split.y, split.classes)
    files = [f"data.train={folder}/train.h5", f"data.test={folder}/test.h5"]
    return lambda *overrides: compose(["data=hdf5", *files, "model.hidden=[5,4]", *overrides])


def differing(blocks):
    return {block.name for block in blocks if block.differing}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_every_activation_is_sound(config, activation, l2):
    blocks = gradcheck(config(f"model.activation={activation}", f"optimizer.l2={l2}"))
    assert [block.name for block in blocks] == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert [block.size for block in blocks] == [30, 5, 20, 4, 4, 1]
    assert not differing(blocks), "\n".join(block.text() for block in blocks)
    assert all(0.0 < block.worst <= TOLERANCE for block in blocks)


@pytest.mark.parametrize(("output", "loss"), LOSSES)
@pytest.mark.parametrize("hidden", ["[]", "[5,4]"])
def test_every_loss_is_sound(config, output, loss, hidden):
    overrides = [f"model.output={output}", f"model.loss={loss}", f"model.hidden={hidden}"]
    blocks = gradcheck(config(*overrides, "model.activation=tanh"))
    assert not differing(blocks), "\n".join(block.text() for block in blocks)


@pytest.mark.parametrize("scheme", ["zeros", "normal", "orthogonal"])
def test_every_start_is_sound(config, scheme):
    assert not differing(gradcheck(config(f"init.scheme={scheme}", "model.activation=relu")))


def test_a_kink_nearby_is_not_reported_as_a_mistake(config):
    """With this seed a weight of W2 is so near a kink of ReLU that a step of 1e-5 crosses it."""
    blocks = gradcheck(config("init.scheme=normal", "model.activation=relu", "seed=5"))
    assert not differing(blocks), "\n".join(block.text() for block in blocks)


def test_a_gram_or_float32_configuration_is_checked_in_float64_with_w1_in_full(config):
    cfg = config("trainer.solver=gram", "trainer.dtype=float32", "optimizer.batch_size=5")
    before = deepcopy(cfg)
    blocks = gradcheck(cfg)
    assert blocks[0].size == 30  # not the Gram layer's coefficients
    assert not differing(blocks)
    assert cfg == before


def test_a_sample_of_a_large_array_is_compared(config):
    blocks = gradcheck(config("model.hidden=[20]", "model.activation=tanh"))
    assert [(block.size, block.compared) for block in blocks] == [(120, SAMPLE), (20, 20), (20, 20), (1, 1)]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_wrong_derivative_is_found_and_both_numbers_are_shown(config, monkeypatch, activation):
    """Every layer below the wrong slope differs, the output layer above it does not."""
    sound = ACTIVATIONS[activation]

    def slope(xp, Z, A, out, **options):
        sound.slope(xp, Z, A, out, **options)
        xp.multiply(out, 1.001, out=out)

    monkeypatch.setitem(ACTIVATIONS, activation, sound._replace(slope=slope))
    blocks = gradcheck(config(f"model.activation={activation}"))
    assert differing(blocks) == {"W1", "b1", "W2", "b2"}
    for block in blocks[:2]:
        for i, ours, theirs in block.differing:
            assert 0 <= i < block.size
            assert ours == pytest.approx(
                1.001**2 * theirs, rel=1e-5, abs=1e-9
            )  # it went through both layers
        number = r"[+-]\d\.\d{12}e[+-]\d\d"
        head, *lines = block.text().splitlines()
        assert head.startswith(f"{block.name}   {block.compared} of {block.size} compared, ")
        assert f"{block.worst:.1e}" in head
        assert len(lines) == len(block.differing)
        for line, (i, ours, theirs) in zip(lines, block.differing, strict=True):
            assert re.fullmatch(rf" +\[{i}\] backprop {number}  central difference {number}", line)
            assert f"{ours:+.12e}" in line and f"{theirs:+.12e}" in line


def test_a_derivative_taken_of_another_activation_is_found(config, monkeypatch):
    mixed = ACTIVATIONS["tanh"]._replace(slope=ACTIVATIONS["sigmoid"].slope)
    monkeypatch.setitem(ACTIVATIONS, "tanh", mixed)
    assert "W1" in differing(gradcheck(config("model.activation=tanh")))


@pytest.mark.parametrize("pair", LOSSES, ids="-".join)
def test_a_wrong_loss_derivative_is_found_in_every_layer(config, monkeypatch, pair):
    sound = LOSSES[pair]

    def delta(xp, Z, *prepared, out):
        sound.delta(xp, Z, *prepared, out=out)
        xp.multiply(out, 1.01, out=out)

    monkeypatch.setitem(LOSSES, pair, sound._replace(delta=delta))
    blocks = gradcheck(config(f"model.output={pair[0]}", f"model.loss={pair[1]}", "model.activation=tanh"))
    assert differing(blocks) == {"W1", "b1", "W2", "b2", "W3", "b3"}


def test_a_wrong_l2_gradient_is_found(config, monkeypatch):
    sound = Network.decay
    monkeypatch.setattr(Network, "decay", lambda *given: 0.5 * sound(*given))
    blocks = gradcheck(config("optimizer.l2=5", "model.activation=tanh"))
    assert differing(blocks) == {"W1", "W2", "W3"}  # the biases are not shrunk


def test_a_derivative_that_is_not_a_number_is_found_and_counts_as_the_worst(config, monkeypatch):
    def slope(xp, Z, A, out):
        xp.copyto(out, np.nan)

    monkeypatch.setitem(ACTIVATIONS, "tanh", ACTIVATIONS["tanh"]._replace(slope=slope))
    W1 = gradcheck(config("model.activation=tanh"))[0]
    assert len(W1.differing) == W1.compared
    assert not W1.worst <= TOLERANCE, W1.text()
