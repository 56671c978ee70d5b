"""A throwaway Galera cluster of three nodes on loopback.

All begin with the data of one. A node that was killed finds in its own data how far it was, and the others
send it what it missed: none ever needs all of another's data.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncmy

from support import mariadb
from support.processes import free_port

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
PATIENCE = 60
"""Seconds until a node that does not come to be ready is given up."""
_OPTIONS = [
    "--wsrep-on=ON",
    f"--wsrep-provider={PROVIDER}",
    "--wsrep-cluster-name=starbeam",
    "--wsrep-node-address=127.0.0.1",
    "--wsrep-sst-method=near",
    "--binlog-format=ROW",
    "--innodb-autoinc-lock-mode=2",
]
_POSITION = re.compile(r"Recovered position: (\S+)")
_SYNCED = "WSREP: Server .* synced with group|WSREP: Synchronized with group"


class Node(mariadb.Server):
    """One node of a cluster; `gossip` is where the others meet it."""

    def __init__(self, gossip: int) -> None:
        incoming = free_port()
        provider = (
            f"gmcast.listen_addr=tcp://127.0.0.1:{gossip};ist.recv_addr=127.0.0.1:{incoming};gcache.size=32M"
        )
        folder = Path(tempfile.mkdtemp(prefix="starbeam-galera-"))
        super().__init__(folder, *_OPTIONS, f"--wsrep-provider-options={provider}")
        here = Path(__file__).parent
        self.environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:{here}"}  # for its script
        self.gossip = gossip

    def begin(self) -> None:
        """Start as the first of a new cluster."""
        self._go("--wsrep-new-cluster", "--wsrep-cluster-address=gcomm://")

    def join(self, others: list[Node]) -> None:
        """Start as one of theirs, and return when it has all that they have."""
        address = "--wsrep-cluster-address=gcomm://" + ",".join(f"127.0.0.1:{one.gossip}" for one in others)
        done = subprocess.run(
            self.command(address, "--wsrep-recover"), env=self.environment, capture_output=True, text=True
        )
        found = _POSITION.search(done.stderr)
        assert found is not None, done.stderr[-2000:]
        self._go(address, f"--wsrep-start-position={found[1]}")

    async def go_on_alone(self) -> None:
        """Let it serve without the others, as one does by hand when these are gone for good."""
        connection = await asyncmy.connect(host="127.0.0.1", port=self.port, user="root", password="")
        async with connection.cursor() as cursor:
            await cursor.execute("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
        connection.close()

    def _go(self, *options: str) -> None:
        log = self.folder / "errors.log"
        before = log.stat().st_size if log.exists() else 0
        self.start(*options)
        deadline = time.monotonic() + PATIENCE
        while not re.search(_SYNCED, (said := log.read_text()[before:])):
            assert time.monotonic() < deadline, said[-2000:]
            time.sleep(0.05)


@contextmanager
def running() -> Iterator[list[Node]]:
    """Three nodes with the empty databases of `support.mariadb`."""
    nodes = [Node(free_port()) for _ in range(3)]
    first = nodes[0]
    try:
        mariadb.copy_template(first.folder)
        first.begin()
        first.shut_down()
        for other in nodes[1:]:
            shutil.copytree(first.folder, other.folder, dirs_exist_ok=True)
        first.begin()
        for other in nodes[1:]:
            other.join(nodes)
        yield nodes
    finally:
        for node in nodes:
            node.stop()
