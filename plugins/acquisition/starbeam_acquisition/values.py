"""Values as programs of beamlines send them: numbers as texts, times in several forms, texts that are too
long. What a column cannot hold is left out, and said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from starbeam.api.database import NotTaken, cut, fitting
from starbeam_acquisition.paths import PATHS, problem_of
from starbeam_acquisition.queries import held as held_by

if TYPE_CHECKING:
    from starbeam.api import Clock
    from starbeam.api.database import Column, Schema
    from starbeam_acquisition.record import Place

_NOTHING = {"", "none", "null", "undefined", "nan"}
_TIME = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|(?P<offset>[+-]\d\d:?\d\d))?", re.ASCII
)


@dataclass(frozen=True)
class Unstored:
    """What was sent and is not stored as it came."""

    field: str
    problem: str


class NoValue(ValueError):
    """It is no value of this kind: the text says what it is not."""


@dataclass(frozen=True)
class Fitting:
    """How values get the form that a database holds them in."""

    schema: Schema
    clock: Clock
    templates: tuple[str, ...]
    unstored: list[Unstored]

    def fit(self, model: type[Any], given: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """Those of these values that the columns of a model can hold, by attribute. Nothing is said of what
        this database has no column for."""
        found = {}
        for name, held in held_by(model).items():
            column = self.schema.found(held.table, held.column)
            if given.get(name) is None or column is None:
                continue
            try:
                value = self._held(name, given[name], held.kind, column, place)
            except (NoValue, NotTaken) as error:
                self.say(name, str(error))
                continue
            if value is not None:
                found[name] = value
        return found

    def say(self, field: str, problem: str) -> None:
        """Note that something is not stored as it came."""
        self.unstored.append(Unstored(field, problem))

    def time(self, value: Any) -> datetime | None:
        """A time as the facility's clocks show it. A `Z` behind it is not believed: programs write their
        local time so. Raises `NoValue`."""
        if isinstance(value, datetime):
            return self.clock.local(value).replace(microsecond=0)
        text = _text(value).strip()
        if text.lower() in _NOTHING:
            return None
        if not (found := _TIME.fullmatch(text)):
            raise NoValue("not a time")
        try:
            time = datetime.fromisoformat(found["time"] + (found["offset"] or ""))
            return self.clock.local(time)
        except (ValueError, OverflowError):
            raise NoValue("not a time") from None

    def _held(self, name: str, value: Any, kind: type[Any], column: Column, place: Place) -> Any:
        readers: dict[Any, Callable[[Any], Any]] = {int: whole, float: number, datetime: self.time}
        read: Callable[[Any], Any] = readers.get(kind, _text)
        found = read(value)
        if isinstance(found, str):
            return self._fitting_text(name, found, column, place)
        return fitting(column, found)

    def _fitting_text(self, name: str, text: str, column: Column, place: Place) -> str:
        """A text that is too long is cut; a path is not, for it would lead elsewhere."""
        if problem := problem_of(name, text, place, self.templates):
            raise NoValue(problem)
        try:
            return str(fitting(column, text))
        except NotTaken as error:
            if name in PATHS or column.type.startswith("enum("):
                raise
            self.say(name, f"cut: it {error}")
            return cut(column, text)


def number(value: Any) -> float | None:
    """A number, or a text that is one. Raises `NoValue`."""
    if isinstance(value, str) and value.strip().lower() in _NOTHING:
        return None
    if not isinstance(value, int | float | str):
        raise NoValue("not a number")
    try:
        found = float(value)
    except (ValueError, OverflowError):  # no number, or a whole one of hundreds of digits
        raise NoValue("not a number") from None
    return found if isfinite(found) else None


def whole(value: Any) -> int | None:
    """A whole number. Raises `NoValue`."""
    found = value if isinstance(value, int) else number(value)
    if found is not None and found != int(found):
        raise NoValue("not a whole number")
    return None if found is None else int(found)


def key(value: Any, *names: str) -> int | None:
    """A key of a row: a number, its text, or an object that has it by one of these names. None for what no
    row has as its key."""
    if isinstance(value, dict):
        return next((found for name in names if (found := key(value.get(name)))), None)
    try:
        found = None if isinstance(value, bool) else whole(value)
    except NoValue:
        return None
    return found if found is not None and 0 < found < 2**32 else None


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value if isinstance(value, str) else str(value)
