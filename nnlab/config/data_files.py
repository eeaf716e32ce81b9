"""Which files a data configuration reads: those of a named set, or files of one's own."""

from nnlab.config.paths import absolute, named_data
from nnlab.config.schema import DataConfig
from nnlab.errors import UserError

NAMED = ("painted", "catvnoncat")  # sets that are found by their name
FILES = ("data.train", "data.test", "data.file")  # keys that name a file


def data_files(data: DataConfig) -> tuple[str, str]:
    """The file with the training set and the one with the test set; UserError if one is missing."""
    if data.file is not None:
        return data.file, data.file
    if data.train is None or data.test is None:
        missing = "data.test" if data.train is not None else "data.train"
        raise UserError(
            f"{missing}: a value is needed; give data.train and data.test, or data.file for both in one"
        )
    return data.train, data.test


def named_files(name: str) -> tuple[str, str]:
    """The files of a named set."""
    train, test = (named_data(f"{name}/{split}_{name}.h5") for split in ("train", "test"))
    return train, test


def check_files(data: DataConfig) -> None:
    """Make the paths absolute; UserError where they contradict each other.

    A file given by hand belongs to ``data=hdf5``, so that it is never taken for one that nnlab may write.
    """
    given = {key: getattr(data, key) for key in ("train", "test", "file") if getattr(data, key) is not None}
    for key, path in given.items():
        setattr(data, key, str(absolute(path)))
    if data.name in NAMED:
        own = dict(zip(("train", "test"), named_files(data.name), strict=True))
        for key in given:
            if getattr(data, key) != own.get(key):
                raise UserError(
                    f"data.{key}: {given[key]} is not a file of data={data.name}; add data=hdf5"
                )
    if data.file is not None and len(given) > 1:
        raise UserError(
            "data.file: names one file with both sets; give it, or data.train and data.test "
            "(`=null` leaves a key out)"
        )
    data_files(data)
