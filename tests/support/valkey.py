"""A throwaway server that speaks Redis' language, on a free loopback port.

It stops when the process that started it ends, however it ends.
"""

from __future__ import annotations

import atexit
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import redis

from support.processes import die_with_parent, free_port, program
from support.slapd import make_certificates

PATIENCE = 300
"""Seconds until a server that does not start is given up."""
PASSWORD = "only-for-tests"


class Valkey:
    """A running server; `url` is what `[shared] url` says."""

    def __init__(self, *, tls: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="starbeam-valkey-"))
        self.port = free_port()
        self.ca_file = str(self.folder / "ca.pem") if tls else ""
        if tls:
            make_certificates(self.folder)
        atexit.register(self.close)
        # Debian's redis-tools has the whole program, which goes by its name, without a service.
        self._program = self.folder / "redis-server"
        self._program.symlink_to(program("redis-check-rdb", "redis-tools"))
        scheme = "rediss" if tls else "redis"
        self.url = f"{scheme}://:{PASSWORD}@127.0.0.1:{self.port}/0"
        trusted = {"ssl_ca_certs": self.ca_file} if tls else {}
        self.client: redis.Redis = redis.Redis.from_url(self.url, **trusted)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it answers."""
        keys = {"cert": "server.pem", "key": "server.key", "ca-cert": "ca.pem"}
        tls = [word for name, file in keys.items() for word in (f"--tls-{name}-file", self.folder / file)]
        ports = ("--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no", *tls)
        self._process = subprocess.Popen(
            [
                *(self._program, "--bind", "127.0.0.1", "--save", ""),
                *("--dir", self.folder, "--requirepass", PASSWORD),
                *(ports if self.ca_file else ("--port", str(self.port))),
            ],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.02)

    def fresh(self) -> None:
        """Let it run, with nothing in it."""
        if self._process is None:
            self.start()
        self.client.flushall()

    def kill(self) -> None:
        """End it at once: it forgets all."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, and delete its folder."""
        self.kill()
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@cache
def running() -> Valkey:
    """The one of all tests of this process."""
    return Valkey()
