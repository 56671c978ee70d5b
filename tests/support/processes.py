"""What throwaway servers have in common: a program, a free port, and an end with the tests."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
from pathlib import Path


def program(name: str, package: str) -> str:
    """The path of a server program; `package` is the Debian package that it comes from."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError(f"{name} is not installed: these tests need it (Debian: {package})")
    return found


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def established(port: int) -> bool:
    """Whether a client is connected to a port of this machine: state 01 in the kernel's table."""
    local = f"0100007F:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1] == local and line.split()[3] == "01" for line in lines)


def die_with_parent() -> None:
    """Ask the kernel (Linux) to kill this process when the one that started it ends, even by SIGKILL.

    For `preexec_fn`.
    """
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
