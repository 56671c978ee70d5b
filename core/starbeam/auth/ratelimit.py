"""Limits on failed log-ins, by account and by address, kept in the worker's memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable

from litestar.exceptions import TooManyRequestsException

WINDOW = 60.0
"""Seconds in which failures count."""
PER_ACCOUNT_AND_ADDRESS = 10
PER_ADDRESS = 60
PER_ACCOUNT = 100
REMEMBERED = 50_000
"""Accounts and addresses that are remembered; the oldest are forgotten first."""


class Failures:
    """Recent failed log-ins. Beyond a limit, further tries are refused without asking the backend."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def check(self, account: str, address: str) -> None:
        """Raise 429 when this account or address failed too often."""
        now = self._clock()
        for key, limit in self._keys(account, address):
            times = self._times.get(key)
            while times and times[0] <= now - WINDOW:
                times.popleft()
            if times and len(times) >= limit:
                wait = int(times[0] + WINDOW - now) + 1
                raise TooManyRequestsException(
                    f"Too many failed log-ins. Please try again in {wait} seconds.",
                    headers={"Retry-After": str(wait)},
                )

    def add(self, account: str, address: str) -> None:
        """Count a failure."""
        for key, limit in self._keys(account, address):
            self._times.setdefault(key, deque(maxlen=limit)).append(self._clock())
            self._times.move_to_end(key)
        while len(self._times) > REMEMBERED:
            self._times.popitem(last=False)

    def forget(self, account: str, address: str) -> None:
        """The person got in: earlier failures from there count no more."""
        self._times.pop((account.casefold().strip(), address), None)

    @staticmethod
    def _keys(account: str, address: str) -> Iterable[tuple[Hashable, int]]:
        """Log-ins with a provider's token name no account: only their address counts, or one stranger's bad
        tokens would keep everybody out."""
        of_address = (("address", address, None), PER_ADDRESS)
        if not (name := account.casefold().strip()):
            return (of_address,)
        return (
            ((name, address), PER_ACCOUNT_AND_ADDRESS),
            of_address,
            (("account", name, None), PER_ACCOUNT),
        )
