"""The provider's side: its discovery document, its keys, and what it says of a person. No other module
talks to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import httpx
import msgspec
import structlog

from starbeam.api.auth import BackendUnavailable
from starbeam.api.database import Cache

if TYPE_CHECKING:
    from starbeam_auth_keycloak.settings import KeycloakSettings

log = structlog.get_logger("starbeam.auth_keycloak")

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
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None


class KeySet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set."""

    keys: list[Key]


class Given(msgspec.Struct, frozen=True):
    """What a provider gives for a code."""

    id_token: str
    access_token: str | None = None


class _Known(msgspec.Struct, frozen=True):
    """What the provider said: its keys that sign, and where it is asked what."""

    keys: list[Key]
    places: Discovery

    def key(self, kid: str | None) -> Key | None:
        """The key of this id; without an id the only one there is."""
        if kid is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((key for key in self.keys if key.get("kid") == kid), None)


class Provider:
    """One OpenID Connect provider, with its keys in memory."""

    def __init__(self, settings: KeycloakSettings) -> None:
        self._settings = settings
        self._issuer = settings.expected_issuer
        self._tls = httpx.create_ssl_context()
        self._cache: Cache[_Known] = Cache(KEYS_SECONDS)
        self._tried = float("-inf")
        self._asking: set[asyncio.Task[_Known]] = set()

    async def key(self, kid: str | None) -> Key | None:
        """The signing key of this id; without an id the only one there is. Raises `BackendUnavailable`."""
        key = (await self._known(KEYS_SECONDS)).key(kid)
        if key is None and time.monotonic() - self._tried > REFETCH_SECONDS:
            key = (await self._known(REFETCH_SECONDS)).key(kid)
        return key

    async def ensure_keys(self) -> None:
        """Fetch the keys unless they are young enough. Raises `BackendUnavailable`."""
        await self._known(KEYS_SECONDS)

    async def userinfo(self, token: str) -> Claims | None:
        """What the provider says of the owner of an access token whose key is known; None when it refuses
        the token. Raises `BackendUnavailable`."""
        endpoint = await self._place("userinfo_endpoint")
        response = await self._ask("GET", endpoint, headers={"Authorization": f"Bearer {token}"})
        if response.status_code in (400, 401, 403):
            return None
        return self._decoded(response, dict[str, Any])

    async def log_in_page(self) -> str:
        """Where browsers log in. Raises `BackendUnavailable`."""
        return self._settings.outside(await self._place("authorization_endpoint"))

    async def given(self, form: Mapping[str, str], auth: tuple[str, str] | None) -> Given | None:
        """What the provider gives for the code in this form; None when it refuses the code. Raises
        `BackendUnavailable`."""
        endpoint = await self._place("token_endpoint")
        response = await self._ask("POST", endpoint, data=form, auth=auth)
        if response.status_code == 400 and _error(response) == "invalid_grant":
            return None
        return self._decoded(response, Given)

    async def _place(self, name: str) -> str:
        """An address of the discovery document."""
        found: str | None = getattr((await self._known(KEYS_SECONDS)).places, name)
        if found is None:
            self._unavailable(USELESS, f"the discovery document names no {name}")
        return found

    async def _known(self, age: float) -> _Known:
        """What the provider said less than `age` seconds ago. Log-ins of one moment share one fetch, which
        outlives those that wait for it."""
        asking = asyncio.create_task(self._cache.get("keys", self._fetch, age=age))
        self._asking.add(asking)
        asking.add_done_callback(self._asked)
        return await asyncio.shield(asking)

    def _asked(self, task: asyncio.Task[_Known]) -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # those who wait are told; nobody waiting is no error

    async def _fetch(self) -> _Known:
        self._tried = time.monotonic()
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        discovery = self._decoded(await self._ask("GET", url), Discovery)
        if discovery.issuer not in (self._issuer, self._settings.inside(self._issuer)):
            self._unavailable(USELESS, f"{url} has the issuer {discovery.issuer!r}, not {self._issuer!r}")
        keys = self._decoded(await self._ask("GET", discovery.jwks_uri), KeySet).keys
        return _Known([key for key in keys if key.get("use", "sig") == "sig"], discovery)

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        """The answer; redirects are not followed, and the time-out is that of the whole."""
        url, timeout = self._settings.inside(url), self._settings.timeout
        try:
            async with (
                asyncio.timeout(timeout),
                httpx.AsyncClient(verify=self._tls, timeout=timeout) as client,
            ):
                return await client.request(method, url, **more)
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


def _error(response: httpx.Response) -> str | None:
    """The code of an error, as OAuth names them."""
    try:
        said = response.json()
    except ValueError:
        return None
    return said.get("error") if isinstance(said, dict) else None
