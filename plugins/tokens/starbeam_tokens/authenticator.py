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
from starbeam_tokens.figures import PERSON, SCRIPT, UNKNOWN
from starbeam_tokens.held import Held
from starbeam_tokens.spelling import PREFIXES

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    from starbeam_tokens.behalf import Behalves
    from starbeam_tokens.figures import Figures
    from starbeam_tokens.held import HeldTokens
    from starbeam_tokens.issuers import Issuer, Issuers
    from starbeam_tokens.uses import Uses

    Connection = ASGIConnection[Any, Any, Any, Any]


class TokenAuthenticator(Authenticator):
    """Knows `Authorization: Bearer sbm_…` and `sbp_…`, and tokens of issuers, for operations of the API."""

    def __init__(
        self,
        held: HeldTokens,
        issuers: Issuers | None,
        uses: Uses,
        behalves: Behalves,
        figures: Figures,
        *,
        trusted_proxies: Sequence[str],
        allow_http: bool,
    ) -> None:
        self._held = held
        self._issuers = issuers
        self._uses = uses
        self._behalves = behalves
        self._figures = figures
        self._addresses = ClientAddress(trusted_proxies)
        self._allow_http = allow_http

    def credential(self, connection: Connection, handler: BaseRouteHandler) -> str | None:
        """The token, where the header has one."""
        scheme, _, token = connection.headers.get("authorization", "").strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or handler.opt.get("page"):
            return None
        return token if token.startswith(PREFIXES) or self._issuer(token) else None

    async def principal(self, credential: str, connection: Connection) -> Principal:
        """The machine, or the person whose token or script it is."""
        name = UNKNOWN
        try:
            found = await self.found(credential)
            name = _name(found)
            who = await self._admitted(found, connection)
        except Refusal:
            self._figures.note(name, "refused")
            raise
        self._figures.note(name, "taken")
        return who

    def _issuer(self, token: str) -> Issuer | None:
        return self._issuers.of(token) if self._issuers else None

    async def found(self, token: str) -> Held | Principal:
        """The token that is held, or the machine or person that an issuer says it is of. Raises
        `Unauthenticated`, and `Unavailable` while an issuer is needed and away."""
        issuer = self._issuer(token)
        return await (issuer.caller(token) if issuer else self._held.find(token))

    async def _admitted(self, found: Held | Principal, connection: Connection) -> Principal:
        """Who that is. Raises `Forbidden` where the token is not good for this connection."""
        address = self._addresses.of(connection.scope)
        if isinstance(found, Held):
            bind_contextvars(token=found.limits.token)  # in the log's line of a request that is refused, too
            found.check(address)
        if not (self._allow_http or _is_safe(connection, address)):
            raise Forbidden("Tokens are taken over TLS only")
        if isinstance(found, Principal):
            return found
        self._uses.note(found.limits.token_id, address)
        who, named = self._held.principal(found), connection.headers.getall(HEADER, [])
        return replace(who, behalf=await self._behalves.named(named, who))


def _name(found: Held | Principal) -> str:
    """What figures call it."""
    if isinstance(found, Principal):
        return PERSON
    return found.limits.token if found.machine else SCRIPT


def _is_safe(connection: Connection, address: str) -> bool:
    """Whether nobody on the way could read it: the client speaks TLS, or is on this machine."""
    if connection.scope["scheme"] == "https":  # of the connection's URL it takes long
        return True
    come_from = address_of(address)
    return come_from is not None and come_from.is_loopback
