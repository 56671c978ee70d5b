"""What an OpenID Connect provider signed: its keys, and whether a token is its own and still holds.

Plugins that use it depend on httpx and PyJWT[crypto], and nothing else imports it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn, TypeVar

import httpx
import jwt
import msgspec

from starbeam import logs
from starbeam.auth.backends import BackendUnavailable, NotVerified
from starbeam.cache import make_room

log = logs.get("starbeam.auth")

KEYS_SECONDS = 600.0
"""How long the keys are believed: a key that the provider withdraws counts no longer than this."""
NO_ANSWER = "The identity provider does not answer. Please try again later."
USELESS = "The identity provider gives an answer that cannot be used. The administrator finds it in the log."
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""The algorithms with a public key. With a shared key (HS256 …), whoever knows the public one could sign."""
LONGEST = 16_384
"""A longer token is refused unread."""
RECENT = 500
"""How many tokens are remembered to have a good signature, as long as the keys are. Their end is looked at at
each use."""
_REASONS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.InvalidSignatureError: "wrong signature",
    jwt.InvalidIssuerError: "wrong issuer",
}
"""What the log says of an error; of others their own text."""
_TYPES = ("", "jwt", "at+jwt", "application/jwt", "application/at+jwt")
"""Header `typ` of access and identity tokens. Others, such as `logout+jwt`, say nothing of who calls."""

Claims = Mapping[str, Any]
Key = dict[str, Any]
"""A JSON Web Key."""
T = TypeVar("T")


class Discovery(msgspec.Struct, frozen=True):
    """The parts of a discovery document that are used."""

    issuer: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None


