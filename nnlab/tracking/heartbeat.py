"""The heartbeat: by which tags of a RUNNING run one can tell whether its driver is dead.

A driver writes into its runs who it is and when it was last seen. A process id alone would not do, since
ids are used again: so the host, the boot, the process namespace and the start of the process go with it.
"""

import os
import socket
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psutil

DRIVER, HEARTBEAT = "nnlab.driver", "nnlab.heartbeat"  # tags of a run in training
BEAT_EVERY = 60.0  # seconds between two heartbeats
DEAD_AFTER = 600.0  # seconds without a heartbeat after which a driver on another host counts as dead


def tags() -> dict[str, str]:
    """What a driver writes into its runs, again with every heartbeat."""
    return {DRIVER: f"{_host()} {os.getpid()} {_start(os.getpid())}", HEARTBEAT: f"{time.time():.0f}"}


def is_dead(tags: Mapping[str, str], started: float) -> bool:
    """Is the driver dead that wrote these tags into a run begun at ``started`` (seconds since 1970)?"""
    host, _, process = tags.get(DRIVER, "").partition(" ")
    number, _, start = process.partition(" ")
    if host == _host() and number.isdecimal():
        now = _start(int(number))
        return now != start and not (now and start == "alive")  # nnlab 0.1 without /proc wrote `alive`
    beat = tags.get(HEARTBEAT, "")
    return time.time() - (float(beat) if beat.isdecimal() else started) > DEAD_AFTER


@cache
def _host() -> str:
    """The kernel that knows whether a process lives: host, boot, and namespace of process ids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = namespace = "-"
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _start(number: int) -> str:
    """When the process with this id began, in clock ticks since the boot; "" if none is alive.

    Ticks since the boot stay the same when the clock is set, which seconds since 1970 do not.
    """
    try:
        process = psutil.Process(number)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return ""
        seconds = process.create_time() - psutil.boot_time()
    except psutil.NoSuchProcess:
        return ""
    return str(round(seconds * os.sysconf("SC_CLK_TCK")))
