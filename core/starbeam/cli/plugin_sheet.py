"""What one plugin gives, as ``starbeam plugins show`` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from starbeam.cli import output
from starbeam.cli.failure import Failure
from starbeam.faults import did_you_mean
from starbeam.settings.convert import describe, description, item_type, struct_of
from starbeam.settings.secrets import hide

if TYPE_CHECKING:
    from starbeam.app import Starbeam
    from starbeam.discovery import Found
    from starbeam.settings import Loaded

Sheet = dict[str, Any]


def sheet(loaded: Loaded, name: str) -> Sheet:
    """What a plugin gives in this configuration. Raises `Failure` when there is none of that name, and what
    keeps an app with it from being built."""
    from starbeam.app import Starbeam
    from starbeam.discovery import discover
    from starbeam.loader import NoPlugin, class_of

    known, _ = discover(loaded.settings.plugins.files, loaded.settings.plugins.dir)
    if name not in known:
        hint = did_you_mean(name, known, "`starbeam plugins list` shows all.")
        raise Failure(f"there is no plugin {name}", hint[0].upper() + hint[1:])
    try:
        cls = class_of(known[name])
    except NoPlugin as error:
        raise Failure(
            f"{name} cannot be imported: {error}", f"{error.remedy[0].upper()}{error.remedy[1:]}."
        ) from error
    enabled = loaded.settings.plugins.enabled
    found: Sheet = {
        "name": name,
        "title": cls.title,
        "enabled": name in enabled or known[name].file is not None,
        "package": known[name].distribution,
        "requires": list(cls.requires),
        "after": list(cls.after),
        "log_in_backend": cls.backend_name,
        "settings": settings_of(cls.Settings),
        "hooks": sorted(hooks_of(cls)),
    }
    names = list(dict.fromkeys([*enabled, *_with_required(known, name)]))
    app = Starbeam(loaded.with_overrides({"plugins.enabled": names}), needs_secret=False)
    return found | _given(app, name)


def _with_required(known: dict[str, Found], name: str) -> list[str]:
    names = [name]
    for one in names:
        if one in known:
            names += [other for other in known[one].load().requires if other not in names]
    return names


def hooks_of(cls: type[Any]) -> list[str]:
    """The hooks that a plugin's class implements."""
    return [name for name in dir(cls) if hasattr(getattr(cls, name), "starbeam_impl")]


def settings_of(struct: type[Struct], prefix: str = "") -> list[dict[str, str]]:
    """The settings of a Struct, those of tables inside of it by dotted key: `NAME` where a table has any."""
    found = []
    for field in fields(struct):
        key = f"{prefix}{field.encode_name}"
        if (inner := struct_of(field.type)) is not None and inner is not struct:
            found += settings_of(inner, f"{key}.")
            continue
        default = field.default if field.default is not NODEFAULT else None
        if field.default_factory is not NODEFAULT:
            default = field.default_factory()
        found.append(
            {
                "key": key,
                "type": describe(field.type),
                "default": "required" if field.required else output.toml(hide(key, default)),
                "description": description(field.type),
            }
        )
        if (named := struct_of(item_type(field.type, dict))) is not None:
            found += settings_of(named, f"{key}.NAME.")
    return found


def _given(app: Starbeam, name: str) -> Sheet:
    from starbeam.registry import operations_of

    registry = app.registry
    return {
        "tables": [model.__tablename__ for model in registry.models_of(name)],
        "permissions": output.rows(registry.permissions_of(name), "name", "description"),
        "options": output.rows(registry.options_of(name), "name", "description"),
        "indexes": output.rows(
            (one for plugin, one in registry.indexes if plugin == name), "table", "columns", "why"
        ),
        "routes": output.rows(
            (one for one in operations_of(app.asgi) if one.plugin == name), "method", "path", "access"
        ),
    }


def print_sheet(found: Sheet) -> None:
    """The same for people."""
    facts = ("title", "enabled", "package", "requires", "after", "log_in_backend", "hooks", "tables")
    rows = [(key.replace("_", " "), output.cell(found[key])) for key in facts]
    output.table(("plugin", found["name"]), [row for row in rows if row[1]])
    for title in ("settings", "permissions", "options", "indexes", "routes"):
        if lines := found[title]:
            click.echo(f"\n{title}")
            output.listing(lines, as_json=False)
