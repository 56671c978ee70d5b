"""The provider's side: its discovery document, its keys, and what it says of a person. No other module
talks to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import httpx
import msgspec
import structlog

from starbeam.auth.backends import BackendUnavailable

log = structlog.get_logger("starbeam.auth.keycloak")

KEYS_SECONDS = 600.0
"""How long the keys are believed: a key that the provider withdraws counts no longer than this."""
REFETCH_SECONDS = 5.0
"""A key that is not among the known ones is looked for at most this often."""
NO_ANSWER = "The identity provider does not answer. Please try again later."
USELESS = "The identity provider gives an answer that cannot be used. The administrator finds it in the log."

Claims = Mapping[str, Any]
Key = dict[str, Any]
"""A JSON Web Key."""
T = TypeVar("T")


class Discovery(msgspec.Struct, frozen=True):
    """The parts of a discovery document that are used here."""

    issuer: str
    jwks_uri: str
    userinfo_endpoint: str | None = None


class KeySet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set."""

    keys: list[Key]


class Provider:
    """One OpenID Connect provider, with its keys in memory."""

    def __init__(self, issuer: str, timeout: float) -> None:
        self._issuer = issuer
        self._timeout = timeout
        self._tls = httpx.create_ssl_context()
        self._userinfo: str | None = None
        self._keys: list[Key] = []
        self._tried = self._fetched = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str | None) -> Key | None:
        """The signing key of this id; without an id the only one there is. Raises `BackendUnavailable`."""
        await self.ensure_keys()
        if self._find(kid) is None and time.monotonic() - self._tried > REFETCH_SECONDS:
            await self._refresh()
        return self._find(kid)

    async def ensure_keys(self) -> None:
        """Fetch the keys unless they are young enough. Raises `BackendUnavailable`."""
        if time.monotonic() - self._fetched > KEYS_SECONDS:
            await self._refresh()

    async def userinfo(self, token: str) -> Claims | None:
        """What the provider says of the owner of an access token whose key is known; None when it refuses
        the token. Raises `BackendUnavailable`."""
        if self._userinfo is None:
            self._unavailable(USELESS, "the discovery document names no userinfo_endpoint")
        response = await self._get(self._userinfo, {"Authorization": f"Bearer {token}"})
        if response.status_code in (400, 401, 403):
            return None
        return self._decoded(response, dict[str, Any])

    def _find(self, kid: str | None) -> Key | None:
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.get("kid") == kid), None)

    async def _refresh(self) -> None:
        """Fetch the keys. Log-ins of one moment share one fetch, which outlives the one that began it."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._done)
        await asyncio.shield(self._fetching)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # those who wait are told; nobody waiting is no error

    async def _fetch(self) -> None:
        self._tried = time.monotonic()
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        discovery = self._decoded(await self._get(url), Discovery)
        if discovery.issuer != self._issuer:
            self._unavailable(USELESS, f"{url} has the issuer {discovery.issuer!r}, not {self._issuer!r}")
        keys = self._decoded(await self._get(discovery.jwks_uri), KeySet).keys
        self._keys = [key for key in keys if key.get("use", "sig") == "sig"]
        self._userinfo = discovery.userinfo_endpoint
        self._fetched = time.monotonic()

    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """The answer to a GET; redirects are not followed, and the time-out is that of the whole."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(verify=self._tls, timeout=self._timeout) as client,
            ):
                return await client.get(url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._unavailable(NO_ANSWER, f"{url}: {type(error).__name__} {error}")

    def _decoded(self, response: httpx.Response, kind: type[T]) -> T:
        if response.status_code != 200:
            sentence = NO_ANSWER if response.status_code >= 500 else USELESS
            self._unavailable(sentence, f"{response.url} answers with status {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._unavailable(USELESS, f"{response.url}: {error}")

    def _unavailable(self, sentence: str, reason: str) -> NoReturn:
        log.error("identity provider fails", issuer=self._issuer, reason=reason)
        raise BackendUnavailable(sentence)
