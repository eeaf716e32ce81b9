"""`python -m nnlab` and the command `nnlab`: an interrupt is one line from the very first moment."""

import atexit
import gc

from nnlab import signals as interrupts


def main() -> None:
    """Run the command line; loading it takes half a second, which may be interrupted too."""
    interrupts.handle(interrupts.leave)
    gc.set_threshold(10_000)  # imports make many objects and no garbage; each look for it takes longer
    atexit.register(gc.freeze)  # and none is looked for in a process that ends: with MLflow, 0.8 s
    from nnlab.cli import main as cli

    interrupts.handle(interrupts.interrupt)
    try:
        cli.main()
    except BaseException:
        if interrupts.came:  # whatever a library made of it on the way
            interrupts.leave()
        raise


if __name__ == "__main__":
    main()
