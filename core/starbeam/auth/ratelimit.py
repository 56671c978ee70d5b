"""Limits on tries to log in, by account and by address, for all workers of a host together, or of all hosts.

A try counts from before the backend is asked, so that tries sent at once find each other, and is taken back
when the person gets in. Servers count together where they share (`starbeam.auth.tries`). Otherwise, and while
that is away, the workers of a host share a file, which their supervisor makes with `shared`; without one,
each counts by itself in memory.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from hashlib import blake2b
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from starbeam import logs
from starbeam.auth.tries import End, SharedTries
from starbeam.refusals import TooMany, Unauthenticated
from starbeam.shared import Away

if TYPE_CHECKING:
    from starbeam.shared import Shared

log = logs.get("starbeam.auth")

T = TypeVar("T")
Keys = dict[str, bytes | None]
"""What a try counts for: the column's name, and a digest; None where nothing is known."""
Ends = Callable[[End], Awaitable[None]]
"""Called with how a try has ended."""

WINDOW = 60.0
"""Seconds in which a failure counts."""
FAILED = "Too many failed log-ins."
PER_ACCOUNT_AND_ADDRESS = 10
PER_ADDRESS = 60
PER_ACCOUNT = 100
REMEMBERED = 50_000
"""Tries that are remembered; the oldest are forgotten first."""
PATIENCE = 45.0
"""Seconds that a try waits for its turn; proxies give up after a minute."""
FILE = "TRIES_OF_STARBEAM"
"""The environment variable with the file that workers share."""

_MEMORY = ":memory:"
_SOON, _LATER = 0.02, 1.0
"""Seconds until somebody whose turn it is not looks again: at first, and at most."""
_TABLE = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS tries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, began REAL, failed INTEGER DEFAULT 0,
    pair BLOB, address BLOB, account BLOB
);
CREATE INDEX IF NOT EXISTS began ON tries (began);
CREATE INDEX IF NOT EXISTS pair ON tries (pair);
CREATE INDEX IF NOT EXISTS address ON tries (address);
CREATE INDEX IF NOT EXISTS account ON tries (account);
"""
"""The table of tries. SQLite's locks end with the process that holds them, and so do its half-done writes."""

_COUNT = (
    "SELECT count(*), coalesce(sum(failed), 0), min(iif(failed, began, NULL)) FROM tries WHERE COLUMN = ?"
)
"""How many tries a key has, how many of them failed, and when the first of these began."""


@contextmanager
def shared() -> Iterator[None]:
    """Let the worker processes that start meanwhile count together."""
    with TemporaryDirectory(prefix="starbeam-tries-") as folder:
        path = str(Path(folder, "tries"))
        _connected(path).close()
        os.environ[FILE] = path
        try:
            yield
        finally:
            del os.environ[FILE]


