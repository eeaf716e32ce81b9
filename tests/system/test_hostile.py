"""Harmful records, configurations, names and images: no code runs, no link is followed, no secret leaks."""

import base64
import dataclasses
import hashlib
import http.server
import json
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import (
    assert_refused,
    counts,
    done,
    empty_store,
    lines,
    living_in,
    nnlab,
    runs,
    small_set,
    trained,
    write_h5,
)
from hydra.errors import HydraException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf.errors import OmegaConfBaseException

from nnlab.cells import pictures as plots
from nnlab.cells import plan as plans
from nnlab.cells.recorded_config import configuration
from nnlab.cells.summary import summarize
from nnlab.cells.trained_net import net_of
from nnlab.errors import UserError
from nnlab.records import npz as archive
from nnlab.records import record
from nnlab.records.differences import causes
from nnlab.reruns.compare import verdict
from nnlab.tracking import location as store
from nnlab.tracking import schema
from nnlab.tracking.publisher import Publisher

QUICK = ["model.depth=2", "model.width=3", "trainer.iterations=30"]
SECRET = "hunter2-c0rrect-h0rse"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A home with two published cells, and the overrides that name their data."""
    folder = tmp_path_factory.mktemp("hostile")
    data = small_set(folder / "set")
    home = empty_store(folder / "home")
    done(nnlab("sweep", *data, *QUICK, "seed=1,2", "hydra/launcher=basic", home=home))
    return home, data


@pytest.fixture
def copy(swept: tuple[Path, list[str]], tmp_path: Path) -> Path:
    """A copy of the home that a test may damage."""
    return shutil.copytree(swept[0], tmp_path / "home")


def folders(home: Path) -> list[Path]:
    return sorted(path.parent for path in (home / "runs").glob(f"*/{record.MARKER}"))


# -- damaged and crafted records -------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of one record."""
    folder = tmp_path_factory.mktemp("record")
    with living_in(folder / "home") as home:
        yield trained(home, *small_set(folder), *QUICK)[1].folder


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_mutated_record_is_unchanged_or_one_clear_error(
    whole: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Any file of a record with bytes changed, cut or repeated."""
    name = data.draw(st.sampled_from(sorted(path.name for path in whole.iterdir() if path.name != "lock")))
    folder = shutil.copytree(whole, tmp_path / "copy", dirs_exist_ok=True)
    content = bytearray((whole / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.sampled_from([1, 1, 8, 10**6]))] = data.draw(st.binary(max_size=8))
        content = content or bytearray(b"x")
    (folder / name).write_bytes(content)
    try:
        rec = record.verified(folder)
        assert name == record.MARKER or content == (whole / name).read_bytes()
        assert {kind: rec.arrays(kind).keys() for kind in record.ARRAYS}
    except UserError as error:
        assert str(folder) in str(error) and len(str(error).splitlines()) <= 2
    for kind in record.ARRAYS:  # without the digest too, as a rerun reads what it fetched
        try:
            arrays = archive.read(folder / f"{kind}.npz")
            assert sum(array.nbytes for array in arrays.values()) <= len(content) + 10**6
        except UserError as error:
            assert str(folder) in str(error)


def spoiled(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda marker: marker.update(values)


SPOILED: dict[str, Callable[[dict[str, Any]], None]] = {
    "a file outside": lambda marker: marker["files"].update({"../../../secret.txt": "0" * 64}),
    "an absolute file": lambda marker: marker["files"].update({"/etc/passwd": "0" * 64}),
    "another file": lambda marker: marker["files"].update({"lock": "0" * 64}),
    "no digest": lambda marker: marker["files"].update({"config.yaml": 5}),
    "files as a list": spoiled(files=["config.yaml"]),
    "config as text": spoiled(config="${oc.env:HOME}"),
    "a number as text": spoiled(started="now"),
    "an infinite number": spoiled(ended=1e999),
    "metrics as text": lambda marker: marker["metrics"].update({"test/accuracy": "[red]"}),
    "another status": spoiled(status="killed"),
    "files as empty text": spoiled(files=""),
    "a number beyond all": lambda marker: marker["metrics"].update({"test/accuracy": 10**400}),
    "a shape of text": spoiled(shape="abc"),
    "a class that is a table": spoiled(classes=[{"_target_": "os.system"}, "cat"]),
    "half a letter": lambda marker: marker["config"]["data"].update({"name": "\ud800"}),
    "a long way down": spoiled(provenance=json.loads("[" * 500 + "]" * 500)),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_crafted_marker_is_refused(whole: Path, tmp_path: Path, how: str) -> None:
    folder = shutil.copytree(whole, tmp_path / "copy")
    marker = json.loads((folder / record.MARKER).read_text())
    SPOILED[how](marker)
    (folder / record.MARKER).write_text(json.dumps(marker))
    with pytest.raises(UserError, match="damaged") as caught:
        record.read(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_a_marker_of_brackets_is_refused(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "copy")
    (folder / record.MARKER).write_text("[" * 200_000)
    with pytest.raises(UserError, match="damaged"):
        record.read(folder)


ODD: list[Any] = [
    None, True, -1, 10**30, 1e308, "", "x", "\x1b[31m\n", "../../x", [], [[]], {},
    {"_target_": "os.system"}, [10**9, 3], ["${oc.env:HOME}"],
]  # fmt: skip


def places(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a JSON document."""
    inside = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, part in inside:
        yield (*path, key)
        yield from places(part, *path, key)


def altered(document: Any, data: st.DataObject) -> Any:
    """A copy with one value removed, replaced or renamed."""
    copy = json.loads(json.dumps(document))
    *path, key = data.draw(st.sampled_from(list(places(copy))))
    inner = copy
    for step in path:
        inner = inner[step]
    how = data.draw(st.sampled_from(["gone", "replaced", "replaced", "named"]))
    if how == "replaced":
        inner[key] = data.draw(st.sampled_from(ODD))
    else:
        value = inner.pop(key)
        if how == "named" and isinstance(inner, dict):
            inner[data.draw(st.sampled_from(["../up", "\x1b", "${oc.env:HOME}", ""]))] = value
    return copy


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_marker_that_holds_something_else_is_refused_or_harmless(
    whole: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Valid JSON with right digests: each command prints one clear line or works."""
    folder = shutil.copytree(whole, tmp_path / "copy", dirs_exist_ok=True)
    marker = altered(json.loads((whole / record.MARKER).read_text()), data)
    (folder / record.MARKER).write_text(json.dumps(marker))
    uses: list[Callable[[record.Record], object]] = [
        lambda rec: schema.content(rec, 250), net_of, lambda rec: verdict(rec, record.read(whole), 0.0),
        lambda rec: configuration(rec, False, []),
    ]  # fmt: skip
    for use in uses:
        try:
            use(record.verified(folder))
        except (UserError, HydraException, OmegaConfBaseException) as error:
            assert str(error).strip()


def test_text_in_a_record_does_not_control_the_terminal(whole: Path) -> None:
    """If a rerun differs, nnlab prints versions and machines from a record that is not trusted."""
    rec = record.read(whole)
    evil = "\x1b]0;title\x07\x1b[31m\n"
    odd = dataclasses.replace(rec, provenance={"versions": {evil: evil}, "cpu": evil, "commit": evil})
    assert all(line.isprintable() for line in causes(odd, rec)) and len(causes(odd, rec)) > 3


@pytest.mark.slow
@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x", "/nowhere", "nothing://x", ""])
def test_a_run_whose_artifacts_are_elsewhere(copy: Path, address: str) -> None:
    """The record in the home is enough; without it nothing is left to rerun, which one line says."""
    run = runs(copy, "tags.`nnlab.kind` = 'cell'")[0].info.run_id
    with sqlite3.connect(copy / "mlflow.db") as store_of_runs:
        store_of_runs.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (address, run))
    ended = nnlab("rerun", run, home=copy)
    assert ended.returncode == 0, ended.stderr
    shutil.rmtree(copy / "runs")
    for arguments in (["rerun", run], ["report"]):
        ended = nnlab(*arguments, home=copy)
        assert ended.returncode in (1, 2) and len(lines(ended.stderr)) <= 2, ended.stderr
        assert "Traceback" not in ended.stderr


def test_wrong_histories_are_refused(whole: Path, tmp_path: Path) -> None:
    """The digests are right, because an attacker computed them."""
    history = record.read(whole).arrays("history")
    costs = history["train/cost"]
    crafted = [
        {}, {"train/cost": costs[:0]}, {"train/cost": costs.reshape(1, -1)}, {"train/cost": costs[0]},
        history | {"../up": costs}, history | {"steps": costs[:3], "x": costs},
        history | {"steps": costs[0], "x": costs}, {"train/cost": costs.astype(str)},
    ]  # fmt: skip
    for index, arrays in enumerate(crafted):
        folder = shutil.copytree(whole, tmp_path / str(index))
        packed = archive.pack(arrays)
        (folder / "history.npz").write_bytes(packed)
        marker = json.loads((folder / record.MARKER).read_text())
        marker["files"]["history.npz"] = hashlib.sha256(packed).hexdigest()
        (folder / record.MARKER).write_text(json.dumps(marker))
        with pytest.raises(UserError, match="damaged"):
            schema.content(record.verified(folder), 250)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_plan_that_holds_something_else_is_refused_or_harmless(
    swept: tuple[Path, list[str]], tmp_path: Path, data: st.DataObject
) -> None:
    """Its ids become parts of paths, and its values parts of names; no path may leave the home."""
    home = swept[0]
    (source,) = (home / "plans").glob("*.json")
    (tmp_path / "plan.json").write_text(json.dumps(altered(json.loads(source.read_text()), data)))
    try:
        plan = plans.load(tmp_path / "plan.json")
    except UserError as error:
        assert "plan.json" in str(error) and len(str(error).splitlines()) == 1
        return
    assert plans.path_of(home, plan.id).parent == home / "plans"
    assert {cell.folder(home).parent for cell in plan.cells} == {home / "runs"}
    assert len(summarize(plan, home).csv().splitlines()) == 1 + len(plan.cells)


@pytest.mark.slow
@pytest.mark.parametrize("value", [[[]], {}, None, 3])
def test_a_plan_whose_set_has_no_text_as_its_name_is_refused(
    swept: tuple[Path, list[str]], tmp_path: Path, value: Any
) -> None:
    (source,) = (swept[0] / "plans").glob("*.json")
    document = json.loads(source.read_text())
    document["cells"][0]["config"]["data.name"] = value
    (tmp_path / "plan.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"plan\.json: not a readable plan"):
        plans.load(tmp_path / "plan.json")


def npz(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def npy(array: np.ndarray, **options: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


class Trap:
    """Unpickling it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


@pytest.mark.slow
def test_crafted_archives_are_refused(tmp_path: Path) -> None:
    """Pickles, bombs, giant arrays, paths as names: one line; no code runs, no memory or file is used."""
    good = npy(np.zeros(4))
    pickled = npy(np.array([Trap(tmp_path / "ran")], dtype=object), allow_pickle=True)
    giant = good.replace(b"(4,)", b"(1" + b"0" * 12 + b",)")[: len(good) + 12]
    negative = good.replace(b"(4,), }", b"(-4,),}")
    crafted = [
        npz(tmp_path / "pickle.npz", {"costs.npy": pickled}),
        npz(tmp_path / "bomb.npz", {"costs.npy": npy(np.zeros(3 * 10**7))}, zipfile.ZIP_DEFLATED),
        npz(tmp_path / "giant.npz", {"costs.npy": giant}),
        npz(tmp_path / "negative.npz", {"costs.npy": negative}),
        npz(tmp_path / "text.npz", {"costs.npy": b"no array"}),
        npz(tmp_path / "raw.npz", {"costs": b"bytes without a header"}),
        npz(tmp_path / "dates.npz", {"costs.npy": npy(np.zeros(3, "M8[s]"))}),
        npz(tmp_path / "table.npz", {"costs.npy": npy(np.zeros(3, [("a", "f8"), ("b", "i4")]))}),
        npz(tmp_path / "expression.npz", {"costs.npy": good.replace(b"'<f8'", b"eval(1)"[:5])}),
    ]
    (tmp_path / "fifo.npz").symlink_to("/dev/zero")
    for path in [*crafted, tmp_path / "fifo.npz"]:
        with pytest.raises(UserError, match=path.name) as caught:
            archive.read(path)
        assert len(str(caught.value).splitlines()) == 1, str(caught.value)
    assert not (tmp_path / "ran").exists()
    inside = archive.read(npz(tmp_path / "names.npz", {"../../up.npy": good, "/root.npy": good}))
    assert len(inside) == 2 and not (tmp_path.parent.parent / "up.npy").exists()


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(how, marks=SLOW)
        for how in (
            "link",
            "other bytes",
            "gone",
            "a file",
            "a metric's name",
            "a parameter's name",
            "commit",
        )
    ],
)
def test_a_damaged_record_does_not_stop_the_others(copy: Path, tmp_path: Path, how: str) -> None:
    """An error names it, and the rest is published; nothing outside its folder goes to the store."""
    (tmp_path / "secret.txt").write_text(SECRET)
    bad, good = folders(copy)
    if how == "link":
        (bad / "config.yaml").unlink()
        (bad / "config.yaml").symlink_to(tmp_path / "secret.txt")
    elif how == "other bytes":
        (bad / "weights.npz").write_bytes(b"\0" * 100)
    elif how == "gone":
        (bad / "history.npz").unlink()
    else:
        marker = json.loads((bad / record.MARKER).read_text())
        if how == "commit":
            del marker["provenance"]["commit"]
        else:
            table = {"a file": "files", "a metric's name": "metrics", "a parameter's name": "config"}[how]
            value = {"files": "0" * 64, "metrics": 1.0, "config": "x"}[table]
            marker[table]["../../../secret.txt"] = value
        (bad / record.MARKER).write_text(json.dumps(marker))
    uri = f"sqlite:///{empty_store(tmp_path, 'other.db')}/other.db"
    ended = nnlab("sync", home=copy, MLFLOW_TRACKING_URI=uri)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert len(lines(ended.stderr)) == 1 and str(bad) in ended.stderr, ended.stderr
    published = runs(copy, "tags.`nnlab.kind` = 'cell' and attributes.status = 'FINISHED'", uri)
    assert [run.data.tags["nnlab.record"] for run in published] == [str(good)]
    kept = (path for path in (copy / "mlartifacts").rglob("*") if path.is_file())
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


