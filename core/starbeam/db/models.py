"""The base of every plugin's models, and the models of the tables that core owns.

A plugin declares a base of its own, so that no two plugins share a registry or metadata:

    class Base(IspybTable, DeclarativeBase):
        \"\"\"The tables of this plugin.\"\"\"

    class Movie(Base):
        \"\"\"A movie of an electron microscope.\"\"\"

        movieId: Mapped[int] = mapped_column(primary_key=True)

A class is named as its table and an attribute as its column; where the flavours spell a column differently,
as the more readable of the two. Models exist to write queries and rows with; tables are created from the
facts (`starbeam_ddl`), which know the types of each flavour exactly. Joins are explicit: there are no
foreign keys and no relationships. Rows are written through `starbeam.db.services`.
"""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from advanced_alchemy.base import BasicAttributes
from sqlalchemy import Column, Date, DateTime, FetchedValue, LargeBinary, String, Table, Time
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column

from starbeam.db.essential import OF_ONE, SECRET

WholeSeconds = DateTime().with_variant(
    sqlite.DATETIME(truncate_microseconds=True),  # type: ignore[no-untyped-call]
    "sqlite",
)
"""A point in time as MariaDB's DATETIME holds it: no fraction, no zone. SQLite keeps `YYYY-MM-DD HH:MM:SS`,
which orders and compares as text."""


class IspybTable(BasicAttributes):
    """What all models share: an INSERT names only attributes that were set, and nothing is read back unasked.

    A column that may be NULL is left to the database unless set, since a flavour may lack it or fill it. A
    column that may not be NULL is always named: a forgotten value is an IntegrityError in every SQL mode.
    """

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: String(),
        bytes: LargeBinary(),
        datetime.datetime: WholeSeconds,
        datetime.date: Date(),
        datetime.time: Time(),
    }
    __mapper_args__: ClassVar[dict[str, Any]] = {"eager_defaults": False}

    @declared_attr.directive
    @classmethod
    def __tablename__(cls) -> str:
        """The table's name: that of the class."""
        return cls.__name__

    @classmethod
    def __table_cls__(cls, name: str, *args: Any, **kwargs: Any) -> Table:
        """Build the table, with every column that may be NULL left to the database when unset."""
        for column in args:
            if isinstance(column, Column) and column.nullable and column.server_default is None:
                column.server_default = FetchedValue()
        return Table(name, *args, **kwargs)


def filled_by_database() -> MappedColumn[Any]:
    """A column that may not be NULL and that the database gives a default."""
    return mapped_column(server_default=FetchedValue())


def always_named() -> MappedColumn[Any]:
    """A column that may be NULL in one flavour only: always named, so that the other can refuse a NULL."""
    return mapped_column(nullable=False)


def optional_column() -> MappedColumn[Any]:
    """A column that one flavour lacks: never read with its row, only when a query names it.

    Reading the attribute of a loaded row raises InvalidRequestError, unless it was set; setting it is for
    code that knows that the column is there.
    """
    of_one = {OF_ONE: True}
    return mapped_column(deferred=True, deferred_raiseload=True, nullable=True, info=of_one)


def secret_column() -> MappedColumn[Any]:
    """A column that holds a secret: no record of what was written has it. So it is with those whose names say
    that they hold a password, a secret or a token."""
    return mapped_column(info={SECRET: True})


def varying_column() -> MappedColumn[Any]:
    """A column that is text in one flavour and a number in the other: values come as the driver gives them.

    Compare it as text, `cast(column, String)`: MariaDB holds 0 equal to any text that is not a number.
    """
    return mapped_column(String())


def mapped(base: type[DeclarativeBase]) -> list[type[Any]]:
    """The mapped classes of a base, by name: all tables that a plugin owns."""
    return sorted((mapper.class_ for mapper in base.registry.mappers), key=lambda model: model.__name__)


class Base(IspybTable, DeclarativeBase):
    """The tables of core."""


class Person(Base):
    """A person: a user, a contact, a member of staff."""

    personId: Mapped[int] = mapped_column(primary_key=True)
    laboratoryId: Mapped[int | None]
    siteId: Mapped[int | None]
    personUUID: Mapped[str | None]
    familyName: Mapped[str | None]
    givenName: Mapped[str | None]
    title: Mapped[str | None]
    emailAddress: Mapped[str | None]
    phoneNumber: Mapped[str | None]
    login: Mapped[str | None]
    faxNumber: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    cache: Mapped[str | None]
    externalId: Mapped[bytes | None]
    passwd: Mapped[str | None] = optional_column()


class Laboratory(Base):
    """A laboratory that persons belong to."""

    laboratoryId: Mapped[int] = mapped_column(primary_key=True)
    laboratoryUUID: Mapped[str | None]
    name: Mapped[str | None]
    address: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    url: Mapped[str | None]
    organization: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    laboratoryPk: Mapped[int | None] = optional_column()
    postcode: Mapped[str | None] = optional_column()
    EORINumber: Mapped[str | None] = optional_column()
    laboratoryExtPk: Mapped[int | None] = optional_column()


class UserGroup(Base):
    """A group of persons that permissions are given to."""

    userGroupId: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Permission(Base):
    """A permission, named by its `type`."""

    permissionId: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    description: Mapped[str | None]


class UserGroup_has_Person(Base):
    """A member of a user group."""

    userGroupId: Mapped[int] = mapped_column(primary_key=True)
    personId: Mapped[int] = mapped_column(primary_key=True)


class UserGroup_has_Permission(Base):
    """A permission of a user group."""

    userGroupId: Mapped[int] = mapped_column(primary_key=True)
    permissionId: Mapped[int] = mapped_column(primary_key=True)


class SW_onceToken(Base):
    """A token that opens one address once."""

    onceTokenId: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str | None]
    personId: Mapped[int | None]
    proposalId: Mapped[int | None]
    validity: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()


class AdminVar(Base):
    """An option that can change while the server runs."""

    varId: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    value: Mapped[str | None]
