"""`python -m nnlab` and the command `nnlab`; an interrupt prints one line from the start on."""

import atexit
import gc

from nnlab import signals as interrupts


def main() -> None:
    """Run the command line; its loading can be interrupted too."""
    interrupts.handle(interrupts.leave)
    gc.set_threshold(10_000)  # imports make many objects but no garbage, and each search takes longer
    atexit.register(gc.freeze)  # no search when the process ends: with MLflow it takes 0.8 s
    from nnlab.cli import main as cli

    interrupts.handle(interrupts.interrupt)
    try:
        cli.main()
    except BaseException:
        if not interrupts.came:  # else it is the interrupt, or what a library has made of it
            raise
    else:
        return
    gc.collect()  # no traceback holds the workers' semaphores now; else they would be called leaked
    interrupts.leave()


if __name__ == "__main__":
    main()
