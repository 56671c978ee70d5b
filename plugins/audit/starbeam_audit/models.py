"""The table of this plugin. `migrations/` holds what makes it."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, secret_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class StarbeamAudit(Base):
    """A write: rows of one table that were added, changed or deleted together."""

    auditId: Mapped[int] = mapped_column(primary_key=True)
    writtenAt: Mapped[datetime.datetime]
    """In the facility's local time."""
    login: Mapped[str]
    """Who it was, `token:` and a name for a machine; at the command line the account."""
    personId: Mapped[int]
    token: Mapped[str | None]
    """The name of the machine's or script's token."""
    behalf: Mapped[str | None]
    """The login of the person for whom a machine worked."""
    address: Mapped[str]
    requestId: Mapped[str]
    operation: Mapped[str]
    verb: Mapped[str]
    tableName: Mapped[str]
    rowCount: Mapped[int]
    firstKey: Mapped[str]
    lastKey: Mapped[str]
    changes: Mapped[str] = secret_column()
    """The rows as JSON. That old ones are deleted is recorded, and not again what they told."""
