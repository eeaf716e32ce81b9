"""A trained net is used: by `nnlab predict` on image files, and as an MLflow model that needs no nnlab."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from harness import (
    assert_refused,
    client,
    done,
    empty_store,
    environment,
    lines,
    living_in,
    load_mlflow,
    nnlab,
    runs,
    small_set,
    trained,
    wait_for,
    write_h5,
)
from PIL import Image

from nnlab.cells.trained_net import ask, net_of
from nnlab.data import hdf5
from nnlab.data import image_file as images
from nnlab.errors import UserError
from nnlab.records import npz as archive
from nnlab.records import record

SHAPE = (8, 8, 3)
CLASSES = np.array([b"dark", b"bright"])
SHORT = ("model.depth=2", "model.width=5", "trainer.iterations=300", "optimizer.lr=0.05")


def image_set(folder: Path) -> list[str]:
    """Write 30 and 41 images, bright or dark; returns the overrides that name the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, m) in enumerate((("train", 30), ("test", 41))):
        random = np.random.RandomState(seed)
        y = random.randint(0, 2, m)
        x = random.randint(0, 156, (m, *SHAPE)) + 100 * y[:, None, None, None]
        write_h5(folder / f"{split}.h5", split, x=x.astype(np.uint8), y=y, classes=CLASSES)
    return ["data=hdf5", *(f"data.{split}={folder}/{split}.h5" for split in ("train", "test"))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one net trained on images and published."""
    folder = tmp_path_factory.mktemp("predict")
    empty_store(folder / "home")
    done(nnlab("train", *image_set(folder / "set"), *SHORT, home=folder / "home"))
    return folder / "home"


@pytest.fixture(scope="module")
def rec(home: Path) -> record.Record:
    (marker,) = (home / "runs").glob(f"*/{record.MARKER}")
    return record.read(marker.parent)


@pytest.fixture(scope="module")
def test_x(rec: record.Record) -> np.ndarray:
    return hdf5.read(rec.config["data"]["test"], "test", 100).x


def saved(x: np.ndarray, path: Path, size: tuple[int, int] | None = None) -> Path:
    image = Image.fromarray(x)
    (image.resize(size, Image.Resampling.NEAREST) if size else image).save(path)
    return path


def probabilities(answers: list[Any]) -> np.ndarray:
    return np.array([answer.probabilities[-1] for answer in answers])


# -- nnlab predict ---------------------------------------------------------------------------------


def test_the_files_of_the_test_images_get_the_recorded_probabilities(
    rec: record.Record, test_x: np.ndarray, tmp_path: Path
) -> None:
    """Through image files, bit for bit, one by one and all together."""
    read = [images.read(saved(x, tmp_path / f"{i}.png"), SHAPE).pixels for i, x in enumerate(test_x)]
    recorded = rec.arrays("predictions")["test"][0]
    net = net_of(rec)
    assert probabilities(ask(rec, net, np.stack(read))).tolist() == recorded.tolist()
    assert [probabilities(ask(rec, net, x[None]))[0] for x in read] == recorded.tolist()
    assert {answer.name for answer in ask(rec, net, np.stack(read))} == {"dark", "bright"}


@pytest.mark.parametrize("changed", [
    ("trainer.dtype=float32", "trainer.solver=primal"), ("model.output=softmax",),
    ("model.output=identity", "model.loss=squared_error"), ("trainer.threads=2",),
])  # fmt: skip
def test_other_nets_get_their_recorded_outputs_too(tmp_path: Path, changed: tuple[str, ...]) -> None:
    with living_in(tmp_path / "home") as home:
        _, rec = trained(home, *image_set(tmp_path / "set"), *SHORT, *changed)
    x = hdf5.read(rec.config["data"]["test"], "test", 100).x
    recorded = rec.arrays("predictions")["test"]
    for k in (1, 7, 41):
        found = [a for i in range(0, 41, k) for a in ask(rec, net_of(rec), x[i : i + k])]
        assert probabilities(found).tolist() == recorded[-1].tolist()


def test_predict_answers_and_names_its_picture_and_the_wrong_files(
    home: Path, rec: record.Record, test_x: np.ndarray, tmp_path: Path
) -> None:
    files = [saved(test_x[i], tmp_path / f"{i}.png", (40, 24)) for i in range(3)]
    (tmp_path / "no.png").write_text("text")
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff")
    ended = nnlab("predict", str(rec.folder), *map(str, tmp_path.iterdir()), home=home, COLUMNS="200")
    assert ended.returncode == 2
    assert len(lines(ended.stderr)) == 2 and "Traceback" not in ended.stderr
    assert f"{tmp_path}/no.png: not an image" in ended.stderr and "half.jpg: " in ended.stderr
    expected = ask(rec, net_of(rec), np.stack([images.read(path, SHAPE).pixels for path in files]))
    for path, answer in zip(files, expected, strict=True):
        (row,) = (line for line in lines(ended.stdout) if str(path) in line)
        assert f" {answer.name} " in row and f"{answer.probability:.4f}" in row
    picture = Path(ended.stdout.rpartition("what the net saw: ")[2].strip())
    assert picture.parent == home / "predictions"
    with Image.open(picture) as sheet:
        assert sheet.height > 100


@pytest.mark.slow
def test_predict_takes_photographs_of_phones_and_folders(
    home: Path, rec: record.Record, test_x: np.ndarray, tmp_path: Path
) -> None:
    """The content decides, not the name; what is no image in a folder is counted."""
    pillow_heif.register_heif_opener()
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    for name, kind in (("a.heic", "HEIF"), ("b.jpg", "HEIF"), ("more/c.avif", "AVIF"), ("d.png", "PNG")):
        Image.fromarray(test_x[0]).resize((64, 48)).save(photos / name, kind)
    (photos / "notes.txt").write_text("text")
    (photos / ".hidden.png").write_text("text")
    (photos / "link.png").symlink_to(photos / "d.png")
    ended = done(nnlab("predict", str(rec.folder), str(photos), home=home, COLUMNS="200"))
    for name in ("a.heic", "b.jpg", "more/c.avif", "d.png"):
        (row,) = (line for line in lines(ended.stdout) if f"{photos}/{name} " in line)
        assert " dark " in row or " bright " in row
    assert "1 other file is no image, and passed over" in ended.stdout
    assert "links are not followed: link.png" in ended.stdout and "hidden" not in ended.stdout


@pytest.mark.slow
def test_predict_names_the_decoder_that_is_missing(
    home: Path, rec: record.Record, test_x: np.ndarray, tmp_path: Path
) -> None:
    pillow_heif.register_heif_opener()
    Image.fromarray(test_x[0]).save(tmp_path / "a.jpg", "HEIF")
    (tmp_path / "pillow_heif.py").write_text("raise ImportError('as if it were not installed')")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    ended = nnlab("predict", str(rec.folder), str(tmp_path / "a.jpg"), home=home, PYTHONPATH=path)
    assert_refused(ended, f"{tmp_path}/a.jpg: is a HEIC image", "pip install", "pillow-heif")


def test_a_folder_without_images_is_refused(home: Path, rec: record.Record, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("text")
    assert_refused(nnlab("predict", str(rec.folder), str(tmp_path), home=home), "there is no image in it")


@pytest.mark.slow
def test_predict_finds_a_run_in_the_store_alone(
    home: Path, rec: record.Record, test_x: np.ndarray, tmp_path: Path
) -> None:
    (run,) = runs(home)
    path = saved(test_x[0], tmp_path / "a.png")
    ended = done(
        nnlab("predict", run.info.run_id[:10], str(path), home=tmp_path / "elsewhere",
              MLFLOW_TRACKING_URI=f"sqlite:///{home}/mlflow.db")
    )  # fmt: skip
    (answer,) = ask(rec, net_of(rec), test_x[:1])
    assert f"{answer.probability:.4f}" in ended.stdout and str(answer.name) in ended.stdout


def test_predict_refuses_a_net_that_takes_no_images(tmp_path: Path) -> None:
    with living_in(tmp_path / "home") as home:
        _, rec = trained(home, *small_set(tmp_path / "set"), *SHORT)
    path = saved(np.zeros(SHAPE, np.uint8), tmp_path / "a.png")
    assert_refused(nnlab("predict", str(rec.folder), str(path), home=home), "no image")


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("shape", [], "before `nnlab predict` existed"),
        ("shape", [9, 9, 3], "fit"),
        ("shape", ["8", "8", "3"], "damaged"),
        ("classes", ["a", "b", "c"], "fit"),
        ("config", {"model": {"depth": 2}}, "damaged"),
    ],
)
def test_a_record_that_does_not_say_what_its_images_are(
    rec: record.Record, tmp_path: Path, key: str, value: list[Any], word: str
) -> None:
    folder = shutil.copytree(rec.folder, tmp_path / "copy")
    marker = json.loads((folder / record.MARKER).read_text())
    if value:
        marker[key] = value
    else:
        del marker[key]  # as records once were
    (folder / record.MARKER).write_text(json.dumps(marker))
    with pytest.raises(UserError, match=word):
        net_of(record.read(folder))


# -- the MLflow model ------------------------------------------------------------------------------


def model_folder(home: Path) -> Path:
    """The folder of the model of the only run in the home."""
    (run,) = runs(home)
    (output,) = client(home).get_run(run.info.run_id).outputs.model_outputs
    logged = client(home).get_logged_model(output.model_id)
    assert logged.status == "READY" and logged.source_run_id == run.info.run_id
    return Path(logged.artifact_location.removeprefix("file://"))


def test_the_model_is_code_and_plain_arrays(home: Path, rec: record.Record) -> None:
    files = {
        p.relative_to(model_folder(home)).as_posix() for p in model_folder(home).rglob("*") if p.is_file()
    }
    assert {"MLmodel", "model.py", "requirements.txt", "artifacts/net.npz", "input_example.json"} <= files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib"))]
    arrays = archive.read(model_folder(home) / "artifacts/net.npz")  # allow_pickle=False
    assert arrays["classes"].tolist() == ["dark", "bright"]
    np.testing.assert_array_equal(arrays["W1"], rec.arrays("weights")["W1"])
    packages = (model_folder(home) / "requirements.txt").read_text().split()
    assert sorted(p.partition("==")[0] for p in packages) == ["mlflow", "numpy", "threadpoolctl"]
    assert "nnlab." not in "".join(
        line for line in (model_folder(home) / "model.py").read_text().splitlines() if "import" in line
    )


ALONE = """
import json, sys, warnings
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("nnlab", "hydra", "h5py"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import mlflow.pyfunc, numpy as np
warnings.simplefilter("error")
model = mlflow.pyfunc.load_model(sys.argv[1])
x = np.load(sys.argv[2])
found = {k: [a for i in range(0, len(x), k) for a in model.predict(x[i:i + k])] for k in (1, 3, 32, 41)}
print(json.dumps([found, str(model.metadata.signature.inputs.to_dict())]))
"""


@pytest.mark.slow
def test_the_model_answers_to_the_last_bit_without_nnlab(
    home: Path, rec: record.Record, test_x: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", test_x)
    ended = subprocess.run(
        [sys.executable, "-c", ALONE, str(model_folder(home)), str(tmp_path / "x.npy")],
        env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found, inputs = json.loads(ended.stdout)
    recorded = rec.arrays("predictions")["test"][0].tolist()
    for answers in found.values():
        assert [answer["probabilities"][1] for answer in answers] == recorded
    (answer, *_), p = found["1"], recorded[0]
    assert answer == {
        "class": "bright" if p > 0.5 else "dark",
        "probability": max(p, 1.0 - p),
        "probabilities": [1.0 - p, p],
    }
    assert "uint8" in inputs and "(-1, 8, 8, 3)" in inputs


def test_no_name_is_defined_twice_in_the_code() -> None:
    """The file is made of several modules: no name is defined twice."""
    import ast

    load_mlflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, about its own hints
        from nnlab.tracking import model_code

    defined: dict[str, str] = {}
    for node in ast.parse(model_code.source()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.id for t in targets if isinstance(t, ast.Name)]
        else:
            continue
        for name in names:
            assert defined.setdefault(name, ast.unparse(node)) == ast.unparse(node), name


@pytest.mark.slow
def test_the_best_cell_of_a_sweep_has_the_model_and_sync_adds_none(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    done(nnlab("sweep", *image_set(tmp_path / "set"), *SHORT, "seed=1,2", home=home))
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")

    def models() -> dict[str, int]:
        cells = runs(home, "tags.`nnlab.kind` = 'cell'")
        outputs = {
            r.data.tags["nnlab.fingerprint"]: client(home).get_run(r.info.run_id).outputs for r in cells
        }
        return {name: len(o.model_outputs) for name, o in outputs.items() if o and o.model_outputs}

    assert models() == {parent.data.tags["nnlab.best_fingerprint"]: 1}
    done(nnlab("sync", home=home))
    assert models() == {parent.data.tags["nnlab.best_fingerprint"]: 1}


# -- mlflow models serve ---------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def serving(home: Path, model: str) -> Iterator[str]:
    """`mlflow models serve` on the loopback interface; yields its address."""
    port = free_port()
    command = ["models", "serve", "-m", model, "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port)]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # it starts uvicorn by name
    env = environment(home, MLFLOW_TRACKING_URI=f"sqlite:///{home}/mlflow.db", PATH=path)
    with (home / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command], env=env, cwd=home, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: server.poll() is not None or answers_ping(address), 120)
        assert server.poll() is None, (home / "serve.log").read_text()
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def answers_ping(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/ping", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def invoke(address: str, body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{address}/invocations", data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.slow
def test_mlflow_serves_the_recorded_probabilities(
    home: Path, rec: record.Record, test_x: np.ndarray
) -> None:
    (run,) = runs(home)
    recorded = rec.arrays("predictions")["test"][0].tolist()
    with serving(home, f"models:/{run.outputs.model_outputs[0].model_id}") as address:
        for k in (1, 20, 41):
            found = []
            for start in range(0, len(test_x), k):
                status, reply = invoke(
                    address, json.dumps({"inputs": test_x[start : start + k].tolist()}).encode()
                )
                assert status == 200, reply
                found += [answer["probabilities"][1] for answer in reply["predictions"]]
            assert found == recorded
        example = (model_folder(home) / "serving_input_example.json").read_bytes()
        assert invoke(address, example)[0] == 200
        status, reply = invoke(address, json.dumps({"inputs": [[1, 2, 3]]}).encode())
        assert status == 400 and "shape" in reply
