"""From a file, the environment and the command line to the settings."""

from collections.abc import Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from starbeam.settings.convert import Locate, Path, convert_located
from starbeam.settings.errors import Problem, SettingsError
from starbeam.settings.layers import (
    ENVIRONMENT,
    Layer,
    Variable,
    environment_layer,
    file_layer,
    merge,
    override_layer,
    variables,
)
from starbeam.settings.model import Settings
from starbeam.settings.secrets import hide_inside

T = TypeVar("T", bound=Struct)
DEFAULT = "default"
_NO_OVERRIDES: Mapping[str, Any] = MappingProxyType({})


class _Table:
    """What all places together say about one table, read as one Struct."""

    def __init__(self, where: Path, layers: list[Layer]) -> None:
        self.where = where
        self.layers = layers
        self.problems = [problem for layer in layers for problem in layer.problems]
        self.tree: dict[str, Any] = {}
        for layer in layers:
            self.tree = merge(self.tree, layer.tree)

    def origin(self, path: Path) -> str:
        return next((said for layer in reversed(self.layers) if (said := layer.origin(path))), DEFAULT)

    def locate(self, path: Path) -> tuple[str, Path]:
        return self.origin(path), self.where + path


def load(
    path: FilePath | None, environ: Mapping[str, str], overrides: Mapping[str, Any] = _NO_OVERRIDES
) -> "Loaded":
    """Return the settings: defaults, then the file, the environment and the overrides (by dotted key).

    Later wins. Raises `SettingsError` with every problem of every place.
    """
    return _read(_Sources(file_layer(path), variables(environ), override_layer(overrides)))


def _read(sources: "_Sources") -> "Loaded":
    table = sources.table((), Settings)
    problems = [*sources.file.problems, *table.problems, *_backend_problems(table)]
    return Loaded(_convert(table.tree, Settings, table.locate, problems), sources, table)


def _backend_problems(table: _Table) -> list[Problem]:
    """Return what is wrong with the ``use`` of the login backends."""
    auth = table.tree.get("auth")
    backends = auth.get("backends") if isinstance(auth, dict) else None
    found = backends.items() if isinstance(backends, dict) else ()
    return [
        problem
        for name, raw in found
        if isinstance(raw, dict) and (problem := _use_problem(name, raw, table)) is not None
    ]


def _use_problem(name: str, raw: dict[str, Any], table: _Table) -> Problem | None:
    key = ("auth", "backends", name, "use")
    use = raw.get("use")
    if isinstance(use, str) and use:
        return None
    origin = table.origin(key) if "use" in raw else ""
    message = "expected the name of a plugin" if "use" in raw else "is required"
    return Problem(origin, ".".join(key), message, 'For example use = "auth_ldap"')


class _Sources:
    """The places that settings were read from."""

    def __init__(self, file: Layer, found: list[Variable], command_line: Layer) -> None:
        self.file, self.found, self.command_line = file, found, command_line

    def table(self, where: Path, struct: type[Struct]) -> _Table:
        file = self.file.below(where)
        environment = environment_layer(self.found, struct, where, file.tree)
        return _Table(where, [file, environment, self.command_line.below(where)])

    def backend(self, name: str, struct: type[Struct]) -> _Table:
        """Return the table of a login backend without its ``use``, which is not the plugin's."""
        where = ("auth", "backends", name)
        use = (*where[:2], name.lower(), "use")
        others = [variable for variable in self.found if variable.parts != use]
        table = _Sources(self.file, others, self.command_line).table(where, struct)
        table.tree.pop("use", None)
        return table


class Loaded:
    """The settings and where each came from."""

    def __init__(self, settings: Settings, sources: _Sources, table: _Table) -> None:
        self.settings = settings
        self._sources = sources
        self._table = table

    def tree_of_file(self) -> Mapping[str, Any]:
        """Return what the configuration file says, as it is: with its secrets."""
        return self._sources.file.tree

    def with_overrides(self, overrides: Mapping[str, Any]) -> "Loaded":
        """Return the same settings but for these, by dotted key."""
        sources = self._sources
        layer = override_layer(overrides)
        tree = merge(sources.command_line.tree, layer.tree)
        above = Layer(tree, sources.command_line.origins | layer.origins)
        return _read(_Sources(sources.file, sources.found, above))

    def origin(self, dotted_key: str) -> str:
        """Return where a setting was set: ``default``, the file, ``environment …`` or ``command line``."""
        path = tuple(dotted_key.split("."))
        in_file = (*path[:-1], f"{path[-1]}_file")
        for layer in reversed(self._table.layers):
            if said := layer.origin(path):
                return said
            if (said := layer.origin(in_file)).startswith(ENVIRONMENT):
                return said
        return DEFAULT

    def plugin_settings(self, name: str, struct: type[T]) -> T:
        """Return ``[plugin.NAME]`` as that plugin's Struct; raises `SettingsError`."""
        table = self._sources.table(("plugin", name), struct)
        return _convert(table.tree, struct, table.locate, table.problems)

    def backends(self, use: str) -> dict[str, dict[str, Any]]:
        """Return the sections of the login backends that use the plugin `use`, by name, in their order."""
        return {name: raw for name, raw in self.settings.auth.backends.items() if raw["use"] == use}

    def backend_settings(self, name: str, struct: type[T]) -> T:
        """Return a backend's own section over ``[plugin.<use>]`` as that Struct; raises `SettingsError`."""
        use = self.settings.auth.backends[name]["use"]
        shared = self._sources.table(("plugin", use), struct)
        own = self._sources.backend(name, struct)

        def locate(path: Path) -> tuple[str, Path]:
            inherited = own.origin(path) == DEFAULT and shared.origin(path) != DEFAULT
            return (shared if inherited else own).locate(path)

        return _convert(merge(shared.tree, own.tree), struct, locate, [*shared.problems, *own.problems])


def _convert(tree: dict[str, Any], struct: type[T], locate: Locate, problems: list[Problem]) -> T:
    """Return `tree` as a `struct`, or raise the problems of reading it with those of its values."""
    try:
        converted = convert_located(tree, struct, locate)
    except SettingsError as error:
        raise SettingsError([*problems, *error.problems]) from None
    if problems:
        raise SettingsError(problems)
    return converted


def redacted(loaded: Loaded) -> dict[str, Any]:
    """Return all settings as plain tables, with the secrets hidden, for people to read."""
    tables: dict[str, Any] = hide_inside(msgspec.to_builtins(loaded.settings))
    return tables
