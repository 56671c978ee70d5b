"""The configuration and what it names on this machine."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starbeam.api import Clock
from starbeam.api.settings import is_secret, mask_value
from starbeam_doctor import Finding, error, ok, warning

if TYPE_CHECKING:
    from starbeam.api import Check
    from starbeam.api.settings import Loaded
    from starbeam.api.tools import Starbeam

PATIENCE_SECONDS = 15


def of_settings(loaded: Loaded, config: Path | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What can be said without plugins: secrets, time zone, files."""
    yield from _secrets(loaded, config, environ)
    yield _time_zone(loaded)
    yield from _files(loaded)
    if loaded.settings.auth.trust_token_claims:
        yield warning(
            "auth.trust_token_claims",
            "whoever had a permission when logging in keeps it until the token expires",
            "set it to false once py-ispyb no longer runs beside this server",
        )


def _secrets(loaded: Loaded, config: Path | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Files that hold secrets are for the server's account only."""
    holders = [Path(path) for name, path in environ.items() if _names_a_secret(name)]
    if config is not None and _holds_secret(loaded.tree_of_file()):
        holders.append(config)
    open_ones = [path for path in holders if _is_open(path)]
    for path in open_ones:
        yield warning("secrets", f"{path} holds a secret and others may read it", f"chmod go= {path}")
    if not open_ones:
        yield ok("secrets", "no file with a secret can be read by others")


def _names_a_secret(variable: str) -> bool:
    name = variable.lower()
    return name.startswith("starbeam_") and name.endswith("_file") and (is_secret(name) or "url" in name)


def _holds_secret(tree: Mapping[str, Any]) -> bool:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            if _holds_secret(value):
                return True
        elif value and (is_secret(name) or mask_value(str(value)) != str(value)):
            return True
    return False


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def _time_zone(loaded: Loaded) -> Finding:
    name = loaded.settings.server.timezone
    now = Clock(name).now().strftime("%Y-%m-%d %H:%M")
    if name:
        return ok("server.timezone", f"{name}, where it is {now}")
    return warning(
        "server.timezone",
        f"is not set: the machine's, {'/'.join(dict.fromkeys(time.tzname))}, where it is {now}",
        "set it to that of the times in the database: containers run in UTC",
    )


def _files(loaded: Loaded) -> Iterator[Finding]:
    files = loaded.settings.files
    if not files.roots:
        yield warning("files.roots", "is empty: no file is served", "name the folders that hold the data")
    for root in files.roots:
        if not os.path.isdir(root):  # noqa: PTH112 - also for what no Path can be
            yield error("files.roots", f"{root} is no folder", "mount it, or leave it out")
        elif not os.access(root, os.R_OK | os.X_OK):
            yield error("files.roots", f"{root} cannot be read by this account", "give it access")
        else:
            yield ok("files.roots", f"{root} can be read")
    before = files.path_map
    if before and files.roots and not any(_meet(before, root) for root in files.roots):
        yield error(
            "files.path_map",
            f"{before} leads into no folder of files.roots: no file is served",
            "add the folder that it leads into",
        )


def _meet(before: str, root: str) -> bool:
    """Whether paths with this text in front can lie below a folder."""
    folder = before if os.path.isdir(before) else os.path.dirname(before)  # noqa: PTH112, PTH120 - text
    place, wanted = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    return place.is_relative_to(wanted) or wanted.is_relative_to(place)


def of_plugins(app: Starbeam) -> Iterator[Finding]:
    """Which plugins run, and how people log in."""
    yield ok("plugins", ", ".join(app.plugins.enabled) or "none is enabled")
    if not app.registry.backends:
        yield warning("log-in", "there is no backend: nobody can log in", "add a section to [auth.backends]")
    for name, backends in app.plugins.backends.items():
        if not backends:
            yield warning(
                f"log-in by {name}", "no [auth.backends.*] uses it", "add such a section, or disable it"
            )
    for name, backend in app.registry.backends.items():
        if backend.test_only:
            yield warning(
                f"log-in {name}", "lets everybody in as anybody", "never for a server with real data"
            )
        else:
            yield ok(f"log-in {name}", f"by {type(backend).__name__}")


async def of_checks(app: Starbeam) -> list[Finding]:
    """What the plugins' own checks say."""
    said = await asyncio.gather(*(_run(check) for check in app.registry.checks))
    return [
        ok(f"check {check.name}", check.says)
        if sentence is None
        else (error if check.essential else warning)(f"check {check.name}", sentence)
        for check, sentence in zip(app.registry.checks, said, strict=True)
    ]


async def _run(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check.run()
    except Exception as failed:  # a check that breaks is a check that fails
        return f"broke: {type(failed).__name__}"
