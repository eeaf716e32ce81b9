"""`nnlab data import`: folders of pictures and files of arrays become one file that nnlab reads."""

import json
import os
import shlex
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import assert_refused, done, empty_store, lines, nnlab
from PIL import Image

from nnlab.cli.data_import import data_import
from nnlab.data import SplitName, hdf5
from nnlab.errors import UserError

SPLITS: tuple[SplitName, ...] = ("train", "test")


def pets(folder: Path, cats: int = 10, dogs: int = 5, size: tuple[int, int] = (64, 64)) -> Path:
    """Pictures that are all different: those of cats are dark, those of dogs are bright."""
    for name, count, base in (("cat", cats, 0), ("dog", dogs, 150)):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", size, (base + i, base, base)).save(folder / name / f"{i:03}.png")
    return folder


def sets(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        return {key: file[key][()] for key in file}


def run(home: Path, *arguments: str | Path) -> list[str]:
    return lines(done(nnlab("data", "import", *map(str, arguments), home=home)).stdout)


def test_a_folder_for_each_class_is_divided_and_the_lines_say_so(tmp_path: Path) -> None:
    out = tmp_path / "new" / "pets.h5"
    said = run(tmp_path / "home", pets(tmp_path / "pets", size=(80, 64)), out)
    found = sets(out)
    assert found["train_set_x"].shape == (12, 64, 64, 3) and found["train_set_x"].dtype == np.uint8
    assert np.bincount(found["train_set_y"]).tolist() == [8, 4]
    assert np.bincount(found["test_set_y"]).tolist() == [2, 1]
    assert found["list_classes"].tolist() == [b"cat", b"dog"]
    for split in ("train", "test"):
        bright = found[f"{split}_set_x"][:, 0, 0, 1] == 150
        np.testing.assert_array_equal(bright, found[f"{split}_set_y"] == 1)
    assert said[0] == f"{out}:" and "cat 8, dog 4" in said[1] and "cat 2, dog 1" in said[2]
    assert "  15 pictures: resized to 64 x 64, in other proportions" in said
    assert any("divided: 3 of 15 examples are the test set" in line for line in said)
    assert said[-1] == f"nnlab train data=hdf5 data.file={out}"
    done(nnlab("data", "check", str(out), home=tmp_path / "home"))


@pytest.mark.slow
def test_train_and_test_folders_stay_as_they_are(tmp_path: Path) -> None:
    source = tmp_path / "set"
    pets(source / "Train", 3, 2)
    pets(source / "test", 2, 2)
    (source / "validation" / "cat").mkdir(parents=True)
    said = run(tmp_path / "home", source, tmp_path / "a.h5", "--order", "dog,cat", "--size", "16")
    found = sets(tmp_path / "a.h5")
    assert found["train_set_x"].shape == (5, 16, 16, 3) and found["test_set_x"].shape == (4, 16, 16, 3)
    assert found["train_set_y"].tolist() == [1, 1, 1, 0, 0]
    assert f"  not used: the folder {source}/validation" in said
    assert "  doubtful: 4 test examples are equal to training examples" in said
    assert not any("divided" in line for line in said)
    options = "--order", "dog,cat", "--size", "16"
    again = run(tmp_path / "home", source / "test", source / "Train", tmp_path / "b.h5", *options)
    for key, array in sets(tmp_path / "b.h5").items():
        np.testing.assert_array_equal(array, found[key])
    assert again[1:3] == said[1:3]


@pytest.mark.slow
def test_a_training_set_without_a_test_set_is_divided(tmp_path: Path) -> None:
    """The folders train and val are not two classes."""
    pets(tmp_path / "set" / "train")
    pets(tmp_path / "set" / "val")
    for sources in ((tmp_path / "set",), (tmp_path / "set" / "train", tmp_path / "set" / "val")):
        said = run(tmp_path / "home", *sources, tmp_path / "a.h5", "--overwrite")
        assert sets(tmp_path / "a.h5")["list_classes"].tolist() == [b"cat", b"dog"]
        assert f"  not used: the folder {tmp_path}/set/val" in said
        assert any("divided: 3 of 15" in line for line in said)


def test_several_folders_of_pictures_are_a_class_each(tmp_path: Path) -> None:
    source = pets(tmp_path / "pets")
    run(tmp_path / "home", source / "dog", source / "cat", tmp_path / "a.h5")
    run(tmp_path / "home", source, tmp_path / "b.h5")
    for key, array in sets(tmp_path / "b.h5").items():
        if key == "list_classes":
            np.testing.assert_array_equal(array, sets(tmp_path / "a.h5")[key])
        else:
            assert array.shape == sets(tmp_path / "a.h5")[key].shape


@pytest.mark.slow
def test_the_photographs_of_the_course_come_back_to_the_same_bits(tmp_path: Path, real_data: Path) -> None:
    """Saved as PNG files in folders, and imported."""
    expected = {split: hdf5.read(real_data / f"{split}_catvnoncat.h5", split, 2048) for split in SPLITS}
    for split, part in expected.items():
        for name in part.classes:
            (tmp_path / "set" / split / name).mkdir(parents=True)
        for i, (x, y) in enumerate(zip(part.x[:], part.y, strict=True)):
            Image.fromarray(x).save(tmp_path / "set" / split / part.classes[y] / f"{i:03}.png")
    said = run(tmp_path / "home", tmp_path / "set", tmp_path / "a.h5", "--order", "non-cat,cat")
    found = sets(tmp_path / "a.h5")
    for split, part in expected.items():
        order = np.argsort(-part.y, kind="stable")  # folder by folder: cat, non-cat
        np.testing.assert_array_equal(found[f"{split}_set_x"], part.x[:][order])
        np.testing.assert_array_equal(found[f"{split}_set_y"], part.y[order])
    assert found["list_classes"].tolist() == [b"non-cat", b"cat"]
    assert not any("pictures:" in line for line in said)
    again = run(tmp_path / "home", real_data / "train_catvnoncat.h5", real_data / "test_catvnoncat.h5",
                tmp_path / "b.h5")  # fmt: skip
    copy = sets(tmp_path / "b.h5")
    for split, part in expected.items():
        np.testing.assert_array_equal(copy[f"{split}_set_x"], part.x[:])
        np.testing.assert_array_equal(copy[f"{split}_set_y"], part.y)
    assert not any(line.startswith(("  axes", "  pixels", "  labels")) for line in again)


@pytest.mark.slow
def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    source = pets(tmp_path / "pets")
    (source / "cat" / "Thumbs.db").write_bytes(b"\0\1")
    (source / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    half = (source / "dog" / "000.png").read_bytes()
    (source / "dog" / "half.png").write_bytes(half[: len(half) // 2])
    (tmp_path / "secret.png").write_bytes(half)
    (source / "dog" / "link.png").symlink_to(tmp_path / "secret.png")
    (source / "more").symlink_to(tmp_path)
    os.mkfifo(source / "cat" / "pipe.png")
    said = run(tmp_path / "home", source, tmp_path / "a.h5")
    for words in (
        "left out: " + f"{source}/cat/broken.jpg: not an image",
        "left out: " + f"{source}/dog/half.png: damaged",
        "left out: " + f"{source}/cat/pipe.png: is not a regular file",
        "passed over: 1 file of no picture",
        f"not used: {source}/more is a link to a folder",
        f"not used: 1 link in {source}/dog",
    ):
        assert any(words in line for line in said), words
    assert len(sets(tmp_path / "a.h5")["train_set_y"]) + len(sets(tmp_path / "a.h5")["test_set_y"]) == 15


@pytest.mark.slow
def test_many_damaged_pictures_are_refused(tmp_path: Path) -> None:
    source = pets(tmp_path / "pets")
    for i in range(4):
        (source / "cat" / f"broken{i}.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    ended = nnlab("data", "import", str(source), str(tmp_path / "a.h5"), home=tmp_path / "home")
    assert_refused(ended, "4 pictures cannot be read", "broken0.jpg")
    assert not (tmp_path / "a.h5").exists()


@pytest.mark.slow
def test_out_is_never_replaced_without_a_word(tmp_path: Path) -> None:
    source, out = pets(tmp_path / "pets"), tmp_path / "a.h5"
    out.write_bytes(b"precious")
    ended = nnlab("data", "import", str(source), str(out), home=tmp_path / "home")
    assert_refused(ended, "is there already", "--overwrite")
    assert out.read_bytes() == b"precious"
    shutil.rmtree(source / "dog")
    ended = nnlab("data", "import", str(source), str(out), "--overwrite", home=tmp_path / "home")
    assert_refused(ended, "a folder for each class")
    assert out.read_bytes() == b"precious" and [p.name for p in tmp_path.glob("*a.h5*")] == ["a.h5"]
    pets(tmp_path / "pets2")
    run(tmp_path / "home", tmp_path / "pets2", out, "--overwrite")
    assert set(sets(out)) == {"train_set_x", "train_set_y", "test_set_x", "test_set_y", "list_classes"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a.h5", "a.h5", "--overwrite"), "a.h5: is a source too"),
        (("pets", "."), "the last argument is the file to write"),
        (("pets", "b.txt"), "the last argument is the file to write, such as b.h5"),
        (("no", "b.h5"), "no: there is no such file or folder"),
        (("pets", "a.h5", "b.h5"), "one by one"),
        (("pets/cat", "b.h5"), "a folder for each class"),
        (("pets", "b.h5", "--memory-mb", "1", "--size", "999"), "--memory-mb allows, 1; .* smaller --size"),
    ],
)
def test_arguments_that_make_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    pets(tmp_path / "pets")
    (tmp_path / "a.h5").write_bytes(b"precious")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=words) as caught:
        data_import.main(list(arguments), standalone_mode=False)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "a.h5").read_bytes() == b"precious" and not (tmp_path / "b.h5").exists()


@pytest.mark.slow
def test_more_classes_and_real_targets_name_their_options(tmp_path: Path) -> None:
    x = np.random.RandomState(0).rand(30, 4)
    np.savez(tmp_path / "three.npz", data=x, target=np.arange(30) % 3)
    np.savez(tmp_path / "real.npz", data=x, target=x.sum(axis=1))
    said = run(tmp_path / "home", tmp_path / "three.npz", tmp_path / "three.h5")
    assert said[-1].endswith("three.h5 model.output=softmax")
    said = run(tmp_path / "home", tmp_path / "real.npz", tmp_path / "real.h5")
    assert said[-1].endswith("real.h5 model.output=identity model.loss=squared_error")


@pytest.mark.slow
def test_the_command_that_is_printed_trains_on_the_file(tmp_path: Path) -> None:
    empty_store(tmp_path / "home")
    command = run(tmp_path / "home", pets(tmp_path / "my pets"), tmp_path / "my pets.h5")[-1]
    program, *arguments = shlex.split(command)
    assert program == "nnlab"
    ended = done(nnlab(*arguments, "trainer.iterations=50", home=tmp_path / "home"))
    assert "train" in ended.stdout
    (marker,) = (tmp_path / "home" / "runs").glob("*/record.json")
    assert json.loads(marker.read_text())["config"]["data"]["file"] == str(tmp_path / "my pets.h5")
