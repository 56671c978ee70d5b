"""The table that this plugin owns."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, filled_by_database, optional_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class ContainerHistory(Base):
    """Where a container was, and in what state."""

    containerHistoryId: Mapped[int] = mapped_column(primary_key=True)
    containerId: Mapped[int | None]
    location: Mapped[str | None]
    blTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    status: Mapped[str | None]
    beamlineName: Mapped[str | None] = optional_column()
    currentDewarId: Mapped[int | None] = optional_column()
