"""Forms of web pages: described by the bodies that operations take, checked and stored by the same functions.

What a person types is text; `Form` makes a body of it, and says of each field what is wrong with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, UnsetType, inspect

from starbeam.access import Access, authenticated
from starbeam.db.limits import longest
from starbeam.fields import kinds, said_of
from starbeam.paging import number_of
from starbeam.refusals import Faults, Invalid, Missing
from starbeam.sheets import Sheet

if TYPE_CHECKING:
    from starbeam.db.lists import List
    from starbeam.db.reader import Reader
    from starbeam.db.schema import Schema
    from starbeam.db.writer import Writer

Kind = Literal["text", "long", "number", "choice"]
Choices = Sequence[tuple[str, str]]
NEEDED = "This is needed."
NOT_THERE = "There is none of this name. Please choose one of the list."
MANY = 30
"""Of more than these one is chosen by typing its name."""
CHANGED = "changed"
"""The kind of fault where somebody else has changed a field."""


@dataclass(frozen=True)
class Field:
    """One thing to fill in."""

    name: str
    """Its place in the body, with dots: `Person.Laboratory.city`."""
    title: str
    hint: str
    unit: str
    kind: Kind
    needed: bool
    most: int | None
    """How many characters this database takes."""
    choices: Choices
    start: str
    """What a new one holds at first."""

    @property
    def place(self) -> list[str]:
        """Its place in the body."""
        return self.name.split(".")

    @property
    def by_name(self) -> bool:
        """Whether one is chosen by typing its name: there are too many for a list that opens."""
        return self.kind == "choice" and len(self.choices) > MANY

    def words(self, value: str) -> str:
        """The name of what was chosen; what is none, as it is."""
        return dict(self.choices).get(value, value)

    def value(self, words: str) -> str:
        """What has this name; what has none, as it is."""
        known = {name.casefold(): value for value, name in self.choices}
        return known.get(words.casefold(), words)


@dataclass(frozen=True)
class About:
    """What a form is about."""

    places: Sequence[tuple[str, str]]
    """The way there: words, and addresses below the site's root."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """What of the body nobody types."""
    choices: Mapping[str, Choices] = field(default_factory=dict)
    """What fields may be, or, of texts, often are: value and words."""


@dataclass(frozen=True, kw_only=True)
class EditOf:
    """How a kind of row is changed on pages."""

    title: str
    """What one is called: `shipment`."""
    path: str
    """Where one is shown: `/shipments`."""
    rows: List[Any]
    """What a change is compared with."""
    change: type[Struct]
    update: Callable[[Writer, int, Any], Awaitable[Any]]
    models: Mapping[str, type[Any]]
    """Where fields are stored: by the part of their place before the last dot."""
    of_row: Callable[[Reader, Any], Awaitable[About]]
    called: Callable[[Any], str]
    """The name of a row."""
    long: frozenset[str] = frozenset({"comments"})
    """Fields of more than a line."""
    left_out: frozenset[str] = frozenset()
    access: Access = authenticated
    alone: str = "forms"
    """Forms of one name are stored one after the other, in all workers: what is sent twice finds the
    first."""
    makes: Mapping[str, FormOf] = field(default_factory=dict)
    """By fields that choose: the form of what they choose among, for a new one in place. It belongs to what
    the form's own rows belong to."""

    def body(self, *, change: bool) -> type[Struct]:
        """What operations take of a change, or of a new one."""
        return self.change

    def fields(self, schema: Schema, about: About, *, change: bool) -> list[Field]:
        """What there is to fill in, as far as this database can hold it."""
        skipped = self.left_out | {*about.given}
        found = _fields(self.body(change=change), self, schema, about, "", change=change)
        new = _fields(self.body(change=False), self, schema, about, "", change=False)
        required = {one.name for one in new if one.needed}
        return [replace(one, needed=one.name in required) for one in found if one.name not in skipped]


@dataclass(frozen=True, kw_only=True)
class FormOf(EditOf):
    """How a kind of row is added and changed on pages."""

    under: str
    """Where one is added: `/admin/groups`; with the key of what it belongs to:
    `/proposals/{parent:str}/shipments`."""
    key: str
    create: type[Struct]
    add: Callable[[Writer, Any], Awaitable[Any]]
    named_by: Sequence[str]
    """Columns of the first model by which one that was sent twice is found."""
    of_parent: Callable[[Reader, str], Awaitable[About]]

    @property
    def model(self) -> type[Any]:
        """The table of the rows."""
        return self.models[""]

    def body(self, *, change: bool) -> type[Struct]:
        """What operations take of a change, or of a new one."""
        return self.change if change else self.create


