"""What each place says: the file, the environment, the command line; put together as one table."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from msgspec import Struct, inspect
from msgspec.structs import fields

from starbeam.fields import kinds
from starbeam.settings.convert import Path, item_type, known_keys, nearest, struct_of
from starbeam.settings.errors import Problem

PREFIX = "STARBEAM_"
_SETTING = re.compile(rf"{PREFIX}(?!ENV_)[^_].*?__.", re.IGNORECASE)
"""Names of settings: a section and a key. Of a service named starbeam, Kubernetes and Docker make others,
without `__` (`STARBEAM_PORT`, `STARBEAM_WEB_SERVICE_HOST`) or behind `STARBEAM_ENV_`."""
COMMAND_LINE = "command line"
ENVIRONMENT = "environment"
DEFAULT = "default"
_FILE = "_file"
_TEXTS = (inspect.StrType, inspect.AnyType, inspect.LiteralType, inspect.EnumType)
"""Kinds of values that a text is, as it stands."""


@dataclass(frozen=True)
class Sources:
    """What was read of each place."""

    origin_of_file: str
    file: Mapping[str, Any]
    problems: list[Problem]
    """Why the file could not be read."""
    environ: Mapping[str, str]
    overrides: Mapping[str, Any]
    """By dotted key."""

    def variables(self) -> Iterator[tuple[str, Path, str]]:
        """Name, key in small letters, and text of what is meant for Starbeam, in the order of their names."""
        for name in sorted(self.environ):
            if _SETTING.match(name):
                yield name, tuple(name[len(PREFIX) :].lower().split("__")), self.environ[name]


def read_file(path: FilePath | None) -> tuple[dict[str, Any], list[Problem]]:
    """Return what a TOML file says, and why it cannot be read or parsed."""
    if path is None:
        return {}, []
    origin = str(path)
    try:
        return tomllib.loads(path.read_bytes().decode()), []
    except OSError as error:
        hint = "Name another file with --config or STARBEAM_CONFIG"
        return {}, [Problem(origin, "", f"cannot be read: {error.strerror}", hint)]
    except UnicodeDecodeError:
        return {}, [Problem(origin, "", "is not UTF-8 text")]
    except (ValueError, RecursionError) as error:  # of numbers and lists without an end too
        return {}, [Problem(origin, "", f"is not TOML: {error}")]


def below(tree: Any, where: Path) -> Mapping[str, Any]:
    """Return the table at `where`, an empty one where there is none."""
    for name in where:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}


class Said(NamedTuple):
    """A value, where it was set, and the table that it was set in."""

    value: Any
    origin: str
    where: Path
    order: int
    """How many values were set before."""


class Table:
    """What all places say of a table, for one Struct; later wins. Of several tables, the later ones win."""

    def __init__(self, sources: Sources, struct: type[Struct], *wheres: Path, but: Path = ()) -> None:
        """`but` is a key that is not the Struct's."""
        self.problems: list[Problem] = []
        self._struct = struct
        self._but = but
        self._said: dict[Path, Said] = {}
        """All values that are not tables with values."""
        self._order = itertools.count()
        self._where: Path = ()
        for where in wheres:
            self._add(sources, where)

    @property
    def tree(self) -> dict[str, Any]:
        """The values as tables in tables."""
        tree: dict[str, Any] = {}
        for path, said in self._said.items():
            table = tree
            for name in path[:-1]:
                table = table.setdefault(name, {})
            table[path[-1]] = said.value
        return tree

    def locate(self, path: Path) -> tuple[str, Path]:
        """Return where `path`, or what is below it, was set last, and its full path."""
        found = (said for known, said in self._said.items() if known[: len(path)] == path)
        last = max(found, key=lambda said: said.order, default=Said(None, DEFAULT, self._where, 0))
        return last.origin, last.where + path

    def _add(self, sources: Sources, where: Path) -> None:
        """Take what all places say of the table `where`."""
        self._where = where
        self._put((), below(sources.file, where), sources.origin_of_file)
        self._read(sources.variables())
        for key, value in sources.overrides.items():
            path = tuple(key.split("."))
            if (inside := _inside(path, where)) is not None:
                self._put(inside, value, COMMAND_LINE)
            elif where[: len(path)] == path:  # a table around this one
                self._put((), below(value, where[len(path) :]), COMMAND_LINE)

    def _put(self, path: Path, value: Any, origin: str) -> None:
        """Set a value, or all values of a table."""
        if path and self._where + path == self._but:
            return
        inside = [known for known in self._said if _inside(known, path) is not None]
        if isinstance(value, Mapping) and (value or inside or not path):
            for name, item in value.items():
                self._put((*path, name), item, origin)
            return
        for other in (*inside, *(path[:length] for length in range(len(path)))):
            self._said.pop(other, None)
        self._said[path] = Said(value, origin, self._where, next(self._order))

    def _read(self, variables: Iterator[tuple[str, Path, str]]) -> None:
        """Take what the variables of this table say."""
        lower = tuple(name.lower() for name in self._where)
        but = tuple(name.lower() for name in self._but)
        seen: dict[Path, str] = {}
        for name, key, text in variables:
            if key != but and (parts := _inside(key, lower)) is not None:
                self._read_one(f"{ENVIRONMENT} {name}", parts, text, seen)

    def _read_one(self, origin: str, parts: Path, text: str, seen: dict[Path, str]) -> None:
        place = _place(parts, self._struct, self.tree)
        if place is None:
            self._unknown(origin, parts)
            return
        path, annotation, is_file = place
        if path in seen:
            self._problem(origin, path, f"is set twice, also by {seen[path]}")
            return
        seen[path] = origin
        said = text
        try:
            if is_file:
                said = FilePath(text).read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            self._problem(origin, path, f"the file {text} cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self._problem(origin, path, f"the file {text} is not UTF-8 text")
        else:
            self._put(path, _interpret(said, annotation), origin)

    def _problem(self, origin: str, path: Path, message: str, hint: str = "") -> None:
        self.problems.append(Problem(origin, ".".join(self._where + path), message, hint))

    def _unknown(self, origin: str, parts: Path) -> None:
        known = {".".join(self._where + path) for path in known_keys(self._struct)}
        best = nearest(".".join(self._where + parts), known)
        name = PREFIX + best.upper().replace(".", "__")
        self._problem(origin, parts, "unknown key", f"Did you mean {name}?" if best else "")


def _inside(path: Path, where: Path) -> Path | None:
    """Return what is left of a path below the table `where`; None for one that is not below it."""
    return path[len(where) :] if path[: len(where)] == where and len(path) > len(where) else None


def _place(parts: Path, annotation: Any, spelled: Any) -> tuple[Path, Any, bool] | None:
    """Return the path that `parts` spell, its type and whether its value is in a file; None if unknown.

    `spelled` is what was said before: free tables take its spelling of their names.
    """
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
    deeper = _place(rest, inner, spelled.get(name) if isinstance(spelled, Mapping) else None)
    return deeper and ((name, *deeper[0]), *deeper[1:])


def _same_name(name: str, known: Any) -> str | None:
    """Return the name in a table that equals `name` but for its case."""
    names = known if isinstance(known, Mapping) else ()
    return next((key for key in names if key.lower() == name), None)


def _interpret(text: str, annotation: Any) -> Any:
    """Return the value that a variable's text means for a type; text that means none stays text."""
    types = kinds(inspect.type_info(annotation))
    items = [item for one in types if isinstance(one, inspect.ListType) for item in kinds(one.item_type)]
    of_texts, listed = any(isinstance(item, inspect.StrType) for item in items), text.lstrip().startswith("[")
    if any(isinstance(one, _TEXTS) for one in types) and not (of_texts and listed):
        return text
    if of_texts and not listed:
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text
