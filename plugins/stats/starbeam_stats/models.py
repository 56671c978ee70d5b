"""The tables that this plugin owns."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class BF_fault(Base):
    """Something that broke during a session."""

    faultId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    starttime: Mapped[datetime.datetime | None]
    endtime: Mapped[datetime.datetime | None]
    beamtimelost: Mapped[int | None]
    beamtimelost_starttime: Mapped[datetime.datetime | None]
    beamtimelost_endtime: Mapped[datetime.datetime | None]
    title: Mapped[str | None]


class v_run(Base):  # named as the table is
    """A run: a period of operation between two shutdowns."""

    runId: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str]
    startDate: Mapped[datetime.datetime | None]
    endDate: Mapped[datetime.datetime | None]
