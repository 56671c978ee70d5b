"""Log-in with signed tickets of a user office: an example of a log-in backend."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from msgspec import Meta

from starbeam.api import Check, Context, Lifespan, Plugin, Section, every, hookimpl
from starbeam.api.auth import AuthBackend
from starbeam_ticket.backend import TicketBackend

SECONDS = 10.0
"""How often the withdrawn tickets are read."""


class TicketSettings(Section, frozen=True):
    """What a section of `[auth.backends]` that uses this plugin may hold."""

    secret: Annotated[
        str, Meta(min_length=32, description="The key that signs tickets. Keep it out of this file.")
    ]
    issuer: Annotated[str, Meta(description="Address at which a browser gets a ticket; clients see it.")]
    withdrawn: Annotated[
        str, Meta(description="File of tickets that hold no more, one a line. Empty: there are none.")
    ] = ""


class TicketPlugin(Plugin[TicketSettings]):
    """One backend for each section that uses it."""

    name = "ticket"
    title = "Log-in with tickets of a user office"
    Settings = TicketSettings
    backend_name = "ticket"

    def __init__(self, settings: TicketSettings) -> None:
        super().__init__(settings)
        self._backends: list[TicketBackend] = []

    @hookimpl
    def register_auth_backends(self, ctx: Context) -> Iterable[AuthBackend]:
        """The backends."""
        self._backends = [
            TicketBackend(name, one.secret, one.issuer, one.withdrawn) for name, one in ctx.backends.items()
        ]
        return self._backends

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """Each backend reads its withdrawn tickets again and again."""
        return [partial(every, SECONDS, one.read_withdrawn) for one in self._backends]

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """Each backend knows which tickets were withdrawn."""
        return [Check(one.name, one.check, essential=False) for one in self._backends]
