"""Load: wrk, from Debian, against a server on this machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

CLIENTS = 16


@dataclass(frozen=True)
class Measured:
    """What a run gave; times in milliseconds."""

    per_second: float
    p50: float
    p99: float


def measure(url: str, clients: int, seconds: int, token: str = "", *, warm: bool = True) -> Measured:
    """Warm up for a second, then measure. What takes that long would have them all waiting twice."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("The benchmarks need wrk: apt-get install wrk")
    command = [
        program,
        "-t1",
        f"-c{clients}",
        "--timeout",
        "30",
        "--latency",
        "-H",
        f"Authorization: Bearer {token}",
    ]
    if warm:
        subprocess.run([*command, "-d1", url], check=True, capture_output=True)
    said = subprocess.run([*command, f"-d{seconds}", url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url} answered with errors:\n{said}")
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    assert found
    return Measured(float(found[1]), _percentile(said, 50), _percentile(said, 99))


def _percentile(said: str, number: int) -> float:
    found = re.search(rf"^\s+{number}%\s+([\d.]+)(us|ms|s)\s*$", said, re.MULTILINE)
    if found is None:  # too few requests to tell
        return float("nan")
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]
