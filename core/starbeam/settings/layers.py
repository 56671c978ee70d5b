"""The places that settings come from, each as a tree of values and where every leaf was set."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from msgspec import Struct, inspect
from msgspec.structs import fields

from starbeam.settings.convert import Path, item_type, known_keys, nearest, struct_of
from starbeam.settings.errors import Problem

PREFIX = "STARBEAM_"
_SETTING = re.compile(rf"{PREFIX}(?!ENV_)[^_].*?__.", re.IGNORECASE)
"""Names of settings: a section and a key. Of a service named starbeam, Kubernetes and Docker make others,
without `__` (`STARBEAM_PORT`, `STARBEAM_WEB_SERVICE_HOST`) or behind `STARBEAM_ENV_`."""
COMMAND_LINE = "command line"
ENVIRONMENT = "environment"
_FILE = "_file"
_TOML_ONLY = (
    inspect.IntType,
    inspect.FloatType,
    inspect.BoolType,
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
    inspect.TupleType,
    inspect.DictType,
    inspect.StructType,
)


@dataclass
class Layer:
    """What one place says: the values, where each leaf was set, and what could not be read."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def put(self, path: Path, value: Any, origin: str) -> None:
        """Set the value at `path`, making the tables above it."""
        table = self.tree
        for name in path[:-1]:
            if not isinstance(table.get(name), dict):
                table[name] = {}
            table = table[name]
        table[path[-1]] = value
        self.origins[path] = origin

    def below(self, where: Path) -> "Layer":
        """Return the part of this layer below the table `where`."""
        table: Any = self.tree
        for name in where:
            table = table.get(name, {}) if isinstance(table, Mapping) else {}
        depth = len(where)
        origins = {path[depth:]: said for path, said in self.origins.items() if path[:depth] == where}
        return Layer(dict(table) if isinstance(table, Mapping) else {}, origins)

    def origin(self, path: Path) -> str:
        """Return where `path` was set, with its table or in part too; an empty text when it was not."""
        if not self._holds(path):
            return ""
        around = (path[:length] for length in range(len(path), 0, -1))
        if (found := next((known for known in around if known in self.origins), None)) is not None:
            return self.origins[found]
        return next((said for known, said in self.origins.items() if known[: len(path)] == path), "")

    def _holds(self, path: Path) -> bool:
        value: Any = self.tree
        for name in path:
            if not isinstance(value, Mapping) or name not in value:
                return False
            value = value[name]
        return True


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return both tables as one; where both set a value, `upper` wins."""
    merged = dict(lower)
    for name, value in upper.items():
        below = merged.get(name)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[name] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _leaves(tree: Mapping[str, Any], prefix: Path = ()) -> Iterator[Path]:
    for name, value in tree.items():
        path = (*prefix, name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, path)
        else:
            yield path


def file_layer(path: FilePath | None) -> Layer:
    """Read a TOML file; one that cannot be read or parsed is a problem of the layer."""
    if path is None:
        return Layer()
    origin = str(path)
    try:
        tree = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        hint = "Name another file with --config or STARBEAM_CONFIG"
        return Layer(problems=[Problem(origin, "", f"cannot be read: {error.strerror}", hint)])
    except UnicodeDecodeError:
        return Layer(problems=[Problem(origin, "", "is not UTF-8 text")])
    except tomllib.TOMLDecodeError as error:
        return Layer(problems=[Problem(origin, "", f"is not TOML: {error}")])
    return Layer(tree, dict.fromkeys(_leaves(tree), origin))


def override_layer(overrides: Mapping[str, Any]) -> Layer:
    """Return what the command line says, by dotted key."""
    layer = Layer()
    for key, value in overrides.items():
        layer.put(tuple(key.split(".")), value, COMMAND_LINE)
    return layer


@dataclass(frozen=True)
class Variable:
    """One environment variable that holds a setting, for example ``STARBEAM_SERVER__PORT``."""

    name: str
    text: str

    @property
    def parts(self) -> Path:
        """The key that the name spells, in small letters."""
        return tuple(self.name[len(PREFIX) :].lower().split("__"))

    @property
    def origin(self) -> str:
        """How errors and `Loaded.origin` call it."""
        return f"{ENVIRONMENT} {self.name}"


def variables(environ: Mapping[str, str]) -> list[Variable]:
    """Return the variables that are meant for Starbeam, in the order of their names."""
    return [Variable(name, environ[name]) for name in sorted(environ) if _SETTING.match(name)]


def environment_layer(
    found: list[Variable], struct: type[Struct], where: Path = (), spelled: Mapping[str, Any] | None = None
) -> Layer:
    """Read the variables below the table `where` as settings of `struct`.

    `spelled` is what the file says there: free tables take its spelling of their names.
    """
    layer = Layer()
    lower = tuple(name.lower() for name in where)
    for variable in found:
        if variable.parts[: len(lower)] == lower and len(variable.parts) > len(lower):
            _Reader(layer, variable, struct, where).read(variable.parts[len(lower) :], spelled or {})
    return layer


class _Reader:
    """Reads one variable into a layer."""

    def __init__(self, layer: Layer, variable: Variable, struct: type[Struct], where: Path) -> None:
        self.layer, self.variable, self.struct, self.where = layer, variable, struct, where

    def read(self, parts: Path, spelled: Mapping[str, Any]) -> None:
        place = _place(parts, self.struct, spelled)
        if place is None:
            self.unknown(parts)
            return
        path, annotation, is_file = place
        if path in self.layer.origins:
            self.problem(path, f"is set twice, also by {self.layer.origins[path]}")
            return
        text = self.secret(path) if is_file else self.variable.text
        if text is not None:
            self.layer.put(path, _interpret(text, annotation), self.variable.origin)

    def problem(self, path: Path, message: str, hint: str = "") -> None:
        key = ".".join((*self.where, *path))
        self.layer.problems.append(Problem(self.variable.origin, key, message, hint))

    def secret(self, path: Path) -> str | None:
        try:
            return FilePath(self.variable.text).read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            self.problem(path, f"the file {self.variable.text} cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self.problem(path, f"the file {self.variable.text} is not UTF-8 text")
        return None

    def unknown(self, parts: Path) -> None:
        known = {".".join((*self.where, *path)) for path in known_keys(self.struct)}
        best = nearest(".".join((*self.where, *parts)), known)
        name = PREFIX + best.upper().replace(".", "__")
        self.problem(parts, "unknown key", f"Did you mean {name}?" if best else "")


def _place(parts: Path, annotation: Any, spelled: Any) -> tuple[Path, Any, bool] | None:
    """Return the path that `parts` spell, its type and whether its value is in a file; None if unknown."""
    if not parts:
        return (), annotation, False
    head, rest = parts[0], parts[1:]
    if (struct := struct_of(annotation)) is not None:
        types = {item.encode_name: item.type for item in fields(struct)}
        name = _same_name(head, types)
        if name is None and not rest:
            name = _same_name(head.removesuffix(_FILE), types)
            return None if name is None else ((name,), types[name], True)
        inner = types.get(name or "")
    else:
        name = _same_name(head, spelled) or head
        inner = Any if annotation is Any else item_type(annotation, dict)
    if not name or inner is None:
        return None
    below = _place(rest, inner, spelled.get(name) if isinstance(spelled, Mapping) else None)
    return below and ((name, *below[0]), *below[1:])


def _same_name(name: str, known: Any) -> str | None:
    """Return the name in a table that equals `name` but for its case."""
    names = known if isinstance(known, Mapping) else ()
    return next((key for key in names if key.lower() == name), None)


def _interpret(text: str, annotation: Any) -> Any:
    """Return the value that a variable's text means for a type; text that means none stays text."""
    kinds = _kinds(inspect.type_info(annotation))
    takes_text = any(isinstance(kind, inspect.StrType | inspect.AnyType) for kind in kinds)
    is_list = text.lstrip().startswith("[") and any(map(_is_text_list, kinds))
    if (takes_text and not is_list) or not any(isinstance(kind, _TOML_ONLY) for kind in kinds):
        return text
    if any(map(_is_text_list, kinds)) and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _kinds(info: inspect.Type) -> list[inspect.Type]:
    if isinstance(info, inspect.Metadata):
        return _kinds(info.type)
    if isinstance(info, inspect.UnionType):
        return [kind for item in info.types for kind in _kinds(item)]
    return [info]


def _is_text_list(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.ListType) and any(
        isinstance(item, inspect.StrType) for item in _kinds(kind.item_type)
    )
