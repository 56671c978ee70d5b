"""Tries to log in, as all servers count them together, where servers share."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from starbeam.shared import Away

if TYPE_CHECKING:
    from starbeam.shared import Shared

_NOW = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
"""
_ADD = (
    _NOW
    + """
local number, window = ARGV[1], tonumber(ARGV[2])
local full = false
for i = 1, #KEYS, 2 do
    local running, failed, limit = KEYS[i], KEYS[i + 1], tonumber(ARGV[2 + (i + 1) / 2])
    redis.call('ZREMRANGEBYSCORE', running, '-inf', now - window)
    redis.call('ZREMRANGEBYSCORE', failed, '-inf', now - window)
    local failures = redis.call('ZCARD', failed)
    if failures >= limit then
        local first = redis.call('ZRANGE', failed, 0, 0, 'WITHSCORES')
        return math.floor(first[2] + window - now) + 1
    end
    full = full or failures + redis.call('ZCARD', running) >= limit
end
if full then return 0 end
for i = 1, #KEYS, 2 do
    redis.call('ZADD', KEYS[i], now, number)
    redis.call('EXPIRE', KEYS[i], window)
end
return -1
"""
)
"""Count a try: -1. 0 while others must end first; the seconds to wait where failures reached a limit."""
_END = """
local number, window, how = ARGV[1], ARGV[2], ARGV[3]
for i = 1, #KEYS, 2 do
    local began = redis.call('ZSCORE', KEYS[i], number)
    redis.call('ZREM', KEYS[i], number)
    if began and how == 'failed' then
        redis.call('ZADD', KEYS[i + 1], began, number)
        redis.call('EXPIRE', KEYS[i + 1], window)
    end
end
if how == 'in' then redis.call('DEL', ARGV[4]) end
"""
"""A try has ended. Who got in is forgiven what failed before from there."""


class End(StrEnum):
    """How a try ends."""

    IN = "in"
    FAILED = "failed"
    UNKNOWN = "taken back"
    """Nothing was learned."""


class SharedTries:
    """Tries of the last `window` seconds of all servers, by the shared server's clock."""

    def __init__(self, shared: Shared, window: float, limits: Mapping[str, int]) -> None:
        """`limits` says how many failures each of a try's keys may have."""
        self._shared = shared
        self._window = int(window)
        self._limits = limits

    async def add(self, keys: Mapping[str, bytes | None]) -> tuple[str | None, int]:
        """The number of a try that is counted now; or None and for how many seconds failures forbid it, 0
        where others must end first. Raises `Away`."""
        number = secrets.token_hex(8)
        limits = [limit for key, limit in self._limits.items() if keys[key]]
        found = await self._shared.run(_ADD, self._names(keys), number, self._window, *limits)
        if not isinstance(found, int):
            raise Away
        return (number, 0) if found == -1 else (None, max(0, min(found, self._window + 1)))

    async def end(self, number: str, keys: Mapping[str, bytes | None], end: End) -> None:
        """It has ended so. Where that cannot be told any more, it is forgotten after the window."""
        names = self._names(keys)
        try:
            await self._shared.run(_END, names, number, self._window, end, names[1])
        except Away:
            return

    def _names(self, keys: Mapping[str, bytes | None]) -> list[str]:
        """Of those that run and those that failed, for each of its keys in turn: the pair's first."""
        return [
            self._shared.name(kind, (name, keys[name]))
            for name in self._limits
            if keys[name]
            for kind in ("running", "failed")
        ]
