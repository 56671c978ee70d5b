"""From rows to Structs: values become the field's type, and a column that a database lacks becomes NULL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from starbeam.db.models import Laboratory, Person
from starbeam.db.scope import Scope
from starbeam.db.shape import Shape
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import said
from support.probe import WITH_PROBE
from support.schemas import Kind

pytestmark = pytest.mark.anyio


class Everything(msgspec.Struct):
    """A field of each type."""

    flag: bool
    maybe: bool | None
    count: int
    ratio: float | None
    name: str
    day: datetime | None
    anything: Any


class Nested(msgspec.Struct):
    """Structs in a Struct."""

    personId: int
    login: str | None
    lab: Lab | None
    tags: list[str] | None
    metadata: int | None = msgspec.field(name="_metadata", default=None)


class Lab(msgspec.Struct):
    """A part."""

    name: str | None
    city: str | None


def everything(*row: Any) -> tuple[Any, ...]:
    shape = Shape(Everything, **dict.fromkeys(Everything.__struct_fields__, Person.login))
    return msgspec.structs.astuple(shape.make(row))


def test_values_become_the_fields_type() -> None:
    now = datetime(2026, 1, 31, 12, 0)
    row = (1, 0, Decimal("5.0"), Decimal("1.25"), 12, now, b"raw")
    made = everything(*row)
    assert made == (True, False, 5, 1.25, "12", now, b"raw")
    assert [type(value) for value in made] == [bool, bool, int, float, str, datetime, bytes]


@pytest.mark.fix(1)
def test_null_stays_null_whatever_the_field_says() -> None:
    assert everything(*[None] * 7) == (None,) * 7


@pytest.mark.fix(1)
def test_what_is_no_number_becomes_null() -> None:
    made = everything(True, None, "many", 1, "x", None, None)
    assert made == (True, None, None, 1.0, "x", None, None)


NESTED = Shape(
    Nested,
    Person,
    lab=Shape(Lab, Laboratory, when=Laboratory.laboratoryId),
    later={"tags", "_metadata"},
)


def test_structs_in_structs() -> None:
    row = (1, "abcd", 7, "Institute", "Grenoble")
    made = NESTED.make(row)
    assert msgspec.to_builtins(made) == {
        "personId": 1,
        "login": "abcd",
        "lab": {"name": "Institute", "city": "Grenoble"},
        "tags": None,
        "_metadata": None,
    }
    assert NESTED.make((1, "abcd", None, None, None)).lab is None


def test_a_field_that_the_struct_lacks_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="Lab has no field street"):
        Shape(Lab, Laboratory, street=None)
    with pytest.raises(AttributeError, match="tags"):
        Shape(Nested, Person, later={"lab", "_metadata"})


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


@pytest.mark.four_databases
async def test_a_column_that_the_database_lacks(app: TestApp, kind: Kind) -> None:
    """Is null, and a filter on it matches nothing; only the community schema has `Person.passwd`."""
    headers = await app.as_user("abcd")
    await app.database.person("efgh", passwd="hash")
    there = kind.flavour != "diamond"
    people = [
        {"personId": 1, "login": "abcd", "passwd": None},
        {"personId": 2, "login": "efgh", "passwd": "hash" if there else None},
    ]

    async def listed(query: str) -> Any:
        status, body = said(await app.client.get(f"/probe/people?{query}", headers=headers))
        assert status == 200
        return body["results"], body["total"]

    assert await listed("") == (people, 2)
    assert await listed("passwd=hash") == ((people[1:], 1) if there else ([], 0))
    assert await listed("passwd=other") == ([], 0)


@pytest.mark.four_databases
async def test_columns_are_selected_in_the_order_that_make_reads(app: TestApp) -> None:
    who = app.starbeam.snapshot.people.principal(1, "abcd")
    scope: Scope = await app.starbeam.scopes.of(who)
    names = [getattr(column, "key", None) for column in NESTED.columns(scope)]
    assert names == ["personId", "login", "laboratoryId", "name", "city"]
