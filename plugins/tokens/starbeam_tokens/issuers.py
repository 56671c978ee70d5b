"""Access tokens of identity providers: of machines, which are clients there, and of people."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING

import msgspec
import structlog

from starbeam.api import Clock, Principal, Unauthenticated, Unavailable
from starbeam.api.auth import BackendUnavailable, NotVerified
from starbeam.api.oidc import LONGEST, Provider, verified
from starbeam.api.settings import LEEWAY
from starbeam_tokens.held import INVALID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starbeam.api.oidc import Claims
    from starbeam_tokens.behalf import Behalves
    from starbeam_tokens.held import Held
    from starbeam_tokens.settings import IssuerSettings

log = structlog.get_logger("starbeam.tokens")

NOBODY_OF_OURS = "User does not exist in database."
_REASON = 500
"""Letters that the log shows of a reason."""
_OF_IDENTITY = ("at_hash", "c_hash")
"""Claims that only identity tokens have."""


class _Said(msgspec.Struct, frozen=True):
    iss: str


class IssuingProvider(Provider):
    """A provider whose tokens come with requests: a key that is not known is looked for once a minute."""

    refetch = 60.0


class Issuer:
    """An identity provider, and whose tokens of it are taken."""

    def __init__(
        self, name: str, said: IssuerSettings, machines: Mapping[str, Held], people: Behalves, clock: Clock
    ) -> None:
        """`machines` are by the ids of their clients."""
        self.name = name
        self.iss = said.issuer
        self._said = said
        self._machines = machines
        self._people = people
        self._clock = clock
        self._provider = IssuingProvider(said.issuer, jwks_uri=said.jwks_uri)

    @property
    def about(self) -> str:
        """What is configured, in a line."""
        whose = [f"machines {', '.join(self._machines)}"] if self._machines else []
        whose += ["people"] if self._said.persons else []
        return f"takes tokens of {self.iss} for {', '.join(self._said.audiences)}: {' and '.join(whose)}"

    async def caller(self, token: str) -> Held | Principal:
        """The machine, or the person, that a token of this provider is of. Raises `Unauthenticated`, and
        `Unavailable` while the provider is needed and away."""
        try:
            claims = await verified(token, self._provider, leeway=LEEWAY, algorithms=self._said.algorithms)
            self._check(claims)
            return self._machine(claims) or await self._person(claims)
        except NotVerified as refused:
            log.warning("token refused", issuer=self.name, reason=str(refused)[:_REASON])
            raise Unauthenticated(INVALID) from None
        except BackendUnavailable as error:
            raise Unavailable(str(error)) from None

    async def check(self) -> str | None:
        """None when tokens can be checked, else a sentence."""
        return await self._provider.trouble()

    def _check(self, claims: Claims) -> None:
        """Raise `NotVerified` for what is no access token for this API that whoever sends it may use."""
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if not any(one in named for one in self._said.audiences):
            raise NotVerified(f"the token is for {audience!r}")
        kind = claims.get("typ", "Bearer")
        if str(kind).lower() != "bearer" or any(claim in claims for claim in _OF_IDENTITY):
            raise NotVerified(f"the token is no access token: typ {kind!r}")
        if "cnf" in claims:
            raise NotVerified("the token is bound to a key (cnf), which nobody proves here")

    def _machine(self, claims: Claims) -> Held | None:
        """The machine of a token that a client got for itself, not for a person who logged in with it."""
        client = claims.get("azp", claims.get("client_id"))
        if claims.get("client_id", client) != client:
            raise NotVerified("the token names two clients")
        held = self._machines.get(client) if isinstance(client, str) else None
        if held is None or not _is_own(claims, str(client)):
            return None
        if not held.holds(self._clock.now()):
            raise NotVerified(f"the machine {held.limits.token} has ended")
        return held

    async def _person(self, claims: Claims) -> Principal:
        login = claims.get("preferred_username")
        if not self._said.persons:
            raise NotVerified(f"no machine's: of client {claims.get('azp')!r}, of {login!r}")
        if not isinstance(login, str) or not login.strip():
            raise NotVerified("the claim preferred_username holds no login")
        person = await self._people.person(login)
        if person is None:
            raise Unauthenticated(NOBODY_OF_OURS)
        return person


def _is_own(claims: Claims, client: str) -> bool:
    """Whether a client got a token for itself: the subject is it, or Keycloak's account of it. Keycloak names
    the client once more then; for a person who took the name of such an account it does not."""
    account = claims.get("preferred_username") == f"service-account-{client}".lower()
    named = client in (claims.get("client_id"), claims.get("clientId"))
    return claims.get("sub") == client or (account and named)


class Issuers:
    """All of them."""

    def __init__(self, each: Iterable[Issuer]) -> None:
        self.each = list(each)
        self._known = {one.iss: one for one in self.each}

    def of(self, token: str) -> Issuer | None:
        """Who says to have issued a token, as far as it is known here. Nothing of it is believed yet."""
        if len(token) > LONGEST or token.count(".") != 2:
            return None
        payload = token.split(".")[1]
        try:
            said = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Said)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return self._known.get(said.iss)
