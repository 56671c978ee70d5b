"""The table of this plugin. `migrations/` holds what makes it."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class SkeletonNote(Base):
    """A note of a person. `personId` is that of `Person`."""

    skeletonNoteId: Mapped[int] = mapped_column(primary_key=True)
    personId: Mapped[int]
    text: Mapped[str]
    created: Mapped[datetime.datetime]
