"""The models against the facts, and writing through them on every kind of database."""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import event, inspect, select
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

import starbeam.db.models
import starbeam_admin.models
import starbeam_em_legacy.models
import starbeam_ispyb.models
import starbeam_legacy.models
import starbeam_proposals.models
from starbeam.db import sqlite
from starbeam.db.columns import Column
from starbeam.db.models import Laboratory, Person, WholeSeconds
from starbeam.db.services import service
from starbeam_ddl.facts import facts
from starbeam_ispyb.models import (
    AutoProcProgram,
    BLSession,
    DataCollectionGroup,
    Dewar,
    Proposal,
    Shipping,
)
from support import schemas

MODULES: dict[str, ModuleType] = {
    "core": starbeam.db.models,
    "admin": starbeam_admin.models,
    "em_legacy": starbeam_em_legacy.models,
    "ispyb": starbeam_ispyb.models,
    "legacy": starbeam_legacy.models,
    "proposals": starbeam_proposals.models,
}
MODELS: list[Any] = sorted(
    (mapper.class_ for module in MODULES.values() for mapper in module.Base.registry.mappers),
    key=lambda model: str(model.__name__),
)
PYTHON_TYPES = {
    "int": {"int", "tinyint", "smallint", "mediumint"},
    "float": {"float", "double", "int"},
    "str": {"varchar", "text", "tinytext", "longtext", "enum"},
    "datetime": {"datetime", "timestamp"},
    "date": {"date"},
    "time": {"time"},
    "bytes": {"binary", "longblob"},
}
"""The types of columns that each type of attributes can hold."""


# Models and facts


def flavours_of(table: str, name: str) -> list[Column]:
    """A column in each flavour that has it."""
    tables = [facts(flavour).get(table) for flavour in ("community", "diamond")]
    return [column for t in tables if t is not None and (column := t.column(name)) is not None]


def test_every_plugin_has_a_base_of_its_own() -> None:
    bases = [module.Base for module in MODULES.values()]
    assert len({id(base.metadata) for base in bases}) == len(bases)
    assert len({id(base.registry) for base in bases}) == len(bases)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_model_has_the_columns_of_its_table(model: Any) -> None:
    table = facts("union")[model.__tablename__]
    assert model.__name__ == table.name
    assert [c.name for c in model.__table__.columns] == [c.name for c in table.columns]
    assert [c.name for c in model.__table__.primary_key] == list(table.primary_key)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_attributes_can_hold_the_values_of_both_flavours(model: Any) -> None:
    for attribute in inspect(model).column_attrs:
        column = attribute.columns[0]
        found = flavours_of(model.__tablename__, column.name)
        kinds = {re.match(r"[a-z]+", c.type)[0] for c in found}  # type: ignore[index]
        annotated = str(model.__annotations__[attribute.key])
        names = re.findall(r"(?:Mapped\[| )(?:datetime\.)?(\w+)", annotated)
        allowed = set().union(*(PYTHON_TYPES[name] for name in names if name != "None"))
        assert kinds <= allowed, (attribute.key, annotated, kinds)
        if not is_optional(model, column.name) and not column.primary_key:
            assert ("None" in names) == any(c.nullable for c in found), (attribute.key, annotated)


def is_optional(model: Any, column: str) -> bool:
    """Whether one flavour has the table and lacks the column."""
    tables = [facts(flavour).get(model.__tablename__) for flavour in ("community", "diamond")]
    return all(tables) and any(table and table.column(column) is None for table in tables)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_columns_that_a_flavour_lacks_are_deferred_and_no_others(model: Any) -> None:
    attributes = inspect(model).column_attrs
    deferred = {a.columns[0].name for a in attributes if a.deferred}
    assert deferred == {c.name for c in model.__table__.columns if is_optional(model, c.name)}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_an_insert_names_what_a_flavour_requires(model: Any) -> None:
    """Columns that the ORM leaves out when unset have a default or may be NULL, wherever they exist."""
    for column in model.__table__.columns:
        found = flavours_of(model.__tablename__, column.name)
        required = any(c.required_on_insert for c in found)
        if not column.primary_key:
            assert (column.server_default is None) == required, column


def test_attributes_differ_from_columns_only_in_case() -> None:
    for model in MODELS:
        for attribute in inspect(model).column_attrs:
            column = attribute.columns[0]
            spellings = {c.name for c in flavours_of(model.__name__, column.name)}
            assert attribute.key.removesuffix("_") in spellings, column


# Writing


