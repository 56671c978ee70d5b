"""The one guard: no handler runs before it has checked what the handler demands of the caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from structlog.contextvars import bind_contextvars

from starbeam import calls
from starbeam.access import ANY_SCOPE, READ, Access, Principal
from starbeam.refusals import Forbidden, Invalid, Missing, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    from starbeam.auth.authenticators import Authenticator
    from starbeam.auth.onetime import OneTimeTokens
    from starbeam.auth.snapshot import Snapshot
    from starbeam.auth.tokens import Tokens
    from starbeam.settings import Settings

    Connection = ASGIConnection[Any, Any, Any, Any]

_ONETIME = re.compile(r"[\w\-]+", re.ASCII)
_OF_PERSONS = re.compile(r"/(auth|admin|options|tokens|user/sign)(/|$)")
"""Where people manage the server and their log-ins."""


class Guard:
    """Finds out who calls and refuses who may not."""

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        snapshot: Snapshot,
        onetime_tokens: OneTimeTokens,
        authenticators: Sequence[Authenticator],
    ) -> None:
        self._api_root = settings.server.api_root
        self._trust_claims = settings.auth.trust_token_claims
        self._tokens = tokens
        self._snapshot = snapshot
        self._onetime_tokens = onetime_tokens
        self._authenticators = authenticators

    async def check(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """404 for what is switched off, 401 without valid credentials, 403 without the permission: 404 for a
        page, since nobody should learn which there are."""
        if connection.scope.get("method") == "OPTIONS":
            return  # answered by Litestar itself, and never with data
        bind_contextvars(plugin=handler.opt["plugin"])
        calls.routed(connection.scope["path_template"])
        access: Access = handler.opt["access"]
        if switch := handler.opt.get("switch"):
            await self._snapshot.ensure_loaded()
            if not self._snapshot.options[switch]:
                raise Missing("Not Found")
        if access.public:
            return
        who = await self._caller(connection, handler)
        connection.scope["user"] = who
        bind_contextvars(person=who.login)
        if who.limits is not None:
            bind_contextvars(token=who.limits.token)
        if who.behalf is not None:
            bind_contextvars(behalf=who.behalf.login)
        self._permit(connection, handler, who)

    async def still(self, connection: Connection, handler: BaseRouteHandler) -> Principal:
        """Who calls, as of now: for answers that go on and on. Raises what `check` raises."""
        who = await self._caller(connection, handler)
        self._permit(connection, handler, who)
        return who

    def _permit(self, connection: Connection, handler: BaseRouteHandler, who: Principal) -> None:
        access: Access = handler.opt["access"]
        if who.limits is not None:
            self._check_limits(connection, access, who)
        if access.permissions and not all(_holds(one, access) for one in (who, who.behalf) if one):
            raise Missing("Not Found") if handler.opt.get("page") else Forbidden("Not Authorized")

    def _check_limits(self, connection: Connection, access: Access, who: Principal) -> None:
        """Raise `Forbidden` where its token is not good for an operation: one that says so, or reads."""
        if ANY_SCOPE in access.scopes or (limits := who.limits) is None:
            return
        reads = connection.scope.get("method") == "GET"
        opening = limits.scopes & {*access.scopes}
        if READ in limits.scopes and reads and self._is_open(connection.scope["path_template"]):
            opening |= {READ}
        if not opening:
            raise Forbidden("This token is not good for this operation")
        unnamed = opening & limits.for_person
        if who.behalf is None and (unnamed == opening if reads else unnamed):
            raise Forbidden("This token opens this on behalf of a person only: send Starbeam-For")

    def _is_open(self, path: str) -> bool:
        """Whether tokens may read there: not where people manage the server and their log-ins."""
        below = path.startswith(self._api_root + "/")
        return below and not _OF_PERSONS.match(path.removeprefix(self._api_root))

    async def _caller(self, connection: Connection, handler: BaseRouteHandler) -> Principal:
        access: Access = handler.opt["access"]
        if access.token_in == "path":
            return await self._by_token(str(connection.path_params.get("token", "")))
        if access.token_in == "query":
            token = connection.query_params.get("token")
            if token is None:
                raise Invalid("Field required", ["query", "token"], "missing")
            return await self._by_token(token)
        for one in self._authenticators:
            if (credential := one.credential(connection, handler)) is not None:
                await self._snapshot.ensure_loaded()
                return await one.principal(credential, connection)
        token = _bearer(connection.headers.get("authorization", ""))
        if token:
            return await self._by_token(token)
        once = connection.query_params.get("onetime")
        if (
            once is not None
            and connection.scope.get("method") == "GET"
            and not connection.headers.get("authorization")
        ):
            return await self._by_onetime_token(connection, once)
        raise Unauthenticated("No token provided.")

    async def _by_token(self, token: str) -> Principal:
        claims = self._tokens.read(token)
        await self._snapshot.ensure_loaded()
        permissions = claims.permissions if self._trust_claims else None
        return self._snapshot.people.principal(claims.personId, claims.login, permissions)

    async def _by_onetime_token(self, connection: Connection, token: str) -> Principal:
        if not _ONETIME.fullmatch(token):
            raise Invalid(
                r"String should match pattern '^([\w\-_])+$'", ["query", "onetime"], "string_pattern_mismatch"
            )
        path: str = connection.scope["state"]["path"]
        owner = await self._onetime_tokens.take(token, path.removeprefix(self._api_root))
        if owner is None or not path.startswith(self._api_root):
            raise Unauthenticated("Invalid one time token.")
        await self._snapshot.ensure_loaded()
        return self._snapshot.people.principal(owner.person_id, owner.login, owner.permissions)


def _holds(who: Principal, access: Access) -> bool:
    return not who.permissions.isdisjoint(access.permissions)


def _bearer(header: str) -> str:
    """The token of an `Authorization` header, empty when it has none."""
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
