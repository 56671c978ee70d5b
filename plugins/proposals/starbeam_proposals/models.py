"""The table that this plugin owns."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class SessionType(Base):
    """A kind of session."""

    sessionTypeId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    typeName: Mapped[str]
