"""`starbeam demo`: a facility's worth of data, made once, and a server that lets everybody in."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam.api.commands import (
    Failure,
    bind,
    config_option,
    finish,
    plugins_dir_option,
    read_settings,
    require_folder,
    require_tables,
)

if TYPE_CHECKING:
    from starbeam.api.settings import Loaded
    from starbeam_demo.making import Place

BUNDLED = Path(__file__).with_name("demo.toml")
"""The configuration of the demo when none is given: every bundled plugin, and a log-in without proof."""
BEAMLINE = BUNDLED.with_name("demo-beamline.toml")
"""The same with what programs of beamlines record."""


@click.command()
@config_option
@click.option("--beamline", is_flag=True, help="Serve what MXCuBE asks and records, too.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of server.port.")
@plugins_dir_option
def demo(config: Path | None, port: int | None, beamline: bool, plugins_dir: str | None) -> None:
    """Serve made-up data, with a log-in that takes any name. The first start makes the data."""
    from starbeam.api.tools import server, streams

    with server.ended_by_signals(), streams.behind():
        _demo(
            config or (BEAMLINE if beamline else BUNDLED), {"server.port": port, "plugins.dir": plugins_dir}
        )


def _demo(config: Path, given: Mapping[str, Any]) -> None:
    from starbeam.api.tools import Starbeam, server
    from starbeam_demo.greeting import greet
    from starbeam_demo.making import make

    loaded, place = _prepared(config, given)
    app = Starbeam(loaded)
    bound = bind(loaded.settings.server.host, loaded.settings.server.port)
    if not place.database.exists():
        finish(make(app, place))
    require_tables(app, f"Delete {place.database} to make it anew.")
    url = server.url_of(bound)

    async def started() -> None:
        await greet(app, place, url)
        _warn(bound)
        click.echo(f"ready {url}")

    server.run(app.asgi, bound, loaded.settings.server, started)


def _prepared(config: Path, given: Mapping[str, Any]) -> tuple[Loaded, Place]:
    """The settings with what only the demo sets: a key of its own, and its files among those served."""
    from starbeam.api.database import Database
    from starbeam_demo.making import Place

    overrides: dict[str, Any] = {**given, "server.workers": 1}
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


def _warn(bound: socket.socket) -> None:
    """Say it when others can reach a server that lets everybody in."""
    host = bound.getsockname()[0]
    if not ipaddress.ip_address(host).is_loopback:
        click.echo(
            f"Warning: the demo listens on {host}, and whoever reaches it may log in as anybody.", err=True
        )
