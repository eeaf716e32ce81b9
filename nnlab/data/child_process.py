"""A child process that reads files which may harm the process that reads them: its start, limits and end.

A damaged file can send a decoder into an endless loop, crash it, or unpack to far more than its size.
A process cannot stop this itself.
"""

import math
import os
import resource
import signal
import sys


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a child that runs ``module``."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """The variables of a child: it finds the same packages as this process."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def limit(seconds: int, memory_mb: int) -> None:
    """Limit this process to so many more seconds of processor time and megabytes of memory.

    Called by the child before each file.
    """
    import psutil  # few commands need it

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = math.ceil(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))
    if sys.platform == "linux":  # elsewhere the address space says nothing about the memory in use
        held = psutil.Process().memory_info().vms  # bytes
        resource.setrlimit(resource.RLIMIT_AS, (held + memory_mb * 2**20, resource.RLIM_INFINITY))


def ending(code: int, errors: str) -> str:
    """Why a child of this exit code ended before its last file, for a message.

    KeyboardInterrupt if the child was interrupted: the signal went to this process too. RuntimeError with
    the text that the child wrote if it ended by a mistake in the program.
    """
    if -code in (signal.SIGINT, signal.SIGTERM):
        raise KeyboardInterrupt
    if code >= 0:
        raise RuntimeError(f"the check of a file failed:\n{errors}")
    end = "never ends" if code == -signal.SIGXCPU else "crashes the reading process"
    return f"reading it {end}: {signal.Signals(-code).name}"
