"""`starbeam demo`: a facility's worth of data, made once, and a server that lets everybody in."""

from __future__ import annotations

import ipaddress
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam.api.commands import (
    Failure,
    bind,
    config_option,
    finish,
    read_settings,
    require_folder,
    require_tables,
)

if TYPE_CHECKING:
    from starbeam.api.settings import Loaded
    from starbeam.api.tools import Starbeam
    from starbeam_demo.making import Place

BUNDLED = Path(__file__).with_name("demo.toml")
"""The configuration of the demo when none is given: every bundled plugin, and a log-in without proof."""


@click.command()
@config_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of server.port.")
def demo(config: Path | None, port: int | None) -> None:
    """Serve made-up data, with a log-in that takes any name. The first start makes the data."""
    from starbeam.api.tools import server, streams

    with server.ended_by_signals(), streams.behind():
        _demo(config, port)


def _demo(config: Path | None, port: int | None) -> None:
    import asyncio  # only now, as http.client below: the help imports this module

    from starbeam.api.tools import Starbeam, server
    from starbeam_demo.making import make

    loaded, place = _prepared(config or BUNDLED, port)
    app = Starbeam(loaded)
    bound = bind(loaded.settings.server.host, loaded.settings.server.port)
    if not place.database.exists():
        finish(make(app, place))
    require_tables(app, f"Delete {place.database} to make it anew.")
    url = server.url_of(bound)

    async def started() -> None:
        await asyncio.to_thread(_welcome, app, place, url)
        _warn(bound)
        click.echo(f"ready {url}")

    server.run(app.asgi, bound, loaded.settings.server, started)


def _prepared(config: Path, port: int | None) -> tuple[Loaded, Place]:
    """The settings with what only the demo sets: a key of its own, and its files among those served."""
    from starbeam.api.database import Database
    from starbeam_demo.making import Place

    overrides: dict[str, Any] = {"server.port": port, "server.workers": 1}
    settings = read_settings(config, overrides).settings
    file = Database(settings.database).sqlite_file
    if file is None:
        raise Failure(
            "the demo keeps its data in an SQLite file", "Set database.url to sqlite+aiosqlite:///…", 2
        )
    require_folder(file, status=2)
    place = Place(file)
    overrides["files.roots"] = [*settings.files.roots, str(place.files.resolve())]
    overrides["auth.secret_key"] = settings.auth.secret_key or place.secret_key()
    return read_settings(config, overrides), place


def _welcome(app: Starbeam, place: Place, url: str) -> None:
    """Where to look, whom to log in as, and what to try."""
    from starbeam_demo import accounts

    shown = [one for one in accounts.ACCOUNTS if one.shown]
    backend = next((name for name, backend in app.registry.backends.items() if backend.test_only), None)
    commands = []
    if backend is not None:  # before the text, which no log line is to cut
        commands = _commands(url + app.settings.server.api_root, backend, shown[0].login)
    click.echo(f"\nAPI documentation: {url}/docs")
    click.echo(f"Data: {place.database} (delete it to start afresh)\n")
    if not commands:
        return
    click.echo("Log in with any password as")
    width = max(len(one.login) for one in shown)
    for one in shown:
        click.echo(f"  {one.login.ljust(width)}  {one.description}")
    click.echo("\nTry")
    for command in commands:
        click.echo(f"  {command}")
    click.echo()


def _commands(api: str, backend: str, login: str) -> list[str]:
    """Three commands for a shell: log in, list proposals, look at a session."""
    body = json.dumps({"plugin": backend, "login": login, "password": "any"})
    session = _a_session(api, body)
    get = 'curl -s -H "Authorization: Bearer $TOKEN"'
    return [
        f"TOKEN=$(curl -s {api}/auth/login -H 'Content-Type: application/json' -d '{body}'"
        """ | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')""",
        f"{get} '{api}/proposals?limit=3'",
        f"{get} '{api}/sessions/{session}'" if session else f"{get} '{api}/sessions?limit=1'",
    ]


def _a_session(api: str, credentials: str) -> int | None:
    """The first session that this person sees, asked of the server as the person will."""
    from http.client import HTTPConnection

    _, _, address, root = api.split("/", 3)
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request("POST", f"/{root}/auth/login", credentials, {"Content-Type": "application/json"})
        token = json.load(connection.getresponse()).get("token")
        connection.request("GET", f"/{root}/sessions?limit=1", headers={"Authorization": f"Bearer {token}"})
        results = json.load(connection.getresponse()).get("results")
    finally:
        connection.close()
    return results[0]["sessionId"] if results else None


def _warn(bound: socket.socket) -> None:
    """Say it when others can reach a server that lets everybody in."""
    host = bound.getsockname()[0]
    if not ipaddress.ip_address(host).is_loopback:
        click.echo(
            f"Warning: the demo listens on {host}, and whoever reaches it may log in as anybody.", err=True
        )
