"""A form within a form: what a field chooses among is made in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import structs

from starbeam.forms import described as forms
from starbeam.forms import storing
from starbeam.forms.described import About, EditOf, Field, FormOf

if TYPE_CHECKING:
    from starbeam.db.schema import Schema
    from starbeam.db.writer import Writer


@dataclass(frozen=True)
class Making:
    """How a new one is made of what a field chooses among."""

    name: str
    """The field."""
    form: FormOf
    about: About
    fields: list[Field]
    """Their names begin with that of the field, and a dot."""

    def is_begun(self, texts: Mapping[str, str]) -> bool:
        """Whether something was typed for it."""
        return any(texts.get(one.name, one.start) != one.start for one in self.fields)


def makings(form: EditOf, schema: Schema, about: About) -> dict[str, Making]:
    """What may be made in place, by fields."""
    return {name: making_of(name, made, schema, About([], about.given)) for name, made in form.makes.items()}


def making_of(name: str, form: FormOf, schema: Schema, about: About) -> Making:
    """How a new one is made within another form, where its fields begin with this name."""
    fields = form.fields(schema, about, change=False)
    return Making(name, form, about, [replace(one, name=f"{name}.{one.name}") for one in fields])


async def make(writer: Writer, making: Making, texts: Mapping[str, str], after: int) -> int:
    """Store what was typed for it: the key. Raises Faults with the fields of the form that it has itself."""
    fields = [replace(one, name=one.name.removeprefix(f"{making.name}.")) for one in making.fields]
    typed = {one.name: texts.get(f"{making.name}.{one.name}", "") for one in fields}
    taken = {one.encode_name for one in structs.fields(making.form.create)}
    given = {name: value for name, value in making.about.given.items() if name in taken}
    body = {**forms.body_of(fields, typed, empty=False), **given}
    forms.check(making.form.create, fields, body, typed)
    return await storing.add(writer, making.form, body, after)
