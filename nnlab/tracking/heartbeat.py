"""The reaper: which RUNNING runs in the store belong to drivers that are dead.

A driver writes into its runs who it is and when it was last seen. A process number alone would not do,
since it is given again: with it stand the host, the boot, the process namespace and the process's start.
"""

import os
import socket
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DRIVER, HEARTBEAT = "nnlab.driver", "nnlab.heartbeat"  # tags of a run that is in work
BEAT_EVERY = 60.0  # seconds between two heartbeats
DEAD_AFTER = 600.0  # seconds without one, where the driver's host cannot be asked


def tags() -> dict[str, str]:
    """What a driver writes into its runs, again with every heartbeat."""
    return {DRIVER: f"{_host()} {os.getpid()} {_start(os.getpid())}", HEARTBEAT: f"{time.time():.0f}"}


def is_dead(tags: Mapping[str, str], started: float) -> bool:
    """Is the driver dead that wrote these tags into a run begun at ``started`` (seconds since 1970)?"""
    host, _, process = tags.get(DRIVER, "").partition(" ")
    number, _, start = process.partition(" ")
    if host == _host() and number.isdecimal():
        return _start(int(number)) != start
    beat = tags.get(HEARTBEAT, "")
    return time.time() - (float(beat) if beat.isdecimal() else started) > DEAD_AFTER


@cache
def _host() -> str:
    """The kernel that can tell whether a process lives: host, boot, and namespace of processes."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = namespace = "-"
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _start(process: int) -> str:
    """When a process began, in ticks since the boot; "" where there is none, or only its remains."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return "" if state in "ZX" else fields[18]
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _signalled(process)


def _signalled(process: int) -> str:
    """The same, for a system without /proc: whether a process of this number lives at all."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
