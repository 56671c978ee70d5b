"""The table of this plugin. `migrations/` holds what makes it."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class ShiftlogEntry(Base):
    """An entry in the log of a session. `personId` is its author's."""

    shiftlogEntryId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    personId: Mapped[int]
    text: Mapped[str]
    category: Mapped[str]
    created: Mapped[datetime.datetime]
