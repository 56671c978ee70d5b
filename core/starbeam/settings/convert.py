"""From plain tables to a Struct, strictly, with every problem found and no secret shown."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct, inspect
from msgspec.structs import FieldInfo, fields

from starbeam.settings.errors import InvalidValue, Problem, SettingsError
from starbeam.settings.secrets import is_secret, mask_text

T = TypeVar("T", bound=Struct)
Path = tuple[str, ...]
Locate = Callable[[Path], tuple[str, str]]
"""From a path inside the table to where it was written and its full dotted key."""

_MAX_SHOWN = 60
_POST_INIT_PATH = re.compile(r"(?s)(?P<message>.*?)(?: - at `\$\.?(?P<path>.*)`)?")


def convert(raw: Mapping[str, Any], struct: type[T], where: str, origin: Callable[[str], str]) -> T:
    """Return `raw` as a `struct`.

    `where` is the dotted key of the table, `origin` tells where a dotted key was set. Raises
    `SettingsError` with every problem.
    """

    def locate(path: Path) -> tuple[str, str]:
        key = ".".join((where, *path)) if where else ".".join(path)
        return origin(key), key

    return convert_located(raw, struct, locate)


def convert_located(raw: Mapping[str, Any], struct: type[T], locate: Locate) -> T:
    """Do what `convert` does, for values whose keys do not share one prefix."""
    checker = _Checker(locate)
    checker.struct(raw, struct, ())
    if checker.problems:
        raise SettingsError(checker.problems)
    try:
        return msgspec.convert(raw, struct)
    except msgspec.ValidationError as error:  # a __post_init__ said no
        found = _POST_INIT_PATH.fullmatch(str(error))
        assert found is not None
        checker.add(tuple(filter(None, (found["path"] or "").split("."))), found["message"])
        raise SettingsError(checker.problems) from None


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
    for candidate in (strip(annotation), *map(strip, get_args(strip(annotation)))):
        if get_origin(strip(annotation)) in (dict, list, tuple):
            return None
        if isinstance(candidate, type) and issubclass(candidate, Struct):
            return candidate
    return None


def item_type(annotation: Any) -> Any:
    """Return the type of the values of a `dict[str, X]`, or None for any other type."""
    bare = strip(annotation)
    return get_args(bare)[1] if get_origin(bare) is dict else None


class _Checker:
    """Walks a table along a Struct and notes what does not fit."""

    def __init__(self, locate: Locate) -> None:
        self.locate = locate
        self.problems: list[Problem] = []

    def add(self, path: Path, message: str, hint: str = "") -> None:
        origin, key = self.locate(path)
        self.problems.append(Problem(origin, key, message, hint))

    def struct(self, raw: Mapping[str, Any], struct: type[Struct], path: Path) -> None:
        known = {item.encode_name: item for item in fields(struct)}
        for name in raw:
            if name not in known:
                self.unknown((*path, name), struct, path)
        for name, item in known.items():
            if name in raw:
                self.value(raw[name], item.type, (*path, name))
            elif item.required:
                _, key = self.locate((*path, name))
                self.problems.append(Problem("", key, "is required"))

    def unknown(self, path: Path, struct: type[Struct], parent: Path) -> None:
        candidates = {self.locate(key)[1] for key in known_keys(struct, parent)}
        best = nearest(self.locate(path)[1], candidates)
        self.add(path, "unknown key", f"Did you mean {best}?" if best else "")

    def value(self, value: Any, annotation: Any, path: Path) -> None:
        inner, items = struct_of(annotation), item_type(annotation)
        if inner is not None and isinstance(value, Mapping):
            self.struct(value, inner, path)
        elif items is not None and isinstance(value, Mapping):
            for name, item in value.items():
                self.value(item, items, (*path, name))
        else:
            self.leaf(value, annotation, path)

    def leaf(self, value: Any, annotation: Any, path: Path) -> None:
        try:
            converted = msgspec.convert(value, annotation)
            check(annotation, converted)
        except InvalidValue as error:
            self.add(path, error.message, error.hint)
        except msgspec.ValidationError:
            shown = "(not shown)" if self.is_secret(path) else show(value)
            self.add(path, f"expected {describe(annotation)}, got {shown}")

    def is_secret(self, path: Path) -> bool:
        return any(map(is_secret, path)) or self.locate(path)[0].upper().endswith("_FILE")


def check(annotation: Any, value: Any) -> None:
    """Run the check that a field's metadata names, if any; raises `InvalidValue`."""
    if get_origin(annotation) is Annotated:
        for meta in get_args(annotation)[1:]:
            if isinstance(meta, msgspec.Meta) and meta.extra and "check" in meta.extra:
                meta.extra["check"](value)


def show(value: Any) -> str:
    """Return a value as an error shows it: short, without the passwords of URLs."""
    if isinstance(value, str):
        text = mask_text(value)
        return f'"{text[:_MAX_SHOWN]}…"' if len(text) > _MAX_SHOWN else f'"{text}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list | tuple) else str(value)


def describe(annotation: Any) -> str:
    """Return in words what values a type takes, for example ``an integer from 1 to 65535``."""
    return _describe(inspect.type_info(annotation))


def _describe(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inner):
            return _describe(inner)
        case inspect.IntType():
            return "an integer" + _range(info)
        case inspect.FloatType():
            return "a number" + _range(info)
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(min_length=least):
            return "text that is not empty" if least else "text"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(show, values))
        case inspect.EnumType(cls=cls):
            return "one of " + ", ".join(show(member.value) for member in cls)
        case inspect.ListType(item_type=item):
            return "a list" if isinstance(item, inspect.AnyType) else f"a list of {_describe(item)}"
        case inspect.DictType() | inspect.StructType():
            return "a table"
        case inspect.UnionType(types=types):
            return " or ".join(_describe(item) for item in types if not isinstance(item, inspect.NoneType))
    return f"a {type(info).__name__.removesuffix('Type').lower()}"


def _range(info: inspect.IntType | inspect.FloatType) -> str:
    if info.ge is not None and info.le is not None:
        return f" from {info.ge} to {info.le}"
    low = f" of at least {info.ge}" if info.ge is not None else ""
    above = f" above {info.gt}" if info.gt is not None else ""
    high = f" of at most {info.le}" if info.le is not None else ""
    return " and".join(filter(None, (low, above, high)))