@pytest.mark.slow
def test_a_damaged_plan_does_not_stop_the_others(copy: Path, swept: tuple[Path, list[str]]) -> None:
    for name, text in {"a": "{", "b": "[]", "c": '{"cells": [{"config": {"x": 1}}]}', "d": ""}.items():
        (copy / "plans" / f"{name}.json").write_text(text)
    ended = nnlab("sync", home=copy)
    assert ended.returncode == 1 and len(lines(ended.stderr)) == 4 and "Traceback" not in ended.stderr
    assert all(f"plans/{name}.json" in ended.stderr for name in "abcd")
    (plan,) = [path for path in (copy / "plans").glob("*.json") if len(path.stem) == 12]
    plan.write_text("damaged")
    again = nnlab(
        "sweep", *swept[1], *QUICK, "seed=1,2", "hydra/launcher=basic", home=copy
    )  # the sweep itself makes it anew
    assert "2 already done" in done(again).stdout and json.loads(plan.read_text())["kind"] == "sweep"


# -- configurations out of a run -------------------------------------------------------------------

CRAFTED = [
    ("model.activation", "${oc.env:NNLAB_SECRET}"),
    ("model.hidden", ["${oc.env:NNLAB_SECRET}"]),
    ("init.scheme", "x'} ${oc.env:NNLAB_SECRET}"),
    ("data.name", "${oc.env:NNLAB_SECRET}"),
    ("data.name", "../../../../tmp/evil"),
    ("data.name", "hdf5,painted"),
    ("data.name", None),
    ("data.train", "/etc/passwd"),
    ("data.test", "/root/.netrc\n\x1b[31m"),
    ("optimizer.name", "gd' hydra/launcher='evil"),
    ("trainer.solver", "\\"),
    ("model.width", "3] hydra.run.dir=/tmp/evil"),
    ("seed", {"_target_": "os.system", "command": "touch /tmp/evil"}),
    ("sweep.plan", "/etc/passwd"),
    ("tracking.experiment", "elsewhere"),
    ("hydra.launcher._target_", "os.system"),
    ("model.depth", 10**30),
    ("model.depth", float("nan")),
    ("optimizer.lr", [1, 2]),
]


