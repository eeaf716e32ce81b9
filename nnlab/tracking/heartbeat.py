"""The heartbeat: tags of a RUNNING run that show whether its driver is dead.

A driver writes its process and the time into the tags of its runs. A process id alone is not enough,
because ids are used again. So the tag also has the host, the boot, the process namespace and the start of
the process.
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
    """The tags that a driver writes into its runs with every heartbeat."""
    return {DRIVER: f"{_host()} {os.getpid()} {_start(os.getpid())}", HEARTBEAT: f"{time.time():.0f}"}


def is_dead(tags: Mapping[str, str], started: float) -> bool:
    """Is the driver dead that wrote these tags? ``started`` is the run's start in seconds since 1970."""
    host, _, process = tags.get(DRIVER, "").partition(" ")
    number, _, start = process.partition(" ")
    if host == _host() and number.isdecimal():
        now = _start(int(number))
        return now != start and not (now and start == "alive")  # nnlab 0.1 without /proc wrote `alive`
    beat = tags.get(HEARTBEAT, "")
    return time.time() - (float(beat) if beat.isdecimal() else started) > DEAD_AFTER


@cache
def _host() -> str:
    """The system in which a process id is valid: host, boot, and namespace of process ids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = namespace = "-"
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _start(number: int) -> str:
    """When the process with this id began, in clock ticks since the boot; "" if it is not running.

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
