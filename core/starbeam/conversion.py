"""JSON as clients write it, to the types that a body has: numbers for texts, texts for numbers, 0 and 1 for
false and true, times in several forms.

What is taken is what pydantic 1 took, for which the clients were written; the tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from math import isfinite
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from starbeam.fields import kinds
from starbeam.refusals import Invalid

Place: TypeAlias = list[str | int]
"""Where in a request a value stands: `["body", "Person", "givenName"]`."""

_OBJECTS = inspect.StructType | inspect.DataclassType | inspect.TypedDictType
_ROWS = inspect.ListType | inspect.SetType | inspect.FrozenSetType | inspect.VarTupleType
_AS_SENT = {inspect.AnyType, inspect.LiteralType, inspect.EnumType}

TRUE, FALSE = {"1", "on", "t", "true", "y", "yes"}, {"0", "off", "f", "false", "n", "no"}
"""What means a truth value as text, in any case."""
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6})\d{0,6})?)?"
    r"(?:(Z)|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII,
)
_SECONDS = 2e10
"""A larger number counts milliseconds since 1970, and so on."""


_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")


@cache
def described(kind: Any) -> inspect.Type:
    """A type as `converted` wants it."""
    return inspect.type_info(kind)


def parsed(sent: Any, kind: Any, place: Place) -> Any:
    """A value of this type. Raises `Invalid` with the place of what is none."""
    try:
        return msgspec.convert(converted(sent, described(kind), place), kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        raise invalid(message, [*place, *names(where.removesuffix("`"))]) from None


def invalid(message: str, place: Place) -> Invalid:
    """What msgspec says of a value at some place, as a refusal."""
    if missing := _MISSING.match(message):
        return Invalid("Field required", [*place, missing["field"]], "missing")
    return Invalid(message, place, "value_error")


def names(path: str) -> Place:
    """`Person.labs[0].name` as its parts."""
    return [int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", path) if part]


def converted(sent: Any, kind: inspect.Type, place: Place) -> Any:
    """The same data, where they are of another type than wanted and mean a value of it. Raises `Invalid` for
    a text, number or truth value that means none; all else is left to who checks types."""
    if isinstance(sent, dict):
        return _object(sent, kind, place)
    if isinstance(sent, list):
        items = next((one.item_type for one in kinds(kind) if isinstance(one, _ROWS)), None)
        if items is None:
            return sent
        return [converted(one, items, [*place, number]) for number, one in enumerate(sent)]
    return sent if sent is None else _scalar(sent, {type(one) for one in kinds(kind)}, place)


def _object(sent: dict[str, Any], kind: inspect.Type, place: Place) -> dict[str, Any]:
    for one in kinds(kind):
        if isinstance(one, _OBJECTS):
            types = {field.encode_name: field.type for field in one.fields}
            return {
                name: converted(value, types[name], [*place, name]) if name in types else value
                for name, value in sent.items()
            }
        if isinstance(one, inspect.DictType):
            return {name: converted(value, one.value_type, [*place, name]) for name, value in sent.items()}
    return sent


def _scalar(sent: Any, wanted: set[type[inspect.Type]], place: Place) -> Any:
    """A text, number or truth value as one of the types that are wanted; as it is where it is one already."""
    if wanted & (_AS_SENT | _HELD[type(sent)]):
        return sent
    convert, sentence = next((how for one, how in _MEANT.items() if one in wanted), (None, ""))
    if convert is None:
        return sent
    try:
        return convert(sent)
    except (ValueError, OverflowError):
        raise Invalid(sentence, place, "value_error") from None


def _truth(sent: Any) -> bool:
    word = str(int(sent)) if sent in (0, 1) else str(sent).lower()
    if word not in TRUE | FALSE:
        raise ValueError(sent)
    return word in TRUE


def _number(sent: Any) -> float:
    number = float(sent)
    if not isfinite(number):
        raise ValueError(sent)
    return number


def _time(sent: Any) -> datetime:
    """A time of a text, or of seconds (or milliseconds) since 1970, which is in UTC."""
    if isinstance(sent, str) and (match := _TIME.fullmatch(sent)):
        return _time_of(match)
    seconds = _number(sent)
    while abs(seconds) > _SECONDS:
        seconds /= 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _time_of(match: re.Match[str]) -> datetime:
    *figures, fraction, utc, sign, hours, minutes = match.groups()
    zone: timezone | None = UTC if utc else None
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
    year, month, day, hour, minute, second = (int(figure or 0) for figure in figures)
    return datetime(year, month, day, hour, minute, second, int((fraction or "").ljust(6, "0")), zone)


_HELD: dict[type, set[type[inspect.Type]]] = {
    str: {inspect.StrType},
    bool: {inspect.BoolType},
    int: {inspect.IntType, inspect.FloatType},
    float: {inspect.FloatType},
}
"""What JSON's values are without conversion."""
_MEANT: dict[type[inspect.Type], tuple[Callable[[Any], Any], str]] = {
    inspect.StrType: (str, "Value should be a text"),
    inspect.IntType: (int, "Value should be a whole number"),
    inspect.FloatType: (_number, "Value should be a number"),
    inspect.BoolType: (_truth, "Value should be true or false"),
    inspect.DateTimeType: (_time, "Value should be a time, such as 2026-11-28T15:25:10"),
}
"""How a value becomes one of a type, and what is said of one that does not."""
