"""Tokens of machines and scripts, as requests bring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars

from starbeam.api import Forbidden, Principal, Refusal
from starbeam.api.auth import address_of
from starbeam.api.http import ClientAddress
from starbeam.api.web import Authenticator
from starbeam_tokens.behalf import HEADER
from starbeam_tokens.figures import SCRIPT, UNKNOWN
from starbeam_tokens.spelling import MACHINE, PERSON

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    from starbeam_tokens.behalf import Behalves
    from starbeam_tokens.figures import Figures
    from starbeam_tokens.held import Held, HeldTokens
    from starbeam_tokens.uses import Uses

    Connection = ASGIConnection[Any, Any, Any, Any]

PREFIXES = (MACHINE, PERSON)


class TokenAuthenticator(Authenticator):
    """Knows `Authorization: Bearer sbm_…` and `sbp_…`, for operations of the API."""

    def __init__(
        self,
        held: HeldTokens,
        uses: Uses,
        behalves: Behalves,
        figures: Figures,
        *,
        trusted_proxies: Sequence[str],
        allow_http: bool,
    ) -> None:
        self._held = held
        self._uses = uses
        self._behalves = behalves
        self._figures = figures
        self._addresses = ClientAddress(trusted_proxies)
        self._allow_http = allow_http

    def credential(self, connection: Connection, handler: BaseRouteHandler) -> str | None:
        """The token, where the header has one."""
        scheme, _, token = connection.headers.get("authorization", "").strip().partition(" ")
        token = token.strip()
        good = scheme.lower() == "bearer" and token.startswith(PREFIXES) and not handler.opt.get("page")
        return token if good else None

    async def principal(self, credential: str, connection: Connection) -> Principal:
        """The machine, or the person whose script it is."""
        name = UNKNOWN
        try:
            held = await self._held.find(credential)
            name = held.limits.token if held.machine else SCRIPT
            who = await self._admitted(held, connection)
        except Refusal:
            self._figures.note(name, "refused")
            raise
        self._figures.note(name, "taken")
        return who

    async def _admitted(self, held: Held, connection: Connection) -> Principal:
        """Who that is. Raises `Forbidden` where the token is not good for this connection."""
        bind_contextvars(token=held.limits.token)  # in the log's line of a request that is refused, too
        address = self._addresses.of(connection.scope)
        held.check(address)
        if not (self._allow_http or _is_safe(connection, address)):
            raise Forbidden("Tokens are taken over TLS only")
        self._uses.note(held.limits.token_id, address)
        who, named = self._held.principal(held), connection.headers.getall(HEADER, [])
        return replace(who, behalf=await self._behalves.named(named, who))


def _is_safe(connection: Connection, address: str) -> bool:
    """Whether nobody on the way could read it: the client speaks TLS, or is on this machine."""
    if connection.scope["scheme"] == "https":  # of the connection's URL it takes long
        return True
    come_from = address_of(address)
    return come_from is not None and come_from.is_loopback
