"""Commands that tell what a configuration means: its plugins, its routes, its API document, its faults."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam.cli import output
from starbeam.cli.failure import explained
from starbeam.cli.options import build, config_option, json_option, read_settings

if TYPE_CHECKING:
    from starbeam.discovery import Found
    from starbeam.loader import Plugins


@click.group()
def plugins() -> None:
    """The plugins there are."""


@plugins.command("list")
@config_option
@json_option
def list_plugins(config: Path | None, as_json: bool) -> None:
    """List every plugin: installed, bundled, or named by the configuration."""
    from starbeam import loader
    from starbeam.discovery import bundled

    loaded = read_settings(config)
    known = loader.load(loaded)
    names = sorted({*known.found, *bundled(), *loaded.settings.plugins.enabled})
    rows = [_plugin(name, name in loaded.settings.plugins.enabled, known) for name in names]
    if as_json:
        output.json(rows)
        return
    headers = ("name", "enabled", "package", "requires", "title", "fault")
    output.table(headers, [tuple(map(_cell, row.values())) for row in rows])


def _plugin(name: str, enabled: bool, known: Plugins) -> dict[str, Any]:
    """A plugin with what is wrong with it. One that is not enabled is imported for this list only."""
    faults = [fault.cause for fault in known.faults if fault.plugin == name]
    cls = None
    if name not in known.found:
        faults = faults or ["is not installed"]
    else:
        cls, trouble = _class(known.found[name])
        faults = faults or trouble
    return {
        "name": name,
        "enabled": enabled,
        "package": known.distribution(name) or None,
        "requires": list(getattr(cls, "requires", ())),
        "title": getattr(cls, "title", None),
        "fault": "; ".join(faults) or None,
    }


def _class(found: Found) -> tuple[Any, list[str]]:
    from starbeam.loader import said

    try:
        return found.entry_point.load(), []
    except Exception as error:  # an import can fail in any way
        return None, [said(error)]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return value or ""


@click.group()
def config() -> None:
    """The configuration."""


@config.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> None:
    """Load everything as `serve` does, without serving. Status 0: it would start; 2: it would not."""
    try:
        starbeam = build(config, needs_secret=True)
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


@click.command()
@config_option
@json_option
def routes(config: Path | None, as_json: bool) -> None:
    """List all operations, with plugin and access."""
    from starbeam.registry import handlers_of

    rows = [
        {
            "method": method,
            "path": path,
            "plugin": handler.opt["plugin"],
            "access": str(handler.opt["access"]),
            "operation_id": handler.handler_name,
        }
        for path, handler in handlers_of(build(config).asgi)
        for method in sorted(handler.http_methods - {"OPTIONS"})
    ]
    rows.sort(key=lambda row: (row["path"], row["method"]))
    if as_json:
        output.json(rows)
    else:
        output.table(
            ("method", "path", "plugin", "access", "operation id"), [tuple(r.values()) for r in rows]
        )


@click.command()
@config_option
def openapi(config: Path | None) -> None:
    """Print the API document.

    It has all operations, also those that a runtime option switches off.
    """
    from starbeam.http.openapi import document

    output.json(document(build(config).asgi))
