"""From plain tables to a Struct, strictly, with every problem found and no secret shown."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct, inspect
from msgspec.structs import fields

from starbeam.settings.errors import InvalidValue, Problem, SettingsError
from starbeam.settings.secrets import is_secret, mask_value

T = TypeVar("T", bound=Struct)
Path = tuple[str, ...]
Locate = Callable[[Path], tuple[str, Path]]
"""From a path inside the table to where it was set and its full path."""

_MAX_SHOWN = 60
_SIMPLE: dict[type[inspect.Type], str] = {
    inspect.IntType: "an integer",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.DictType: "a table",
    inspect.StructType: "a table",
}


def convert_located(
    raw: Mapping[str, Any], struct: type[T], locate: Locate, problems: Iterable[Problem] = ()
) -> T:
    """Return `raw` as a `struct`; raises `SettingsError` with every problem.

    `locate` tells where a key was set; `problems` are those that are known already.
    """
    checker = _Checker(struct, locate)
    checker.problems += problems
    checker.value(raw, struct, ())
    if checker.problems:
        raise SettingsError(checker.problems)
    return msgspec.convert(raw, struct)


def nearest(key: str, known: Iterable[str]) -> str:
    """Return the known dotted key that `key` was probably meant to be, or an empty text."""
    candidates = sorted(known)
    leaf = key.rpartition(".")[2]
    same_leaf = [name for name in candidates if name.rpartition(".")[2] == leaf]
    close = difflib.get_close_matches(key, same_leaf or candidates, n=1, cutoff=0.0 if same_leaf else 0.6)
    return close[0] if close else ""


def known_keys(struct: type[Struct], prefix: Path = ()) -> set[Path]:
    """Return the paths of all settings below a Struct, those of its tables included."""
    keys: set[Path] = set()
    for item in fields(struct):
        path = (*prefix, item.encode_name)
        keys.add(path)
        if (inner := struct_of(item.type)) is not None:
            keys |= known_keys(inner, path)
    return keys


def strip(annotation: Any) -> Any:
    """Return a type without its `Annotated` layers."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def struct_of(annotation: Any) -> type[Struct] | None:
    """Return the Struct that a table of this type is, also for `Struct | None`."""
    bare = strip(annotation)
    choices = map(strip, get_args(bare)) if get_origin(bare) in (Union, UnionType) else [bare]
    return next((kind for kind in choices if isinstance(kind, type) and issubclass(kind, Struct)), None)


def item_type(annotation: Any, container: type) -> Any:
    """Return the type of the items of a list, or of the values of a dict; None for any other type."""
    bare = strip(annotation)
    if bare is container:
        return Any
    return get_args(bare)[-1] if get_origin(bare) is container else None


class _Checker:
    """Walks a table along its type and notes what does not fit."""

    def __init__(self, root: type[Struct], locate: Locate) -> None:
        self.root = root
        self.locate = locate
        self.problems: list[Problem] = []

    def add(self, path: Path, message: str, hint: str = "") -> None:
        origin, key = self.place(path)
        self.problems.append(Problem(origin, key, message, hint))

    def place(self, path: Path) -> tuple[str, str]:
        """Return where `path` was set and its key; items of lists show as ``[0]``."""
        names = tuple(itertools.takewhile(lambda part: not part.startswith("["), path))
        origin, full = self.locate(names)
        return origin, ".".join((*full, *path[len(names) :])).replace(".[", "[")

    def value(self, value: Any, annotation: Any, path: Path) -> None:
        before = len(self.problems)
        self.inside(value, annotation, path)
        if len(self.problems) == before:
            self.whole(value, annotation, path)

    def inside(self, value: Any, annotation: Any, path: Path) -> None:
        if isinstance(value, Mapping):
            if (struct := struct_of(annotation)) is not None:
                self.struct(value, struct, path)
            elif (items := item_type(annotation, dict)) is not None:
                for name, item in value.items():
                    self.value(item, items, (*path, name))
        elif isinstance(value, list) and (items := item_type(annotation, list)) is not None:
            for index, item in enumerate(value):
                self.value(item, items, (*path, f"[{index}]"))

    def struct(self, raw: Mapping[str, Any], struct: type[Struct], path: Path) -> None:
        known = {item.encode_name: item for item in fields(struct)}
        for name in raw:
            if name not in known:
                self.unknown((*path, name), struct, path)
        for name, item in known.items():
            if name in raw:
                self.value(raw[name], item.type, (*path, name))
            elif item.required:
                _, key = self.place((*path, name))
                self.problems.append(Problem("", key, "is required"))

    def unknown(self, path: Path, struct: type[Struct], parent: Path) -> None:
        known = known_keys(self.root) | known_keys(struct, parent)
        best = nearest(self.place(path)[1], {self.place(key)[1] for key in known})
        self.add(path, "unknown key", f"Did you mean {best}?" if best else "")

    def whole(self, value: Any, annotation: Any, path: Path) -> None:
        try:
            _run_check(annotation, msgspec.convert(value, annotation))
        except InvalidValue as error:
            got = f", got {self.show(error.got, path)}" if error.got is not None else ""
            self.add(path, error.message + got, error.hint)
        except msgspec.ValidationError as error:
            said = error.__cause__  # by the __post_init__ of a Struct
            self.add(path, str(said or f"expected {describe(annotation)}, got {self.show(value, path)}"))

    def show(self, value: Any, path: Path) -> str:
        secret = any(map(is_secret, path)) or self.place(path)[0].upper().endswith("_FILE")
        return "a value that is not shown" if secret else show(value)


def _run_check(annotation: Any, value: Any) -> None:
    """Run the check that a field's metadata names, if any; raises `InvalidValue`."""
    if get_origin(annotation) is Annotated:
        for meta in get_args(annotation)[1:]:
            if isinstance(meta, msgspec.Meta) and meta.extra and "check" in meta.extra:
                meta.extra["check"](value)


def show(value: Any) -> str:
    """Return a value as an error shows it: on one line, short, without the passwords of URLs."""
    if isinstance(value, str):
        text = mask_value(value)
        return json.dumps(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…", ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return str(value)


def description(annotation: Any) -> str:
    """Return what a field's metadata says of it, or an empty text."""
    found = (getattr(meta, "description", None) for meta in getattr(annotation, "__metadata__", ()))
    return next((text for text in found if text), "")


def describe(annotation: Any) -> str:
    """Return in words what values a type takes, for example ``an integer from 1 to 65535``."""
    return _describe(inspect.type_info(annotation))


def _describe(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inner):
            return _describe(inner)
        case inspect.IntType() | inspect.FloatType():
            return _SIMPLE[type(info)] + _range(info)
        case inspect.StrType(min_length=least):
            return "text that is not empty" if least else "text"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(show, values))
        case inspect.ListType(item_type=item):
            return "a list" if isinstance(item, inspect.AnyType) else f"a list of {_describe(item)}"
        case inspect.UnionType(types=types):
            return " or ".join(_describe(item) for item in types if not isinstance(item, inspect.NoneType))
    return _SIMPLE.get(type(info), f"a {type(info).__name__.removesuffix('Type').lower()}")


def _range(info: inspect.IntType | inspect.FloatType) -> str:
    if info.ge is not None and info.le is not None:
        return f" from {info.ge} to {info.le}"
    low = f" of at least {info.ge}" if info.ge is not None else ""
    above = f" above {info.gt}" if info.gt is not None else ""
    high = f" of at most {info.le}" if info.le is not None else ""
    return " and".join(filter(None, (low, above, high)))