class Tries:
    """Tries to log in of the last minute. Of what people send only digests are kept."""

    def __init__(self, shared: Shared | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` must be the same for all workers of a host, as the monotonic one is."""
        self._together = SharedTries(shared, WINDOW, _LIMITS) if shared and shared.is_on else None
        self._clock = clock
        self._path = os.environ.get(FILE, _MEMORY)
        self._opened: sqlite3.Connection | None = None

    @asynccontextmanager
    async def counted(self, account: str, address: str) -> AsyncIterator[None]:
        """Around one try. Raises 429 instead of trying when this account or address failed too often.

        As long as those that are being tried could reach a limit by failing, the next waits for how they end:
        whoever is right gets in, however many come at once.
        """
        end = await self._begin(_keys(account, address))
        try:
            yield
        except (Unauthenticated, asyncio.CancelledError):  # who gives up may have guessed wrong
            await end(End.FAILED)
            raise
        except Exception:  # the backend is away: nothing was learned
            await end(End.UNKNOWN)
            raise
        await end(End.IN)

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    async def _begin(self, keys: Keys) -> Ends:
        """Count a try, as soon as it is its turn; what to call at its end. Raises 429."""
        wait = _SOON
        try:
            async with asyncio.timeout(PATIENCE):
                while (end := await self._counted(keys)) is None:
                    await asyncio.sleep(wait)
                    wait = min(1.5 * wait, _LATER)
        except TimeoutError:
            raise _too_many("Too many log-ins at once.", 5) from None
        return end

    async def _counted(self, keys: Keys) -> Ends | None:
        """Count a try with all servers, or on this host; what to call at its end. None while others must end
        first. Raises 429."""
        if self._together is not None:
            with suppress(Away):
                shared, seconds = await self._together.add(keys)
                if seconds:
                    raise _too_many(FAILED, seconds)
                return None if shared is None else partial(self._together.end, shared, keys)
        number = await self._when_free(lambda: self._add(keys))
        return None if number is None else partial(self._end, number, keys["pair"])

    async def _end(self, number: int, pair: bytes | None, end: End) -> None:
        """A try that was counted on this host has ended."""
        work = {
            End.FAILED: lambda: self._failed(number),
            End.UNKNOWN: lambda: self._take_back(number),
            End.IN: lambda: self._got_in(number, pair),
        }
        await self._when_free(work[end])

    def _add(self, keys: Keys) -> int | None:
        """Count a try; its number. None while others must end first. Raises 429."""
        now = self._clock()
        self._run("DELETE FROM tries WHERE began <= ?", now - WINDOW)
        self._run("DELETE FROM tries WHERE id <= (SELECT max(id) FROM tries) - ?", REMEMBERED - 1)
        full = [self._is_full(column, keys[column], limit, now) for column, limit in _LIMITS.items()]
        if any(full):
            return None
        added = self._run(
            "INSERT INTO tries (began, pair, address, account) VALUES (?, ?, ?, ?)",
            *(now, keys["pair"], keys["address"], keys["account"]),
        )
        return added.lastrowid

    def _is_full(self, column: str, key: bytes | None, limit: int, now: float) -> bool:
        """Whether more tries could pass a limit. Raises 429 when failures reached it."""
        found = self._run(
            _COUNT.replace("COLUMN", column),
            key,
        )
        tries, failed, first = found.fetchone()
        if failed >= limit:
            raise _too_many(FAILED, int(first + WINDOW - now) + 1)
        return bool(tries >= limit)

    def _failed(self, number: int) -> None:
        self._run("UPDATE tries SET failed = 1 WHERE id = ?", number)

    def _take_back(self, number: int) -> None:
        self._run("DELETE FROM tries WHERE id = ?", number)

    def _got_in(self, number: int, pair: bytes | None) -> None:
        """Earlier failures of the person from there count for the pair no more."""
        self._take_back(number)
        self._run("UPDATE tries SET pair = NULL WHERE pair = ? AND failed", pair)

    def _run(self, sql: str, *values: object) -> sqlite3.Cursor:
        if self._opened is None:
            self._opened = _connected(self._path)
        return self._opened.execute(sql, values)

    async def _when_free(self, work: Callable[[], T]) -> T:
        """The result of a transaction, once no other worker is in the middle of one."""
        while True:
            try:
                return self._transaction(work)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    self._go_on_alone(error)
            await asyncio.sleep(_SOON)

    def _transaction(self, work: Callable[[], T]) -> T:
        self._run("BEGIN IMMEDIATE")
        try:
            return work()
        finally:
            self._run("COMMIT")

    def _go_on_alone(self, error: sqlite3.Error) -> None:
        """Count in memory from now on: the file's disk is full, or somebody removed it."""
        if self._path == _MEMORY:
            raise error
        log.error("this worker counts failed log-ins by itself", error=str(error))
        self.close()
        self._path = _MEMORY


_LIMITS = {"pair": PER_ACCOUNT_AND_ADDRESS, "address": PER_ADDRESS, "account": PER_ACCOUNT}
"""How many failures each column's key may have."""


def _too_many(what: str, wait: int) -> TooMany:
    return TooMany(f"{what} Please try again in {wait} seconds.", wait)


def _keys(account: str, address: str) -> Keys:
    """What a try counts for. Log-ins with a provider's token name no account: only their address counts, or
    one stranger's bad tokens would keep everybody out."""
    address = _network(address)
    name = " ".join(unicodedata.normalize("NFKC", account).casefold().split())  # as directories compare
    return {
        "pair": _digest(name, address) if name else None,
        "address": _digest(address),
        "account": _digest(name) if name else None,
    }


def _network(address: str) -> str:
    """The address, or of IPv6 its network of 64 bits: a client has all of that."""
    try:
        return str(IPv6Network((IPv6Address(address), 64), strict=False))
    except AddressValueError:
        return address


def _digest(*texts: str) -> bytes:
    return blake2b("\0".join(texts).encode(errors="surrogatepass"), digest_size=16).digest()


def _connected(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    connection.executescript(_TABLE)
    return connection
