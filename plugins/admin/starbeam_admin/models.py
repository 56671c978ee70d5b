"""The table that this plugin owns."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, filled_by_database


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class AdminActivity(Base):
    """What somebody did last, or (without the unique index on `username`) one thing that somebody did."""

    adminActivityId: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = filled_by_database()
    action: Mapped[str | None]
    comments: Mapped[str | None]
    dateTime: Mapped[datetime.datetime | None]
