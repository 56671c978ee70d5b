"""Forms of web pages: described by the bodies that operations take, checked and stored by the same functions.

What a person types is text; `Form` makes a body of it, and says of each field what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, UnsetType, inspect
from sqlalchemy import func, select

from starbeam.access import Access, authenticated
from starbeam.db.limits import longest
from starbeam.fields import kinds, said_of
from starbeam.paging import number_of
from starbeam.patch import Patch
from starbeam.refusals import Faults, Invalid, Missing
from starbeam.sheets import Sheet

if TYPE_CHECKING:
    from starbeam.db.lists import List
    from starbeam.db.reader import Reader
    from starbeam.db.rows import Rows
    from starbeam.db.schema import Schema
    from starbeam.db.writer import Writer

Kind = Literal["text", "long", "number", "choice"]
Choices = Sequence[tuple[str, str]]
NEEDED = "This is needed."
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


@dataclass(frozen=True)
class About:
    """What a form is about."""

    places: Sequence[tuple[str, str]]
    """The way there: words, and addresses below the site's root."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """What of the body nobody types."""
    choices: Mapping[str, Choices] = field(default_factory=dict)
    """What fields may be, or, of texts, often are: value and words."""


@dataclass(frozen=True)
class FormOf:
    """How a kind of row is added and changed on pages."""

    title: str
    """What one is called: `shipment`."""
    under: str
    """Where one is added: `/admin/groups`; with the key of what it belongs to:
    `/proposals/{parent:str}/shipments`."""
    path: str
    """Where one is shown: `/shipments`."""
    rows: List[Any]
    """What a change is compared with."""
    key: str
    create: type[Struct]
    change: type[Struct]
    add: Callable[[Writer, Any], Awaitable[Any]]
    update: Callable[[Writer, int, Any], Awaitable[Any]]
    models: Mapping[str, type[Any]]
    """Where fields are stored: by the part of their place before the last dot."""
    named_by: Sequence[str]
    """Columns of the first model by which one that was sent twice is found."""
    of_parent: Callable[[Reader, str], Awaitable[About]]
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

    @property
    def model(self) -> type[Any]:
        """The table of the rows."""
        return self.models[""]

    def fields(self, schema: Schema, about: About, *, change: bool) -> list[Field]:
        """What there is to fill in, as far as this database can hold it."""
        skipped = self.left_out | {*about.given}
        found = _fields(self.change if change else self.create, self, schema, about, "", change=change)
        required = {
            one.name for one in _fields(self.create, self, schema, about, "", change=False) if one.needed
        }
        return [
            Field(**{**vars(one), "needed": one.name in required}) for one in found if one.name not in skipped
        ]


def _fields(
    kind: Any, form: FormOf, schema: Schema, about: About, prefix: str, *, change: bool, needed: bool = True
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
        choices = about.choices.get(name, _words(inner[0]))
        column = schema.found(model.__tablename__, one.encode_name)
        yield Field(
            name=name,
            title=said.get("title", one.encode_name),
            hint=said.get("description", ""),
            unit=said.get("unit", ""),
            kind=_kind(inner[0], name in form.long, choices),
            needed=is_needed,
            most=longest(column) if isinstance(inner[0], inspect.StrType) else None,
            choices=choices,
            start=f"{one.default}" if isinstance(one.default, str | int) else "",
        )


def _kind(held: inspect.Type, is_long: bool, choices: Choices) -> Kind:
    if choices and not isinstance(held, inspect.StrType):
        return "choice"
    if isinstance(held, inspect.IntType | inspect.FloatType):
        return "number"
    return "long" if is_long else "text"


def _words(held: inspect.Type) -> Choices:
    values = held.values if isinstance(held, inspect.LiteralType) else ()
    return [(f"{value}", f"{value}") for value in values]


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
    told = [one.loc for one in faults]
    for fault in Sheet(kind, [body]).read()[1]:
        place = ["body", *fault.loc[2:]]
        if not any(place == one[: len(place)] for one in told):
            faults.append(Invalid(in_words(fault.sentence), place))
    if faults:
        raise Faults(faults)


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


async def newest(rows: Rows, form: FormOf) -> int:
    """The highest key that there is: what has a higher one came after the form was opened."""
    return int(await rows.scalar(select(func.max(_key(form)))) or 0)


def _key(form: FormOf) -> Any:
    return getattr(form.model, form.key)


async def add(writer: Writer, form: FormOf, body: Mapping[str, Any], after: int) -> int:
    """Add a row; where a form is sent twice, the key of the first, which has a key higher than `after`."""
    named = [getattr(form.model, name) == body.get(name) for name in form.named_by]
    for (key,) in await writer.rows(select(_key(form)).where(_key(form) > after, *named)):
        shown = await writer.get(form.rows, key)
        if not changes_something(Patch(form.change, dict(body)).of(shown)):
            return int(key)
    (data,) = Sheet(form.create, [body]).read()[0].values()
    return int(getattr(await form.add(writer, data), form.key))


def changes_something(change: Struct) -> bool:
    """Whether a body that changes a row holds anything."""
    return any(not isinstance(getattr(change, name), UnsetType) for name in change.__struct_fields__)


async def change(
    writer: Writer,
    form: FormOf,
    key: int,
    fields: Sequence[Field],
    mine: Mapping[str, str],
    was: Mapping[str, str],
) -> None:
    """Store what differs of what the form was opened with. Raises Faults for what others changed too."""
    shown = await writer.get(form.rows, key)
    now = {one.name: text_of(shown, one.place) for one in fields}
    compare(fields, mine, was, now)
    body = body_of(fields, mine, empty=True)
    check(form.change, fields, body, mine)
    await form.update(writer, key, Patch(form.change, body))


def compare(
    fields: Sequence[Field], mine: Mapping[str, str], was: Mapping[str, str], now: Mapping[str, str]
) -> None:
    """Raises Faults for what others changed too since a form was opened."""
    clashes = [
        Invalid(
            f"Somebody changed this meanwhile, to {now[one.name] or 'nothing'}. Store again to keep yours.",
            ["body", *one.place],
            CHANGED,
        )
        for one in fields
        if one.name in mine and now[one.name] not in (was.get(one.name), mine[one.name])
    ]
    if clashes:
        raise Faults(clashes)
