"""The tables of this plugin. `migrations/` holds what makes them."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, secret_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class StarbeamToken(Base):
    """A token of a machine, or of a person's scripts. Lists are words with commas between them; times are the
    facility's."""

    tokenId: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    personId: Mapped[int]
    """Whose scripts it is for; 0 for a machine."""
    secretHash: Mapped[str] = secret_column()
    """SHA-256 of the token."""
    formerHash: Mapped[str | None] = secret_column()
    formerUntil: Mapped[datetime.datetime | None]
    """Until when the token before the last rotation holds."""
    scopes: Mapped[str]
    beamLines: Mapped[str]
    proposals: Mapped[str]
    networks: Mapped[str]
    service: Mapped[str | None]
    notBefore: Mapped[datetime.datetime | None]
    expires: Mapped[datetime.datetime | None]
    revokedAt: Mapped[datetime.datetime | None]
    createdBy: Mapped[str]
    createdAt: Mapped[datetime.datetime]
    comment: Mapped[str | None]


class StarbeamTokenUse(Base):
    """How often a token was used, and when last."""

    tokenId: Mapped[str] = mapped_column(primary_key=True)
    lastUsedAt: Mapped[datetime.datetime]
    lastAddress: Mapped[str]
    uses: Mapped[int]


class StarbeamRefresh(Base):
    """A log-in that can be renewed. Times are seconds since 1970: no clock that is put back may matter."""

    familyId: Mapped[str] = mapped_column(primary_key=True)
    personId: Mapped[int]
    login: Mapped[str]
    backend: Mapped[str]
    counter: Mapped[int]
    """The number of its newest refresh token."""
    rotatedAt: Mapped[int]
    address: Mapped[str]
    """Where it was used last."""
    createdAt: Mapped[int]
    lastUsedAt: Mapped[int]
    expiresAt: Mapped[int]
    revokedAt: Mapped[int | None]
    userAgent: Mapped[str]


class StarbeamIdempotency(Base):
    """A request with an `Idempotency-Key`. Its digests tell nobody the key, who sent it or what."""

    keyHash: Mapped[str] = mapped_column(primary_key=True)
    """Of the key and who sent it."""
    requestHash: Mapped[str]
    createdAt: Mapped[int]
    """In seconds since 1970."""
    status: Mapped[int | None]
    """Of the answer; null while there is none."""
    answer: Mapped[str | None]
