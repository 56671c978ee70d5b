"""What forms store: what is sent twice once, and what others changed meanwhile not without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, UnsetType
from sqlalchemy import func, select

from starbeam.forms.described import CHANGED, EditOf, Field, FormOf, body_of, check, text_of
from starbeam.patch import Patch
from starbeam.refusals import Faults, Invalid
from starbeam.sheets import Sheet

if TYPE_CHECKING:
    from starbeam.db.rows import Rows
    from starbeam.db.writer import Writer


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
    form: EditOf,
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
            f"Somebody changed this meanwhile, to {one.words(now[one.name]) or 'nothing'}. "
            "Store again to keep yours.",
            ["body", *one.place],
            CHANGED,
        )
        for one in fields
        if one.name in mine and now[one.name] not in (was.get(one.name), mine[one.name])
    ]
    if clashes:
        raise Faults(clashes)
