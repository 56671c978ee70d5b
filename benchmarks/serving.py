"""Servers as processes of their own, on free ports of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

BINARIES = Path(sys.executable).parent


def starbeam(config: Path) -> AbstractContextManager[str]:
    """Starbeam with one worker: its address."""
    return _running([str(BINARIES / "starbeam"), "serve", "--config", str(config)])


def bare(app: str, **environment: str) -> AbstractContextManager[str]:
    """An ASGI application that only does what cannot be saved: its address."""
    options = ["--log-level", "critical", "--lifespan", "off"]
    return _running([str(BINARIES / "uvicorn"), app, *options], **environment)


@contextmanager
def _running(command: list[str], **environment: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
