"""The same requests over HTTP: 16 clients at once, and one alone."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.everything.asked import Asked
from benchmarks.load import CLIENTS, measure
from benchmarks.serving import starbeam as serving
from starbeam.app import Starbeam

SECONDS = 2


def over_http(starbeam: Starbeam, rows: Iterable[Asked], token: str) -> dict[Asked, tuple[str, str, str]]:
    """Requests per second, and milliseconds in which half and 99 of 100 are answered, for what can be asked
    again and again. Nothing where wrk is not installed."""
    found: dict[Asked, tuple[str, str, str]] = {}
    if shutil.which("wrk") is None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bench.toml"
        config.write_text(_written(starbeam))
        with serving(config) as address:
            for one in rows:
                if not one.operation.startswith("GET "):
                    continue
                url = address + starbeam.settings.server.api_root + one.address.replace("{token}", token)
                try:
                    many, alone = (measure(url, clients, SECONDS, token) for clients in (CLIENTS, 1))
                except SystemExit:  # it answers with an error: a file or a table that is not there
                    continue
                found[one] = f"{many.per_second:.0f}", f"{alone.p50:.1f}", f"{alone.p99:.1f}"
    return found


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
