"""`starbeam serve`."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam import garbage, logs, streams
from starbeam.cli.failure import Failure
from starbeam.cli.options import config_option, finish, plugins_dir_option, read_settings, require_file

if TYPE_CHECKING:
    from starbeam.app import Starbeam
    from starbeam.db.engine import Database


@click.command()
@config_option
@click.option("--host", help="Address to listen on, instead of server.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of server.port.")
@click.option("--workers", type=click.IntRange(1), help="Worker processes, instead of server.workers.")
@plugins_dir_option
def serve(
    config: Path | None, host: str | None, port: int | None, workers: int | None, plugins_dir: str | None
) -> None:
    """Serve the API in the foreground, until SIGTERM or Ctrl-C."""
    with garbage.ignored():
        from starbeam import server

    given = {"server.host": host, "server.port": port, "server.workers": workers, "plugins.dir": plugins_dir}
    with server.ended_by_signals(), streams.behind():
        _serve(config, given)


def _serve(config: Path | None, overrides: Mapping[str, Any]) -> None:
    with garbage.ignored():
        from starbeam import server
        from starbeam.app import Starbeam

        loaded = read_settings(config, overrides)
        starbeam = Starbeam(loaded)
    require_tables(starbeam)
    settings = loaded.settings.server
    bound = bind(settings.host, settings.port)
    line = f"Starbeam {version('starbeam-core')} serves {server.url_of(bound)}{settings.api_root}"

    async def started() -> None:
        click.echo(line)

    if settings.workers == 1:
        if not sys.stderr.isatty():  # a terminal that is closed ends what runs in it
            signal.signal(signal.SIGHUP, _stay)
        server.run(starbeam.asgi, bound, settings, started)
    else:
        again = partial(read_settings, config, overrides)
        sys.exit(server.run_workers(loaded, bound, lambda: click.echo(line), again))


def _stay(number: int, frame: object) -> None:
    """Go on: SIGHUP would end the process."""
    log = logs.get("starbeam.server")
    log.warning(
        "nothing was reloaded: there is one worker, which nobody replaces", remedy="restart the server"
    )


def bind(host: str, port: int) -> socket.socket:
    """The socket to serve on; a busy port, or an address that is not this machine's, is a `Failure`."""
    from starbeam import server

    try:
        return server.bind(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(
            f"cannot listen on {host}:{port}: {reason}", "Choose another one with --host or --port."
        ) from error


def require_tables(starbeam: Starbeam, remedy: str = "") -> None:
    """Stop when the database lacks tables. One that does not answer stops nothing: the server heals."""
    from starbeam.db.engine import Database
    from starbeam.db.trouble import SchemaIncomplete, trouble

    hint = (
        remedy
        or "`starbeam db create` fills an empty database, `starbeam db upgrade` adds the tables of plugins; "
        "`starbeam db check` lists what is missing."
    )
    probe = Database(starbeam.settings.database, starbeam.database.models)
    require_file(probe, status=2)
    try:
        finish(_look(probe))
    except SchemaIncomplete as error:
        raise Failure(str(error), hint, 2) from error
    except Exception as error:
        if trouble(error) is None:
            raise


async def _look(database: Database) -> None:
    import asyncio

    from starbeam.db.trouble import CONNECT_SECONDS

    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await database.ready()
    finally:
        await database.close()