def _fields(
    kind: Any, form: EditOf, schema: Schema, about: About, prefix: str, *, change: bool, needed: bool = True
) -> Iterator[Field]:
    for one in inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        name = prefix + one.encode_name
        inner = [held for held in kinds(one.type) if not _is_nothing(held)]
        is_needed = needed and one.required
        if isinstance(inner[0], inspect.StructType):
            deeper = inner[0].cls, form, schema, about, name + "."
            yield from _fields(*deeper, change=change, needed=is_needed)
            continue
        model = form.models[prefix.rstrip(".")]
        attribute = getattr(model, one.encode_name, None)
        if attribute is not None and not schema.has(attribute):
            continue
        said = said_of(one.type)
        choices = _told_apart(about.choices.get(name, _words(inner[0])))
        column = schema.found(model.__tablename__, one.encode_name)
        yield Field(
            name=name,
            title=said.get("title", one.encode_name),
            hint=said.get("description", ""),
            unit=said.get("unit", ""),
            kind=_kind(inner[0], name in form.long, bool(choices) or name in about.choices),
            needed=is_needed,
            most=longest(column) if isinstance(inner[0], inspect.StrType) else None,
            choices=choices,
            start=f"{one.default}" if isinstance(one.default, str | int) else "",
        )


def _kind(held: inspect.Type, is_long: bool, chooses: bool) -> Kind:
    if chooses and not isinstance(held, inspect.StrType):
        return "choice"
    if isinstance(held, inspect.IntType | inspect.FloatType):
        return "number"
    return "long" if is_long else "text"


def _words(held: inspect.Type) -> Choices:
    values = held.values if isinstance(held, inspect.LiteralType) else ()
    return [(f"{value}", f"{value}") for value in values]


def _told_apart(choices: Choices) -> Choices:
    """With the value beside names that several have."""
    names = Counter(name.casefold() for _, name in choices)
    return [(one, f"{name} ({one})" if names[name.casefold()] > 1 else name) for one, name in choices]


def _is_nothing(held: inspect.Type) -> bool:
    return isinstance(held, inspect.NoneType) or held == inspect.CustomType(UnsetType)


def text_of(row: Any, place: Sequence[str]) -> str:
    """What a form shows of a row."""
    for name in place:
        row = getattr(row, name, None)
    if row is None:
        return ""
    return f"{row:.12g}" if isinstance(row, float) else f"{row}"


def key_of(parent: str) -> int:
    """The key, in an address, of what a row belongs to. Raises Missing for what is none."""
    if (key := number_of(parent)) is None:
        raise Missing("Not Found")
    return key


def tidy(typed: str) -> str:
    """What was typed, as it is stored: browsers send other ends of lines."""
    return typed.replace("\r\n", "\n").strip()


def body_of(fields: Sequence[Field], texts: Mapping[str, str], *, empty: bool) -> dict[str, Any]:
    """The body of what was typed; what is empty is null, or left out."""
    body: dict[str, Any] = {}
    for one in fields:
        text = texts.get(one.name)
        if text is None or not (text or empty):
            continue
        *parents, last = one.place
        inner = body
        for name in parents:
            inner = inner.setdefault(name, {})
        inner[last] = text or None
    return body


def check(
    kind: type[Struct], fields: Sequence[Field], body: dict[str, Any], texts: Mapping[str, str]
) -> None:
    """Raises Faults with each field that has no good value."""
    lacking = [one for one in fields if one.needed and not texts.get(one.name, "-")]
    faults = [Invalid(NEEDED, ["body", *one.place]) for one in lacking]
    faults += [Invalid(NOT_THERE, ["body", *one.place]) for one in fields if _is_unknown(one, texts)]
    told = [one.loc for one in faults]
    for fault in Sheet(kind, [body]).read()[1]:
        place = ["body", *fault.loc[2:]]
        if not any(place == one[: len(place)] for one in told):
            faults.append(Invalid(in_words(fault.sentence), place))
    if faults:
        raise Faults(faults)


def _is_unknown(one: Field, texts: Mapping[str, str]) -> bool:
    """Whether a name was typed that nothing has; a number may be a key, which others know to be one."""
    text = texts.get(one.name, "")
    return one.by_name and bool(text) and number_of(text) is None


_BOUND = re.compile(r"Expected `\w+` (?P<how>>=|<=|>|<) (?P<bound>\S+)")
_HOW = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}


def in_words(sentence: str) -> str:
    """What validation says, for people."""
    if bound := _BOUND.match(sentence):
        return f"This must be {_HOW[bound['how']]} {float(bound['bound']):g}."
    if sentence == "Field required" or "of length >= 1" in sentence or "got `null`" in sentence:
        return NEEDED
    if sentence.startswith("Invalid enum value"):
        return "Please choose one of these."
    return f"{sentence[:1].upper()}{sentence[1:]}."
