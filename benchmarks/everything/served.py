"""The same requests over HTTP: 16 clients at once, and one alone."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from benchmarks.everything.asked import Asked
from benchmarks.load import CLIENTS, measure
from benchmarks.serving import starbeam as serving
from starbeam.app import Starbeam

SECONDS, MOST = 2, 24
"""How long is measured, and how long at most what takes long: until each of the clients had four answers."""


def over_http(starbeam: Starbeam, rows: Iterable[Asked], token: str) -> dict[Asked, tuple[str, str, str]]:
    """Requests per second, and milliseconds in which half and 99 of 100 are answered, for what can be asked
    again and again. Nothing where wrk is not installed."""
    found: dict[Asked, tuple[str, str, str]] = {}
    if shutil.which("wrk") is None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bench.toml"
        config.write_text(_written(starbeam))
        with serving(config) as address, httpx.Client(timeout=60) as client:
            for one in rows:
                if not one.operation.startswith("GET "):
                    continue
                url = address + starbeam.settings.server.api_root + one.address.replace("{token}", token)
                everybody = CLIENTS * _asked_before(client, url, token)
                seconds = max(SECONDS, min(MOST, math.ceil(4 * everybody)))
                try:
                    many = measure(url, CLIENTS, seconds, token, warm=everybody < 1)
                    time.sleep(everybody)  # what clients who went away have asked for
                    alone = measure(url, 1, SECONDS, token)
                except SystemExit:  # it answers with an error: a file or a table that is not there
                    continue
                found[one] = f"{many.per_second:.0f}", f"{alone.p50:.1f}", f"{alone.p99:.1f}"
    return found


def _asked_before(client: httpx.Client, url: str, token: str) -> float:
    """Seconds that an answer takes of a server that was asked before."""
    for _ in range(2):
        began = time.perf_counter()
        client.get(url, headers={"Authorization": f"Bearer {token}"})
    return time.perf_counter() - began


def _written(starbeam: Starbeam) -> str:
    """The settings that the app in this process has, as a file."""
    settings = starbeam.settings
    given = {
        "auth.secret_key": settings.auth.secret_key,
        "auth.backends.dummy.use": "auth_dummy",
        "auth.backends.dummy.test_system": True,
        "plugins.enabled": list(settings.plugins.enabled),
        "database.url": settings.database.url,
        "files.roots": list(settings.files.roots),
        "files.path_map": settings.files.path_map,
    }
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in given.items())
