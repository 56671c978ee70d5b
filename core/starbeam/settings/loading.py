"""From a file, the environment and the command line to the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from starbeam.settings.convert import convert_located
from starbeam.settings.errors import Problem
from starbeam.settings.model import Settings
from starbeam.settings.secrets import hide_inside
from starbeam.settings.sources import COMMAND_LINE, ENVIRONMENT, Sources, Table, below, read_file

T = TypeVar("T", bound=Struct)
BACKENDS = ("auth", "backends")
_NO_OVERRIDES: Mapping[str, Any] = MappingProxyType({})


def load(
    path: FilePath | None, environ: Mapping[str, str], overrides: Mapping[str, Any] = _NO_OVERRIDES
) -> Loaded:
    """Return the settings: defaults, then the file, the environment and the overrides (by dotted key).

    Later wins. Raises `SettingsError` with every problem of every place.
    """
    return Loaded(Sources(str(path), *read_file(path), dict(environ), overrides))


class Loaded:
    """The settings and where each came from."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._table = Table(sources, Settings, ())
        self._table.problems[:0] = sources.problems
        self._table.problems += _use_problems(self._table)
        self.settings = _convert(self._table, Settings)

    def tree_of_file(self) -> Mapping[str, Any]:
        """Return what the configuration file says, as it is: with its secrets."""
        return self._sources.file

    def with_overrides(self, overrides: Mapping[str, Any]) -> Loaded:
        """Return the same settings but for these, by dotted key."""
        return Loaded(replace(self._sources, overrides={**self._sources.overrides, **overrides}))

    def origin(self, dotted_key: str) -> str:
        """Return where a setting was set: ``default``, the file, ``environment …`` or ``command line``."""
        path = tuple(dotted_key.split("."))
        said, _ = self._table.locate(path)
        in_file, _ = self._table.locate((*path[:-1], f"{path[-1]}_file"))
        above = said.startswith((ENVIRONMENT, COMMAND_LINE)) or not in_file.startswith(ENVIRONMENT)
        return said if above else in_file

    def plugin_settings(self, name: str, struct: type[T]) -> T:
        """Return ``[plugin.NAME]`` as that plugin's Struct; raises `SettingsError`."""
        return _convert(Table(self._sources, struct, ("plugin", name)), struct)

    def backends(self, use: str) -> dict[str, dict[str, Any]]:
        """Return the sections of the login backends that use the plugin `use`, by name, in their order."""
        return {name: raw for name, raw in self.settings.auth.backends.items() if raw["use"] == use}

    def backend_settings(self, name: str, struct: type[T]) -> T:
        """Return a backend's own section over ``[plugin.<use>]`` as that Struct; raises `SettingsError`."""
        shared = "plugin", self.settings.auth.backends[name]["use"]
        own = (*BACKENDS, name)
        return _convert(Table(self._sources, struct, shared, own, but=(*own, "use")), struct)


def _convert(table: Table, struct: type[T]) -> T:
    return convert_located(table.tree, struct, table.locate, table.problems)


def _use_problems(table: Table) -> Iterator[Problem]:
    """Yield what is wrong with the ``use`` of the login backends."""
    for name, raw in below(table.tree, BACKENDS).items():
        if isinstance(raw, Mapping) and not (isinstance(use := raw.get("use"), str) and use):
            origin, key = table.locate((*BACKENDS, name, "use"))
            message = "is required" if use is None else "expected the name of a plugin"
            hint = 'For example use = "auth_ldap"'
            yield Problem("" if use is None else origin, ".".join(key), message, hint)


def redacted(loaded: Loaded) -> dict[str, Any]:
    """Return all settings as plain tables, with the secrets hidden, for people to read."""
    tables: dict[str, Any] = hide_inside(msgspec.to_builtins(loaded.settings))
    return tables
