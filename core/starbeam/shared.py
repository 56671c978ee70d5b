"""What servers on all hosts share, where `[shared] url` names a Valkey or Redis: numbers that one of them
has found, tries to log in, and that rights have changed.

Nothing in it is the only copy: without it, and while it is away, each worker goes on by itself. Nobody waits
for it for long, and what it says is believed only where a server of this installation has signed it.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from starbeam import logs

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from starbeam.settings import Settings

log = logs.get("starbeam.shared")

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds that anybody waits for an answer; then nobody asks before `LOOK_SECONDS` have passed."""
LOOK_SECONDS = 1.0
"""How often each worker looks whether rights have changed, and whether the shared server is there."""
KEPT_SECONDS = 60
"""How long a sign that rights have changed stays."""
CONNECTIONS = 20
"""Most connections of a worker."""
_ACCOUNT = re.compile(r"//[^/]*@")
_SIGNED = 16
"""Bytes of a signature."""


class Away(Exception):
    """Nothing is shared, or not now."""


class Shared:
    """What this worker shares with all others of its installation: those with its secret key and database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.shared
        database = _ACCOUNT.sub("//", settings.database.url)
        self._key = blake2b(settings.auth.secret_key.encode(), person=b"starbeam shared").digest()
        self._prefix = f"starbeam:{self._digest(database).hex()}:"
        self._opened: Redis | None = None
        self._since: float | None = None
        """When the shared server was found to be away."""
        self._refused = ""
        """What it last said instead of an answer."""
        self._seen: bytes | None = None
        self.listeners: list[Callable[[], Awaitable[None]]] = []
        """Called when another server has changed rights, options or tokens, and when that may have been
        missed."""
        self.watchers: list[Callable[[bool], None]] = []
        """Told whether it is away, when that changes."""

    @property
    def is_on(self) -> bool:
        """Whether the settings name a shared server."""
        return bool(self._settings.url)

    async def once(
        self,
        said: object,
        kind: Any,
        seconds: float,
        work: Callable[[], Awaitable[T]],
        worth: Callable[[T], bool] = lambda found: True,
    ) -> T:
        """What `work` finds, or what it found for another worker at most so many seconds ago.

        `said` must tell all that the answer depends on, who asks included: plain values. The answer is of a
        type that msgspec knows, `kind`. It is kept where it is `worth` it.
        """
        if not self.is_on:
            return await work()
        name = self.name("once", said)
        found = self._unsealed(name, await self._get(name), kind)
        if found is not None:
            return cast("T", found.value)
        answer = await work()
        if worth(answer):
            await self._set(name, self._sealed(name, answer), seconds)
        return answer

    async def tell(self) -> None:
        """Let all other servers know that rights, options or tokens have changed, once that is committed."""
        self._seen = secrets.token_hex(8).encode()
        await self._set(f"{self._prefix}changed", self._seen, KEPT_SECONDS)

    async def look(self) -> None:
        """Whether another server has told of a change; and whether the shared server is back."""
        try:
            said = await self._bounded(self._look)
        except Exception as error:  # whatever it says must not end the background task
            self._note(error, away=True)
            return
        if self._since is not None:
            log.info("shared server is back", seconds=round(time.monotonic() - self._since, 1))
            self._since, self._refused = None, ""
            self._tell_watchers()
        elif said is None or said == self._seen:
            return
        self._seen = said
        for listener in self.listeners:
            await listener()

    async def run(self, script: str, keys: Sequence[str], *values: str | int | float) -> Any:
        """What a script answers, which runs as a whole. Raises `Away`."""
        return await self._ask(lambda client: client.eval(script, len(keys), *keys, *values))

    async def trouble(self) -> str | None:
        """Whether it is away, in a sentence."""
        await self.look()
        return "is away: each worker goes on by itself" if self._since is not None else None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.aclose(close_connection_pool=True)
            self._opened = None

    def name(self, kind: str, said: object) -> str:
        """The name of something in the store, from which nobody learns what it is about."""
        return f"{self._prefix}{kind}:{self._digest(said).hex()}"

    def _digest(self, said: object) -> bytes:
        return blake2b(repr(said).encode(errors="surrogatepass"), key=self._key, digest_size=_SIGNED).digest()

    async def _look(self, client: Redis) -> bytes | None:
        """The sign that was last given. What cannot be written to is no help."""
        async with client.pipeline(transaction=False) as both:
            both.set(f"{self._prefix}alive", b"1", px=int(1000 * KEPT_SECONDS))
            both.get(f"{self._prefix}changed")
            found = (await both.execute())[1]
        return found if isinstance(found, bytes) else None

    async def _get(self, name: str) -> object:
        try:
            return await self._ask(lambda client: client.get(name))
        except Away:
            return None

    async def _set(self, name: str, value: bytes | None, seconds: float) -> None:
        if value is None:
            return
        try:
            await self._ask(lambda client: client.set(name, value, px=int(1000 * seconds)))
        except Away:
            return

    async def _ask(self, what: Callable[[Redis], Any]) -> Any:
        """Its answer. Raises `Away` at once while it is known to be, else after a moment."""
        if not self.is_on or self._since is not None:
            raise Away
        try:
            return await self._bounded(what)
        except Exception as error:  # whatever it says must not be the fault of who asked
            self._note(error)
            raise Away from None

    async def _bounded(self, what: Callable[[Redis], Any]) -> Any:
        async with asyncio.timeout(PATIENCE):
            return await what(self._client())

    def _note(self, error: Exception, *, away: bool = False) -> None:
        """It is away; or it refused this, which is no reason not to ask for anything else."""
        from redis.exceptions import ResponseError

        said = f"{type(error).__name__}: {error}".splitlines()[0]
        if isinstance(error, ResponseError) and not away:
            if said != self._refused:
                log.error("shared server refuses", error=said)
            self._refused = said
        elif self._since is None:
            self._since = time.monotonic()
            log.error("shared server is away: each worker goes on by itself", error=said)
            self._tell_watchers()

    def _tell_watchers(self) -> None:
        for watch in self.watchers:
            watch(self._since is not None)

    def _client(self) -> Redis:
        if self._opened is None:
            from redis.asyncio import BlockingConnectionPool, Redis  # only now: it is slow to import

            trusted = {"ssl_ca_certs": self._settings.ssl_ca} if self._settings.ssl_ca else {}
            pool = BlockingConnectionPool.from_url(
                self._settings.url,
                protocol=2,
                max_connections=CONNECTIONS,
                timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                socket_timeout=PATIENCE,
                **trusted,
            )
            self._opened = Redis(connection_pool=pool)
        return self._opened

    def _sealed(self, name: str, answer: object) -> bytes | None:
        """An answer as it is kept, with the signature of this installation for this name."""
        try:
            said = msgspec.msgpack.encode(answer)
        except (TypeError, OverflowError):
            return None
        return self._digest((name, said)) + said

    def _unsealed(self, name: str, kept: object, kind: Any) -> _Found | None:
        """What was kept, None where that is nothing, or not ours."""
        if not isinstance(kept, bytes):
            return None
        signature, said = kept[:_SIGNED], kept[_SIGNED:]
        if not hmac.compare_digest(signature, self._digest((name, said))):
            return None
        try:
            return _Found(msgspec.msgpack.decode(said, type=kind))
        except msgspec.DecodeError:
            return None  # of another version, which keeps another type


class _Found(msgspec.Struct, frozen=True):
    """An answer, which may be None."""

    value: Any
