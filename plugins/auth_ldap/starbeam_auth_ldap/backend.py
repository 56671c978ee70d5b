"""The log-in backend: asks the directory from threads of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from starbeam.api.auth import AuthBackend, BackendUnavailable, Credentials, Identity, NotVerified
from starbeam_auth_ldap.directory import AWAY, Directory
from starbeam_auth_ldap.people import identity
from starbeam_auth_ldap.settings import LdapSettings

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
"""Log-ins that ask one directory at the same time; the others wait."""
CHECK_SECONDS = 3
LONGEST_LOGIN = 255
LONGEST_PASSWORD = 1024
"""Beyond some length directories hang up instead of saying no."""


class LdapBackend(AuthBackend):
    """Believes who can bind to the directory.

    A directory that hangs occupies this backend's threads and no others, and nobody waits for it longer
    than each of its servers' time-out and one more.
    """

    def __init__(self, name: str, settings: LdapSettings) -> None:
        super().__init__(name)
        self._settings = settings
        self._directory = Directory(settings)
        self._patience = settings.timeout * (len(settings.servers) + 1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"ldap-{name}")

    async def authenticate(self, credentials: Credentials) -> Identity:
        """The person whose login and password these are, named as the directory does. Raises
        `NotVerified`."""
        login, password = credentials.login or "", credentials.password or ""
        if not _can_be(login, LONGEST_LOGIN) or not _can_be(password, LONGEST_PASSWORD):
            raise NotVerified("the login or password is empty, too long, or no text")
        entry = await self._in_thread(self._patience, self._directory.person, login, password)
        return identity(entry, login, self._settings)

    @property
    def confirms(self) -> bool:
        """Whether there is an account that can look for people."""
        return bool(self._settings.base)

    async def still_valid(self, login: str) -> bool:
        """Whether the person is still in the directory, and no administrator has locked the entry. Raises
        `BackendUnavailable`."""
        if not self.confirms:
            return True
        return await self._in_thread(self._patience, self._directory.lets_on, login)

    async def check(self) -> str | None:
        """None, or a sentence when no server of the directory can be reached."""
        try:
            await self._in_thread(CHECK_SECONDS, self._directory.reach)
        except BackendUnavailable as error:
            return str(error)
        return None

    async def _in_thread(
        self, patience: float, work: Callable[P, T], *args: P.args, **options: P.kwargs
    ) -> T:
        """The result of `work`, or `BackendUnavailable` when there is none within `patience` seconds."""
        call = partial(copy_context().run, partial(work, *args, **options))
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError:
            raise BackendUnavailable(AWAY) from None


def _can_be(text: str, longest: int) -> bool:
    """Whether it is worth asking for. Directories let anybody in who names a person and no password."""
    return bool(text.strip()) and len(text) <= longest and "\0" not in text
