"""The data of a record are found by their content, wherever the files are now."""

from pathlib import Path

import numpy as np
import pytest
from harness import living_in, small_set, trained, write_h5

from nnlab.cells import load
from nnlab.cells.recorded_data import located
from nnlab.errors import UserError
from nnlab.records.record import Record

OWN = pytest.mark.parametrize("own", [True, False], ids=["own", "from elsewhere"])


def a_record(home: Path, data: list[str]) -> Record:
    return trained(home, *data, "model.depth=1", "trainer.iterations=1")[1]


def files(folder: Path) -> list[str]:
    return [f"data.{split}='{folder}/{split}.h5'" for split in ("train", "test")]


def move(old: Path, new: Path) -> None:
    new.mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        (old / f"{split}.h5").rename(new / f"{split}.h5")


@OWN
def test_files_that_stand_where_the_run_says(tmp_path: Path, own: bool) -> None:
    with living_in(tmp_path / "home") as home:
        rec = a_record(home, small_set(tmp_path / "set"))
        assert located(rec, own, ["seed=2"]) == ["seed=2", *files(tmp_path / "set")]


@pytest.mark.slow
@OWN
@pytest.mark.parametrize("place", ["NNLAB_DATA", "NNLAB_DATA/set", "home/data", "home/set"])
def test_files_that_moved(tmp_path: Path, own: bool, place: str) -> None:
    """They are taken also if another file is now where they were."""
    with living_in(tmp_path / "home", NNLAB_DATA=str(tmp_path / "NNLAB_DATA")) as home:
        data = small_set(tmp_path / "set")
        rec = a_record(home, data)
        move(tmp_path / "set", tmp_path / place)
        assert located(rec, own, []) == files(tmp_path / place)
        write_h5(tmp_path / "set" / "train.h5", y=np.zeros(30, np.int64))
        assert located(rec, own, []) == files(tmp_path / place)


@OWN
def test_one_file_is_named_and_the_other_found(tmp_path: Path, own: bool) -> None:
    with living_in(tmp_path / "home") as home:
        rec = a_record(home, small_set(tmp_path / "set"))
        train = (tmp_path / "set" / "train.h5").rename(tmp_path / "it's here.h5")
        named = f'data.train="{train}"'
        assert located(rec, own, [named]) == [named, files(tmp_path / "set")[1]]


@OWN
def test_what_the_user_names_is_taken_as_it_is(tmp_path: Path, own: bool) -> None:
    with living_in(tmp_path / "home") as home:
        rec = a_record(home, small_set(tmp_path / "set"))
        asked = ["data.train=a.h5", "data.test=b.h5"]
        assert located(rec, own, asked) == asked


def test_other_content_at_the_recorded_place(tmp_path: Path) -> None:
    """A record of this home is trained on it, and the verdict says so; one from elsewhere is refused."""
    with living_in(tmp_path / "home") as home:
        rec = a_record(home, small_set(tmp_path / "set"))
        small_set(tmp_path / "set", m_train=20)
        load._load.cache_clear()  # as in a new process
        assert located(rec, True, []) == []
        with pytest.raises(UserError, match=r"data\.test and data\.train: no file here has the content"):
            located(rec, False, [])


@OWN
def test_files_that_are_gone(tmp_path: Path, own: bool) -> None:
    with living_in(tmp_path / "home") as home:
        rec = a_record(home, small_set(tmp_path / "set"))
        (tmp_path / "set" / "train.h5").unlink()
        with pytest.raises(UserError, match=r"nnlab rerun RUN data\.train=FILE data\.test=FILE") as caught:
            located(rec, own, [])
        assert len(str(caught.value).splitlines()) == 2