@pytest.mark.parametrize(
    ("key", "value"), CRAFTED, ids=[f"{key} {i}" for i, (key, _) in enumerate(CRAFTED)]
)
def test_a_crafted_configuration_is_refused(
    whole: Path, key: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run of the store says is a value or nothing: no path, reference, override or code."""
    monkeypatch.setenv("NNLAB_SECRET", SECRET)
    rec = record.read(whole)
    group, _, name = key.partition(".")
    table = rec.config.setdefault(group, {}) if name else rec.config
    table[name or group] = value
    with pytest.raises((UserError, HydraException, OmegaConfBaseException)) as caught:
        configuration(rec, trust_paths=False, overrides=[])
    assert SECRET not in str(caught.value)


def test_a_run_says_not_which_file_is_read_nor_how_much(whole: Path, tmp_path: Path) -> None:
    mine = write_h5(tmp_path / "mine.h5")
    rec = record.read(whole)
    rec.config["data"] |= {"train": "/etc/passwd", "test": "/etc/shadow", "memory_mb": 10**9}
    cfg = configuration(rec, False, [f"data.train={mine}", f"data.test={mine}"])
    assert (cfg.data.train, cfg.data.test, cfg.data.memory_mb) == (str(mine), str(mine), 2048)


@pytest.mark.slow
def test_a_record_from_elsewhere_names_no_file_here(whole: Path, tmp_path: Path) -> None:
    """A folder from another person is not trusted more than a run of a server: the content decides."""
    folder = shutil.copytree(whole, tmp_path / "handed over")
    marker = json.loads((folder / record.MARKER).read_text())
    marker["config"]["data"]["train"] = str(write_h5(tmp_path / "private.h5", y=np.zeros(30, np.int64)))
    (folder / record.MARKER).write_text(json.dumps(marker))
    assert_refused(nnlab("rerun", str(folder), home=tmp_path / "home"), "data.test", "data.train")


# -- names and images ------------------------------------------------------------------------------

NAMES = [
    "it's \"quoted\" `so`", "a/b\\c", "[red]markup[/red] [/]", "🐈 chat, déjà vu", "x" * 250,
    "tags.a = 'b' or 1=1 --", "${not:here}"[2:], "%s %(a)s {0}", "  spaces  ", ".", "..", "~", "#1",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [*NAMES[:4], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[4:])],
    ids=range(len(NAMES)),
)
def test_an_experiment_of_any_name(whole: Path, tmp_path: Path, name: str) -> None:
    """A printable name works: it is published and found again, and no file is made from it."""
    with living_in(empty_store(tmp_path / "home")) as home:
        quoted = "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
        made, _ = trained(home, *small_set(tmp_path / "set"), *QUICK, f"tracking.experiment={quoted}")
        plan = plans.make("sweep", [made], ["seed"])
        for _ in range(2):
            publisher = Publisher(plan, home)
            publisher.publish(last=True)
            assert publisher.publication.complaints == []
        assert len(runs(home, experiment=plan.experiment)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "\x00", "x" * 500, " ", "a\u202eb", "\x9b31m"])
def test_a_wrong_experiment_name(tmp_path: Path, name: str) -> None:
    if "\x00" in name:  # no process can be given one
        from nnlab.config.constraints import RANGES

        assert not RANGES["tracking.experiment"][0](name)
        return
    ended = nnlab("train", f"tracking.experiment='{name}'", home=tmp_path / "home")
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert ended.stderr.replace("\n", "").isprintable()


@pytest.mark.slow
def test_data_files_of_odd_names(tmp_path: Path) -> None:
    """Rich's markup, quotes, emoji and great length in a swept path are not changed."""
    data = small_set(tmp_path / "set")
    names = ["[red]x", "it's", "🐈" * 30, "a=b,c", "$(touch x)", "[bold", "x" * 200]
    paths = []
    for name in names:
        path = tmp_path / "set" / f"{name}.h5"
        path.write_bytes(
            (tmp_path / "set" / "train.h5").read_bytes() if not paths else paths[0].read_bytes()
        )
        write_h5(path, x=np.random.RandomState(len(paths)).randn(30, 2))
        paths.append(path)
    quoted = ",".join("'" + str(path).replace("'", "\\'") + "'" for path in paths)
    home = empty_store(tmp_path / "home")
    command = ["sweep", data[0], data[2], *QUICK, "hydra/launcher=basic"]
    ended = done(nnlab(*command, f"data.train={quoted}", home=home))
    assert "[red]x" in ended.stdout and counts(ended.stdout) == {"finished": 7}
    found = runs(home, "tags.`nnlab.kind` = 'cell'")
    assert {run.data.params["data.train"] for run in found} == set(map(str, paths))
    assert all(len(run.info.run_name) <= 250 for run in found)
    wrong = tmp_path / "set" / "line\nbreak\x1b[31m.h5"
    wrong.write_bytes(paths[0].read_bytes())
    refused = nnlab("train", data[0], data[2], f"data.train='{wrong}'", home=home)
    assert refused.returncode == 2 and "\x1b" not in refused.stderr, refused.stderr
    checked = nnlab("data", "check", str(wrong.with_suffix(".none")), home=home)
    assert checked.returncode == 2 and "\x1b" not in checked.stderr + checked.stdout


@pytest.mark.parametrize("shape", [(20_000, 1), (1, 20_000), (1, 1), (1200, 1500), (513, 2)])
def test_pictures_of_odd_images_stay_small(shape: tuple[int, int]) -> None:
    images = np.zeros((3, *shape, 3), np.uint8)
    y = np.array([0, 1, 0])
    sheet = plots.misclassified(images, y, 1.0 - y[None], ("[red]", "\x1b[31m\n"), probability=True)
    assert max(sheet.size) < 8 * 600
    weights = plots.first_layer(np.ones((2, images[0].size)), (*shape, 3))
    assert max(weights.size) < 8 * 600


# -- secrets ---------------------------------------------------------------------------------------


class Denies(http.server.BaseHTTPRequestHandler):
    """A server that refuses every password and keeps the requests."""

    seen: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        Denies.seen.append(self.headers.get("Authorization", ""))
        self.send_response(401)
        self.end_headers()
        self.wfile.write(b"no")

    do_POST = do_PUT = do_GET

    def log_message(self, *arguments: Any) -> None:
        pass


def holds(path: Path) -> bool:
    content = path.read_bytes()
    encoded = base64.b64encode(f"user:{SECRET}".encode())
    return SECRET.encode() in content or encoded in content


@pytest.mark.slow
def test_no_secret_is_kept_or_shown(tmp_path: Path) -> None:
    """A password in the environment and in the store's address is in no file, tag or printed line."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Denies) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        secrets = {
            "MLFLOW_TRACKING_URI": f"http://user:{SECRET}@127.0.0.1:{server.server_address[1]}",
            "AWS_SECRET_ACCESS_KEY": SECRET, "DATABASE_PASSWORD": SECRET, "HTTP_PROXY_PASSWORD": SECRET,
        }  # fmt: skip
        home, data = tmp_path / "home", small_set(tmp_path / "set")
        address = f"data.url='http://user:{SECRET}@127.0.0.1:1/x'"
        said = [
            nnlab("sweep", *data, *QUICK, "seed=1,2", address, "engine.workers=2", home=home, **secrets),
            nnlab("train", *data, *QUICK, address, home=home, **secrets),
            nnlab("sync", home=home, **secrets),
            nnlab("rerun", "nothing", home=home, **secrets),
            nnlab("ui", home=home, **secrets),
            nnlab("data", "fetch", address, home=home, **secrets),
            nnlab("train", *data, "model.activation=none", address, "--debug", home=home, **secrets),
        ]
        server.shutdown()
    assert any(Denies.seen), "the password did go to the server"
    for ended in said:
        assert SECRET not in ended.stdout + ended.stderr, ended.args
    assert "2 runs wait" in said[0].stderr and "MLflow" in said[0].stderr
    empty_store(home)
    kept = {key: value for key, value in secrets.items() if key != "MLFLOW_TRACKING_URI"}
    done(nnlab("sync", home=home, **kept))
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 20 and not [path for path in files if holds(path)]
    for run in runs(home):
        assert SECRET not in json.dumps([run.data.tags, run.data.params, run.info.run_name])


def test_a_store_is_named_without_its_password() -> None:
    for uri in ("http://u:p@h:5000/x", "https://u:p@ss@h", "postgresql://u:p@h/db"):
        assert "p@" not in store.public(uri)
        assert store.reason(OSError(f"API request to {uri}/api failed")).count("@") == 0
    assert store.reason(OSError()) == "OSError"
    for local in ("sqlite:////home/me@work/mlflow.db", "http://h:5000", "databricks"):
        assert store.public(local) == local


@pytest.mark.slow
@pytest.mark.parametrize("name", ["is it?no", "per%41cent"])
def test_a_home_with_special_characters_in_its_name(tmp_path: Path, name: str) -> None:
    """The store would be beside the home, or could not be made."""
    home = tmp_path / name
    ended = nnlab("train", *small_set(tmp_path / "set"), *QUICK, home=home)
    assert str(home) in ended.stderr and "in its name; rename it" in ended.stderr, ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"set", name, f"{name}-cwd"}
    assert len(folders(home)) == 1


ODD_SECRETS = {
    "slash": {"MLFLOW_TRACKING_URI": f"http://user:{SECRET}/x@127.0.0.1:9"},
    "hash": {"MLFLOW_TRACKING_URI": f"http://user:{SECRET}#x@127.0.0.1:9"},
    "space": {"MLFLOW_TRACKING_URI": f"http://user:{SECRET} x@127.0.0.1:9"},
    "query": {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:9/?token={SECRET}"},
    "bracket": {"MLFLOW_TRACKING_URI": f"http://user:{SECRET}@[::1"},
    "token": {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_TRACKING_TOKEN": f"{SECRET}\nx"},
    "no driver": {"MLFLOW_TRACKING_URI": f"postgresql://127.0.0.1:9/x?user=u&password={SECRET}"},
}


@pytest.mark.slow
@pytest.mark.parametrize("how", ODD_SECRETS)
def test_an_error_about_a_wrong_address_shows_no_password(copy: Path, how: str) -> None:
    """The client's error quotes the address; nnlab prints one clear line without the secret."""
    for arguments in (["sync"], ["report"], *([["ui"]] if "://127" in str(ODD_SECRETS[how]) else [])):
        if arguments == ["ui"] and how == "no driver":
            continue
        ended = nnlab(*arguments, home=copy, **ODD_SECRETS[how])
        assert ended.returncode in ((0,) if arguments == ["ui"] else (1, 2)), ended.stdout + ended.stderr
        assert len(lines(ended.stderr)) <= 2 and "Traceback" not in ended.stderr, ended.stderr
        assert SECRET not in ended.stdout + ended.stderr
