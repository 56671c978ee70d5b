"""The runtime options of all plugins as one form, and changing them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from starbeam.api import Invalid
from starbeam.api.database import Column, NotTaken, fitting
from starbeam.api.settings import Option, parsed
from starbeam_admin.queries import options
from starbeam_admin.record import Change
from starbeam_admin.schemas import ActionType

LONGEST_SHOWN = 80
"""As much of a value as the record shows."""


class Forms:
    """The Structs of the options that the plugins of one app declare."""

    def __init__(self, declared: Mapping[str, Option]) -> None:
        self.declared = declared
        self.all = _struct("Options", "All runtime options.", declared.values())
        for_ui = [option for option in declared.values() if option.ui]
        self.ui = _struct("UIOptions", "The runtime options that a user interface needs.", for_ui)


def _struct(name: str, doc: str, declared: Iterable[Option]) -> type[msgspec.Struct]:
    fields = [
        (
            option.name,
            Annotated[option.type, Meta(title=option.title, description=option.description)],
            option.default,
        )
        for option in declared
    ]
    return msgspec.defstruct(name, fields, namespace={"__doc__": doc}, module=__name__)


def filled(form: type[msgspec.Struct], values: Mapping[str, Any]) -> msgspec.Struct:
    """A form with the values that it has fields for."""
    return form(**{name: values[name] for name in form.__struct_fields__})


def sent_values(declared: Mapping[str, Option], body: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a body names, with values of their types."""
    return {
        name: parsed(value, declared[name].type, ["body", name])
        for name, value in body.items()
        if name in declared
    }


async def change_options(
    change: Change, declared: Mapping[str, Option], sent: Mapping[str, Any]
) -> dict[str, Any]:
    """Store what differs from the present values. All values, as stored then. Raises Invalid when a value is
    too long for its column."""
    old = await options.values(change.writer, declared)
    changed = {name: value for name, value in sent.items() if value != old[name]}
    column = change.writer.scope.schema.found("AdminVar", "value")
    texts = {name: _text(column, name, value) for name, value in changed.items()}
    for name, value in changed.items():
        await options.store(change.writer, name, texts[name])
        await change.record(ActionType.DB_OPTIONS, _comments(name, value), old[name], value)
    return await options.values(change.writer, declared)


def _text(column: Column | None, name: str, value: Any) -> str:
    """JSON in ASCII, which any character set of the column holds."""
    text = json.dumps(_without_defaults(value), separators=(",", ":"))
    try:
        fitting(column, text)
    except NotTaken as error:
        raise Invalid(f"Value as JSON {error}", ["body", name]) from error
    return text


def _without_defaults(value: Any) -> Any:
    """Plain data, without the members of Structs that reading fills in."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _without_defaults(held)
            for field in msgspec.structs.fields(value)
            if (held := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, list):
        return [_without_defaults(one) for one in value]
    return msgspec.to_builtins(value)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _comments(name: str, value: Any) -> str:
    if isinstance(value, str | int | float):
        return f"changed `{name}` to `{str(value)[:LONGEST_SHOWN]}`"
    return f"changed `{name}`"