@pytest.fixture
async def engine(kind: schemas.Kind, database_url: str) -> AsyncIterator[AsyncEngine]:
    arguments = sqlite.connect_args() if kind.server == "sqlite" else {}
    made = create_async_engine(database_url, connect_args=arguments)
    yield made
    await made.dispose()


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session on a database with one proposal, its member and its session, all numbered 1."""
    async with AsyncSession(engine, expire_on_commit=False) as opened:
        for row in (Person(login="ada"), Proposal(personId=1, proposalCode="mx"), BLSession(proposalId=1)):
            opened.add(row)
            await opened.flush()
        yield opened


START = datetime.datetime(2026, 3, 1, 9, 30)

WRITES: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    (
        DataCollectionGroup,
        {"sessionId": 1, "experimentType": "OSC", "startTime": START},
        {"comments": "good"},
    ),
    (Shipping, {"proposalId": 1, "shippingName": "one", "safetyLevel": "GREEN"}, {"safetyLevel": "RED"}),
    (BLSession, {"proposalId": 1, "visit_number": 2, "startDate": START}, {"endDate": START, "scheduled": 1}),
]


@pytest.mark.anyio
@pytest.mark.four_databases
@pytest.mark.parametrize(("model", "values", "change"), WRITES, ids=lambda v: getattr(v, "__name__", ""))
async def test_services_create_get_and_update(
    session: AsyncSession, model: Any, values: dict[str, Any], change: dict[str, Any]
) -> None:
    writer = service(model)(session=session)
    (number,) = inspect(await writer.create(values)).identity
    await writer.update(change, number)
    await session.commit()
    session.expunge_all()
    found = await writer.get(number)
    for name, value in (values | change).items():
        assert getattr(found, name) == value


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_an_update_with_an_instance_changes_what_it_names(session: AsyncSession) -> None:
    writer = service(Shipping)(session=session)
    created = await writer.create({"proposalId": 1, "shippingName": "one", "safetyLevel": "GREEN"})
    number = created.shippingId
    session.expunge_all()
    await writer.update(Shipping(shippingId=number, safetyLevel="RED"))
    session.expunge_all()
    found = await writer.get(number)
    assert (found.shippingName, found.safetyLevel) == ("one", "RED")


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_a_dewar_is_written_with_the_defaults_of_the_database(session: AsyncSession) -> None:
    session.add(Shipping(proposalId=1, shippingName="one"))
    await session.flush()
    writer = service(Dewar)(session=session)
    created = await writer.create({"shippingId": 1, "code": "D1"})
    assert (created.type, created.dewarStatus) == ("Dewar", None)
    number = created.dewarId
    await writer.update({"type": "Toolbox", "dewarStatus": "at facility"}, number)
    session.expunge_all()
    found = await writer.get(number)
    assert (found.shippingId, found.code, found.type) == (1, "D1", "Toolbox")
    with pytest.raises(InvalidRequestError, match="not available"):
        _ = found.weight


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_an_update_of_an_optional_column_does_not_read_it(
    session: AsyncSession, kind: schemas.Kind
) -> None:
    change = {"sessionTitle": "first", "comments": "x"} if kind.flavour != "diamond" else {"archived": 1}
    writer = service(BLSession)(session=session)
    await writer.update(change, 1)
    columns = [getattr(BLSession, name) for name in change]
    assert (await session.execute(select(*columns))).one() == tuple(change.values())


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_an_update_that_the_database_refuses_is_an_integrity_error(session: AsyncSession) -> None:
    with pytest.raises(IntegrityError):
        await service(BLSession)(session=session).update({"proposalId": 99}, 1)


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_an_insert_names_only_what_was_set(session: AsyncSession, engine: AsyncEngine) -> None:
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    session.add(Shipping(proposalId=1, shippingName="one"))
    await session.flush()
    (insert,) = statements
    plain = insert.replace("`", "").replace('"', "")
    assert plain.startswith("INSERT INTO Shipping (proposalId, shippingName) VALUES")
    assert "RETURNING" not in insert


@pytest.mark.anyio
@pytest.mark.four_databases
@pytest.mark.parametrize("strict", [True, False])
async def test_a_forgotten_value_is_refused_in_every_sql_mode(session: AsyncSession, strict: bool) -> None:
    if not strict and session.get_bind().dialect.name == "mysql":
        await (await session.connection()).exec_driver_sql("SET SESSION sql_mode = ''")
    session.add(starbeam_ispyb.models.LabContact(personId=1, proposalId=1))
    with pytest.raises(IntegrityError, match=r"cardName"):
        await session.flush()


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_columns_that_hold_text_or_numbers_give_what_the_driver_gives(session: AsyncSession) -> None:
    session.add(AutoProcProgram(processingStatus="1"))
    await session.commit()
    value = (await session.execute(select(AutoProcProgram.processingStatus))).scalar_one()
    assert str(value) == "1"


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_bytes_times_and_optional_columns_come_back(session: AsyncSession) -> None:
    key = bytes(range(16))
    when = START.replace(microsecond=400_000)
    session.add(BLSession(proposalId=1, visit_number=2, externalId=key, startDate=when))
    session.add(Laboratory(name="Lab"))
    await session.commit()
    session.expunge_all()
    found = (await session.execute(select(BLSession).where(BLSession.externalId == key))).scalar_one()
    assert (found.externalId, found.startDate) == (key, START)
    later = select(BLSession.sessionId).where(BLSession.startDate >= START)
    assert (await session.execute(later)).scalars().all() == [found.sessionId]


def test_times_on_sqlite_have_no_fraction() -> None:
    from sqlalchemy.dialects.sqlite import dialect

    process = WholeSeconds.dialect_impl(dialect()).bind_processor(dialect())
    assert process is not None
    assert process(START.replace(microsecond=9)) == "2026-03-01 09:30:00"