class KeySet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set."""

    keys: list[Key]


class _Known(msgspec.Struct, frozen=True):
    """What the provider said at some time of the monotonic clock: its keys that sign, and where it is asked
    what. Beside it the claims that these keys signed, by their tokens."""

    since: float
    keys: list[Key]
    places: Discovery
    signed: dict[str, Claims] = msgspec.field(default_factory=dict)

    def key(self, kid: str | None) -> Key | None:
        """The key of this id; without an id the only one there is."""
        if kid is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((key for key in self.keys if key.get("kid") == kid), None)


class Provider:
    """One OpenID Connect provider, with its keys in memory. Nothing else talks to it."""

    refetch = 5.0
    """A key that is not among the known ones is looked for at most once in so many seconds."""

    def __init__(
        self,
        issuer: str,
        *,
        jwks_uri: str = "",
        timeout: float = 5.0,
        inside: Callable[[str], str] = str,
    ) -> None:
        """Its discovery document is asked for, unless `jwks_uri` says where the keys are. Each question has
        `timeout` seconds; `inside` says where this server finds what others find at an address."""
        self.issuer = issuer
        self._jwks_uri = jwks_uri
        self._timeout = timeout
        self._inside = inside
        self._tls = httpx.create_ssl_context()
        self._last: _Known | None = None
        self._tried = float("-inf")
        self._failed = ""
        """The sentence of the last look for keys, if it failed."""
        self._trouble = ""
        """What the log was told of last, until something worked."""
        self._asking: asyncio.Task[_Known] | None = None

    async def key(self, kid: str | None) -> Key | None:
        """The signing key of this id; without an id the only one there is. Raises `BackendUnavailable`."""
        key = (await self._known(KEYS_SECONDS)).key(kid)
        if key is not None:
            return key
        if time.monotonic() - self._tried > self.refetch:
            return (await self._known(self.refetch)).key(kid)
        if self._failed:
            raise BackendUnavailable(self._failed)
        return None

    async def trouble(self) -> str | None:
        """None when its keys are there, else a sentence."""
        try:
            await self._known(KEYS_SECONDS)
        except BackendUnavailable as error:
            return str(error)
        return None

    async def place(self, name: str) -> str:
        """An address of the discovery document. Raises `BackendUnavailable`."""
        found: str | None = getattr((await self._known(KEYS_SECONDS)).places, name)
        if found is None:
            self._unavailable(USELESS, f"the discovery document names no {name}")
        return found

    async def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        """The answer; redirects are not followed, and the time-out is that of the whole. Raises
        `BackendUnavailable`."""
        url = self._inside(url)
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(verify=self._tls, timeout=self._timeout) as client,
            ):
                return await client.request(method, url, **more)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._unavailable(NO_ANSWER, f"{url}: {type(error).__name__} {error}")

    def decoded(self, response: httpx.Response, kind: type[T]) -> T:
        """What an answer says. Raises `BackendUnavailable`."""
        if response.status_code != 200:
            sentence = NO_ANSWER if response.status_code >= 500 else USELESS
            self._unavailable(sentence, f"{response.url} answers with status {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._unavailable(USELESS, f"{response.url}: {error}")

    def signed(self, token: str) -> Claims | None:
        """The claims of a token that the present keys are known to have signed."""
        known = self._young(KEYS_SECONDS)
        return known.signed.get(token) if known else None

    def remember(self, token: str, claims: Claims) -> None:
        """The present keys signed this."""
        if self._last:
            make_room(self._last.signed, RECENT)
            self._last.signed[token] = claims

    def _young(self, age: float) -> _Known | None:
        """What the provider said, unless that is `age` seconds ago."""
        young = self._last is not None and time.monotonic() - self._last.since < age
        return self._last if young else None

    async def _known(self, age: float) -> _Known:
        """What the provider said less than `age` seconds ago. Who asks at one moment shares one fetch, which
        outlives those that wait for it."""
        if known := self._young(age):
            return known
        if self._asking is None:
            self._asking = asyncio.create_task(self._fetch())
            self._asking.add_done_callback(self._asked)
        return await asyncio.shield(self._asking)

    def _asked(self, task: asyncio.Task[_Known]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # those who wait are told; nobody waiting is no error

    async def _fetch(self) -> _Known:
        since = self._tried = time.monotonic()
        try:
            places = await self._places()
            keys = self.decoded(await self.ask("GET", places.jwks_uri), KeySet).keys
        except BackendUnavailable as error:
            self._failed = str(error)
            raise
        if self._trouble:
            log.info("identity provider works again", issuer=self.issuer)
        self._failed = self._trouble = ""
        self._last = _Known(since, [key for key in keys if key.get("use", "sig") == "sig"], places)
        return self._last

    async def _places(self) -> Discovery:
        if self._jwks_uri:
            return Discovery(self.issuer, self._jwks_uri)
        url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = self.decoded(await self.ask("GET", url), Discovery)
        if found.issuer not in (self.issuer, self._inside(self.issuer)):
            self._unavailable(USELESS, f"{url} has the issuer {found.issuer!r}, not {self.issuer!r}")
        return found

    def _unavailable(self, sentence: str, reason: str) -> NoReturn:
        if reason != self._trouble:
            log.error("identity provider fails", issuer=self.issuer, reason=reason)
        self._trouble = reason
        raise BackendUnavailable(sentence)


async def verified(
    token: str, provider: Provider, *, leeway: float, algorithms: Collection[str] = ALGORITHMS
) -> Claims:
    """The claims of a token that the provider signed, within its times; the caller checks for whom it is.

    Clocks may differ by `leeway` seconds. Raises `NotVerified`, and `BackendUnavailable` without its key.
    """
    if len(token) > LONGEST:
        raise NotVerified("the token is too long")
    claims = provider.signed(token)
    if claims is None or int(claims["exp"]) <= time.time() - leeway:
        claims = await _proven(token, provider, leeway, algorithms)
        provider.remember(token, claims)
    return claims


async def _proven(token: str, provider: Provider, leeway: float, algorithms: Collection[str]) -> Claims:
    try:
        header = jwt.get_unverified_header(token)
        key, algorithm = await _key(header, provider, algorithms)
        claims = _decoded(token, jwt.PyJWK(key, algorithm), provider.issuer, leeway)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:  # ValueError: text that is no Unicode
        raise NotVerified(f"the token does not hold: {_REASONS.get(type(error)) or error}") from None
    if "events" in claims:
        raise NotVerified("the token is for logging out")
    return claims


async def _key(header: dict[str, Any], provider: Provider, algorithms: Collection[str]) -> tuple[Key, str]:
    """The provider's key that a token names, and the algorithm."""
    algorithm, kid = str(header.get("alg")), header.get("kid")
    if algorithm not in algorithms:
        raise NotVerified(f"the token is signed with {algorithm!r}")
    if not _of_known_type(header):
        raise NotVerified(f"the token is a {header['typ']!r}")
    key = await provider.key(kid)
    if key is None:
        raise NotVerified(f"the provider has no key {kid!r}")
    if key.get("alg", algorithm) != algorithm:
        raise NotVerified(f"the token is signed with {algorithm}, its key is for {key['alg']}")
    return key, algorithm


def _of_known_type(header: dict[str, Any]) -> bool:
    kind = header.get("typ") or ""
    return isinstance(kind, str) and kind.lower() in _TYPES


def _decoded(token: str, key: jwt.PyJWK, issuer: str, leeway: float) -> dict[str, Any]:
    """The claims, once signature, issuer and times hold."""
    return jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        issuer=issuer,
        leeway=leeway,
        options={"require": ["exp", "iss"], "verify_aud": False, "enforce_minimum_key_length": True},
    )
