"""Checking tickets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starbeam.api.auth import AuthBackend, BackendUnavailable, Credentials, Identity

UNKNOWN = "The list of withdrawn tickets cannot be read."


def signature(secret: str, login: str, expires: int) -> str:
    """What signs a ticket."""
    return hmac.new(secret.encode(), f"{login}.{expires}".encode(), hashlib.sha256).hexdigest()


class TicketBackend(AuthBackend):
    """Believes tickets that carry a good signature, have not expired and were not withdrawn."""

    by_password = False

    def __init__(self, name: str, secret: str, issuer: str, withdrawn: str) -> None:
        super().__init__(name)
        self._secret = secret
        self._issuer = issuer
        self._file = Path(withdrawn) if withdrawn else None
        self._withdrawn: frozenset[str] | None = None if withdrawn else frozenset()

    @property
    def public_config(self) -> Mapping[str, Any]:
        """Where a browser gets a ticket."""
        return {"issuer": self._issuer}

    async def authenticate(self, credentials: Credentials) -> Identity | None:
        """The person that the ticket names."""
        if self._withdrawn is None:
            await self.read_withdrawn()
        if self._withdrawn is None:
            raise BackendUnavailable(UNKNOWN)
        ticket = credentials.token or ""
        login, _, rest = ticket.partition(".")
        expires, _, signed = rest.partition(".")
        if not (login and expires.isdecimal()) or ticket in self._withdrawn or int(expires) <= time.time():
            return None
        good = hmac.compare_digest(signed.encode(), signature(self._secret, login, int(expires)).encode())
        return Identity(login) if good else None

    async def read_withdrawn(self) -> None:
        """Read the file of withdrawn tickets; while it cannot be read, nobody gets in."""
        if self._file is not None:
            try:
                self._withdrawn = frozenset((await asyncio.to_thread(self._file.read_text)).split())
            except OSError:
                self._withdrawn = None

    async def check(self) -> str | None:
        """For `/health/ready`."""
        return UNKNOWN if self._withdrawn is None else None
