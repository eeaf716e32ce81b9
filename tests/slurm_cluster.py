"""A real Slurm with accounting on this machine, for root: `python tests/slurm_cluster.py FOLDER`.

Its daemons listen on all addresses, so run it in a network namespace of its own (`unshare --net`). All its
files are in FOLDER. It prints `ready`, and stops everything when its stdin ends.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

NEEDED = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd", "sacctmgr")
NODE = "here"
SLURM = """\
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmUser=root
SlurmdUser=root
SlurmctldPort=17817
SlurmdPort=17818
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdTimeout=10
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=17819
AccountingStoragePass={folder}/munge.socket
SchedulerParameters=batch_sched_delay=1
NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""
SLURMDBD = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=17819
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=17820
StorageUser=slurm
StoragePass={password}
"""


def wait(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, at most half a minute."""
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"{what} does not start")
        time.sleep(0.1)


def succeeds(*command: str) -> bool:
    """Does a command end with 0?"""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Cluster:
    """Its daemons, in the order in which they were started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.daemons = folder, list[subprocess.Popen[bytes]]()
        self.password = secrets.token_hex(16)

    def start(self) -> None:
        """Start all, the last ones after those that they need."""
        self._write()
        socket = str(self.folder / "munge.socket")
        files = [f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
        self._daemon("munged", "--foreground", "--force", f"--socket={socket}", *files)
        wait(lambda: succeeds("munge", f"--socket={socket}", "--no-input"), "munged")
        self._database()
        self._daemon("slurmdbd", "-D")
        wait(lambda: succeeds("sacctmgr", "-i", "add", "cluster", "trial"), "slurmdbd")
        self._daemon("slurmctld", "-D", "-c")
        self._daemon("slurmd", "-D", "-N", NODE)
        idle = ["sinfo", "--noheader", "--format=%t"]
        wait(
            lambda: subprocess.run(idle, capture_output=True, text=True, check=False).stdout == "idle\n",
            "slurmd",
        )

    def stop(self) -> None:
        """Stop all, the last one first."""
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _daemon(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("wb") as output:
            self.daemons.append(
                subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
            )

    def _write(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        values = {
            "folder": self.folder,
            "node": NODE,
            "host": os.uname().nodename,
            "password": self.password,
        }
        for name, text in (("slurm.conf", SLURM), ("slurmdbd.conf", SLURMDBD)):
            (self.folder / name).write_text(text.format(**values))
            (self.folder / name).chmod(0o600 if name == "slurmdbd.conf" else 0o644)
        (self.folder / "munge.key").write_bytes(secrets.token_bytes(1024))
        (self.folder / "munge.key").chmod(0o400)
        os.environ["SLURM_CONF"] = str(self.folder / "slurm.conf")

    def _database(self) -> None:
        data, socket = self.folder / "database", self.folder / "database.socket"
        subprocess.run(
            ["mariadb-install-db", "--user=root", f"--datadir={data}",
             "--auth-root-authentication-method=normal"],
            check=True, capture_output=True,
        )  # fmt: skip
        self._daemon(
            "mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={socket}",
            "--bind-address=127.0.0.1", "--port=17820", f"--pid-file={self.folder}/mariadbd.pid",
        )  # fmt: skip
        user = "slurm@'127.0.0.1'"
        sql = f"create user {user} identified by '{self.password}'; grant all on *.* to {user};"
        client = ("mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--execute")
        wait(lambda: succeeds(*client, "select 1"), "mariadbd")
        subprocess.run([*client, sql], check=True)


def main() -> None:
    """Start, say so, and stop when the one who reads it has gone."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Slurm asks for an address that is not loopback's; this one, kept for documentation, leads nowhere
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    cluster = Cluster(Path(sys.argv[1]))
    try:
        cluster.start()
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
