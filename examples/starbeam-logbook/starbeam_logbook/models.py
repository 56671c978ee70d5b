"""The table of this plugin."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class LogbookEntry(Base):
    """What somebody wrote down during a session. `writtenAt` has an index."""

    logbookEntryId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    writtenAt: Mapped[datetime] = mapped_column(index=True)
    author: Mapped[str | None]
    text: Mapped[str]
