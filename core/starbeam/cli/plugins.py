"""`starbeam plugins`: which there are, and what one gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam.cli import output
from starbeam.cli.options import config_option, json_option, read_settings
from starbeam.cli.tools import ToolGroup

if TYPE_CHECKING:
    from starbeam.discovery import Found
    from starbeam.loader import Plugins


@click.group(cls=ToolGroup)
def plugins() -> None:
    """The plugins there are."""


@plugins.command("list")
@config_option
@json_option
def list_plugins(config: Path | None, as_json: bool) -> None:
    """List every plugin: installed, bundled, or named by the configuration."""
    from starbeam import loader
    from starbeam.discovery import bundled

    known = loader.load(read_settings(config))
    names = sorted({*known.found, *bundled(), *known.wanted})
    rows = [_plugin(name, name in known.wanted, known) for name in names]
    output.listing(rows, as_json)


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
    from starbeam.loader import NoPlugin, class_of

    try:
        return class_of(found), []
    except NoPlugin as error:
        return None, error.causes


@plugins.command()
@click.argument("name")
@config_option
@json_option
def show(name: str, config: Path | None, as_json: bool) -> None:
    """Show what a plugin gives: settings, tables, permissions, routes, hooks. It need not be enabled."""
    from starbeam.cli.plugin_sheet import print_sheet, sheet

    found = sheet(read_settings(config), name)
    if as_json:
        output.json(found)
    else:
        print_sheet(found)
