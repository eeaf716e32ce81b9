"""Several calls at once."""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

AT_ONCE = 4  # records that are published at once to a server: more do not pay (docs/howto/shared-server.md)

Item = TypeVar("Item")


def at_once(call: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Call it with each item, in a thread of its own; wait for all, then raise the first error.

    The threads are daemons: a command that is interrupted does not wait for a call that hangs.
    """
    errors: list[Exception] = []

    def guarded(item: Item) -> None:
        try:
            call(item)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(item,), daemon=True) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
