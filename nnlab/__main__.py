"""`python -m nnlab` and the command `nnlab`: an interrupt is one line from the very first moment."""

import os
import signal
import sys


def main() -> None:
    """Run the command line; loading it takes half a second, which may be interrupted too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        from nnlab import cli

        cli.main()
    except KeyboardInterrupt:
        print("interrupted; finished cells are kept, the same command goes on from them", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)  # a thread in the middle of a call or an import is not waited for


if __name__ == "__main__":
    main()
