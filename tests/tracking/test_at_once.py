"""Several calls at once."""

import threading

import pytest

from nnlab.tracking.at_once import at_once


def test_the_calls_run_at_once() -> None:
    """Each waits until all have begun; one after the other they would wait for ever."""
    all_begun = threading.Barrier(4, timeout=30)
    at_once(lambda _: all_begun.wait(), range(4))


def test_an_error_is_raised_when_all_calls_have_ended() -> None:
    ended: list[int] = []
    other_failed = threading.Event()

    def call(item: int) -> None:
        if item == 0:
            other_failed.set()
            raise OSError("no server")
        other_failed.wait(30)
        ended.append(item)

    with pytest.raises(OSError, match="no server"):
        at_once(call, range(4))
    assert sorted(ended) == [1, 2, 3]
