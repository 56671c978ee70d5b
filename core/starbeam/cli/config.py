"""`starbeam config`: is it right, and what does it say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from starbeam.cli import output
from starbeam.cli.failure import explained
from starbeam.cli.options import build, config_option, json_option, read_settings
from starbeam.cli.tools import ToolGroup
from starbeam.faults import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from starbeam.app import Starbeam
    from starbeam.settings import Loaded


@click.group(cls=ToolGroup)
def config() -> None:
    """The configuration."""


@config.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> None:
    """Load everything as `serve` does, without serving. Status 0: it would start; 2: it would not."""
    try:
        starbeam = build(config, needs_secret=True)
        _ask_the_rest(starbeam)
    except Exception as error:
        failure = explained(error)
        if as_json and failure is not None and hasattr(failure, "faults"):
            output.json({"ok": False, "faults": failure.faults})
            sys.exit(failure.exit_code)
        raise
    if as_json:
        output.json({"ok": True, "faults": []})
    else:
        click.echo(f"ok: {', '.join(starbeam.plugins.enabled) or 'no plugin is enabled'}")


def _ask_the_rest(starbeam: Starbeam) -> None:
    """The hooks that a server does not ask. Raises `StartupError`."""
    from starbeam.cli.group import commands_of

    commands_of(starbeam.plugins)
    list(starbeam.plugins.call("register_demo_data", ctx=starbeam.context))
    if starbeam.plugins.faults:
        raise StartupError(starbeam.plugins.faults)


@config.command()
@config_option
@json_option
@click.option("--origin", "origins", is_flag=True, help="Say where each value comes from.")
def show(config: Path | None, as_json: bool, origins: bool) -> None:
    """Print every setting as it holds, with secrets hidden."""
    rows = list(_settings(read_settings(config)))
    if not origins:
        rows = [{name: text for name, text in row.items() if name != "origin"} for row in rows]
    if as_json:
        output.json(rows)
    else:
        output.table(tuple(rows[0]), [(r["key"], output.toml(r["value"]), *[*r.values()][2:]) for r in rows])


def _settings(loaded: Loaded) -> Iterator[dict[str, Any]]:
    """All settings by dotted key: those of the server, then those of each enabled plugin and backend."""
    from starbeam import loader
    from starbeam.settings import redacted
    from starbeam.settings.secrets import hide_inside

    plugins = loader.load(loaded)
    tables = redacted(loaded)
    tables["auth"].pop("backends")
    tables.pop("plugin")
    for name, plugin in plugins.enabled.items():
        if name not in plugins.backends:
            own = hide_inside(msgspec.to_builtins(plugin.settings))
            tables.setdefault("plugin", {})[name] = own
    for use, backends in plugins.backends.items():
        for name, settings in backends.items():
            table = {"use": use, **hide_inside(msgspec.to_builtins(settings))}
            tables["auth"].setdefault("backends", {})[name] = table
    for key, value in _leaves(tables):
        yield {"key": key, "value": value, "origin": _origin(loaded, key)}


def _origin(loaded: Loaded, key: str) -> str:
    """Where a setting comes from; that of a backend may be its plugin's section."""
    from starbeam.settings.sources import DEFAULT

    said = loaded.origin(key)
    parts = key.split(".")
    if said == DEFAULT and parts[:2] == ["auth", "backends"]:
        use = loaded.settings.auth.backends.get(parts[2], {}).get("use", "")
        return loaded.origin(".".join(["plugin", use, *parts[3:]]))
    return said


def _leaves(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tables.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
