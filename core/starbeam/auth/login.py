"""Logging in: a backend says who it is, the database says which person that is."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import UNSET
from sqlalchemy.exc import IntegrityError

from starbeam import logs
from starbeam.access import NOBODY
from starbeam.auth import queries
from starbeam.auth.backends import (
    AuthBackend,
    BackendUnavailable,
    Credentials,
    Identity,
    NotVerified,
    SignOn,
)
from starbeam.auth.refresh import Proven
from starbeam.auth.refresh import TokenResponse as LastingLogIn
from starbeam.auth.schemas import Login, TokenResponse
from starbeam.db.trouble import is_taken
from starbeam.refusals import Missing, TooMany, Unauthenticated, Unavailable
from starbeam.settings.secrets import HIDDEN

if TYPE_CHECKING:
    from starbeam.auth.ratelimit import Tries
    from starbeam.auth.refresh import Client, Refresher
    from starbeam.auth.snapshot import Snapshot
    from starbeam.auth.tokens import Tokens
    from starbeam.db.engine import Database
    from starbeam.db.writer import Writer, Writes

log = logs.get("starbeam.auth")

LONGEST_SHOWN = 45
"""As much of a login as the log shows."""
LONGEST_TYPED = 256
"""A longer login, which may be an address of e-mail, is refused unread."""
LONGEST_SECRET = 16_384
"""A longer password or token is refused unread."""
LONGEST_REASON = 500
"""What the log shows of a reason or an error."""
GONE = "Please log in again"
CREATE_PERSON = "create_person_on_missing"
"""The option that lets a first log-in create its person."""


class LogInRefused(Unauthenticated):
    """401, and the reason for the log."""

    def __init__(self, reason: str, sentence: str = "Could not verify") -> None:
        super().__init__(sentence)
        self.reason = reason


class LoginService:
    """Turns a try to log in into a person or 401."""

    def __init__(
        self,
        backends: Mapping[str, AuthBackend],
        tokens: Tokens,
        tries: Tries,
        snapshot: Snapshot,
        database: Database,
        writes: Writes,
    ) -> None:
        self.backends = backends
        self.refresher: Refresher | None = None
        self.watchers: list[Callable[[str, str], None]] = []
        """Called with the backend and the outcome of each try."""
        self._tokens = tokens
        self.tries = tries
        """Of all who say who they are. Around one: `tries.counted(account, address)`."""
        self._snapshot = snapshot
        self._database = database
        self._writes = writes

    async def log_in(self, body: Login, client: Client) -> TokenResponse:
        """The person's token, else as `prove`."""
        sent = Credentials(body.login, body.password, body.token)
        who = await self.prove(body.plugin, sent, client.address)
        if self.refresher is None:
            return TokenResponse(who.login, self._token(who), who.permissions)
        backend = body.plugin or ""
        lasts = self.backends[backend].confirms or not self.refresher.requires_backend
        return self.lasting(who, await self.refresher.begin(who, backend, client) if lasts else None)

    def lasting(self, who: Proven, refresh: str | None) -> LastingLogIn:
        """The answer to a log-in, or to its renewal, with the refresh token."""
        return LastingLogIn(
            who.login, self._token(who), who.permissions, self._tokens.lifetime, refresh or UNSET
        )

    def _token(self, who: Proven) -> str:
        return self._tokens.make(who.login, who.person_id, who.permissions)

    async def again(self, person_id: int, login: str, backend: str) -> Proven:
        """Who logged in before, with the permissions of now. 401 when the person or the login is gone, or the
        backend says that it must not go on, 503 when it must be asked and does not answer."""
        async with self._database.read() as connection:
            known = await queries.login_of(connection, person_id)
            if known is None or not queries.is_one(known, login):
                raise LogInRefused("no such person in the database", GONE)
            permissions = await queries.permissions(connection, person_id)
        if not await self._goes_on(backend, login):
            raise LogInRefused("the backend lets the person go on no more", GONE)
        return Proven(person_id, known, permissions)

    async def _goes_on(self, name: str, login: str) -> bool:
        """Whether the backend lets somebody go on. While it is away it does, unless it must be asked: what
        runs in the night must not stop for a directory that does."""
        required = self.refresher is not None and self.refresher.requires_backend
        backend = self.backends.get(name)
        if backend is None or (required and not backend.confirms):
            return False
        try:
            return await backend.still_valid(login)
        except BackendUnavailable as error:
            unavailable = _away(backend, error)
            if required:
                raise unavailable from None
            return True

    async def prove(self, plugin: str | None, sent: Credentials, address: str) -> Proven:
        """The person that a backend finds by what was sent. 401 when the backend or the database does not
        know the person, 429 after too many failures. Only the log says why."""
        about = {"login": _short(sent.login or ""), "backend": _short(plugin), "address": address}
        outcome = "failed"
        try:
            _check_lengths(sent)
            async with self.tries.counted(sent.login or "", address):
                who = await self._try(plugin, sent)
            outcome = "passed"
        except LogInRefused as refused:
            outcome = "refused"
            log.warning("log-in refused", reason=refused.reason, **about)
            raise
        except TooMany:
            outcome = "limited"
            log.warning("log-in refused", reason="too many tries", **about)
            raise
        finally:
            for watch in self.watchers:
                watch(plugin if plugin and plugin in self.backends else "unknown", outcome)
        log.info("logged in", **about | {"login": who.login})
        return who

    async def sign_on_page(self, plugin: str, sign_on: SignOn) -> str:
        """Where a browser goes to log in with this backend. 404 where it has no page for that, 503 while it
        does not answer."""
        backend = self.backends.get(plugin)
        if backend is None or not backend.by_sign_on:
            raise Missing("Not Found")
        try:
            return await backend.sign_on_page(sign_on)
        except BackendUnavailable as error:
            raise _away(backend, error) from None

    async def _try(self, plugin: str | None, sent: Credentials) -> Proven:
        identity = await self._identity(plugin, sent)
        if not identity.login.strip():
            raise LogInRefused("the backend names no login")
        if not await self._database.takes("Person", "login", identity.login):
            raise LogInRefused("the database cannot hold the login")
        person_id, login = await self._person(identity)
        async with self._database.read() as connection:
            permissions = await queries.permissions(connection, person_id)
        return Proven(person_id, login, permissions)

    async def _identity(self, plugin: str | None, sent: Credentials) -> Identity:
        backend = self.backends.get(plugin or "")
        if backend is None:
            raise LogInRefused("no such backend")
        try:
            identity = await backend.authenticate(sent)
        except BackendUnavailable as error:
            raise _away(backend, error) from None
        except NotVerified as refused:
            raise LogInRefused(str(refused)[:LONGEST_REASON]) from None
        except Exception as error:  # a broken backend must not let anybody in, nor show why it broke
            log.error("log-in backend failed", backend=backend.name, **_about(error, sent))
            raise LogInRefused("the backend failed") from None
        if identity is None:
            raise LogInRefused("the backend does not verify them")
        return identity

    async def _person(self, identity: Identity) -> tuple[int, str]:
        async with self._database.read() as connection:
            known = await queries.person_by_login(connection, identity.login)
        if known:
            return known.personId, known.login
        await self._snapshot.ensure_loaded()
        if not self._snapshot.options[CREATE_PERSON]:
            raise _unknown()
        return await self._create(identity)

    async def _create(self, identity: Identity) -> tuple[int, str]:
        """The new person; when somebody else created it at this moment, that one."""
        try:
            await (await self._writes(NOBODY))(_add, identity)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            log.info("person was created by another log-in", login=identity.login)
        async with self._database.read() as connection:
            created = await queries.person_by_login(connection, identity.login)
        if created is None:
            raise _unknown()
        return created.personId, created.login


async def _add(writer: Writer, identity: Identity) -> None:
    """The person, if there is none yet."""
    await queries.lock_option(writer, CREATE_PERSON)
    if not await queries.person_by_login(writer.session, identity.login):
        await queries.add_person(writer, identity.fitting(writer.scope.schema))


def _unknown() -> LogInRefused:
    return LogInRefused("no such person in the database", "User does not exist in database.")


def _away(backend: AuthBackend, error: BackendUnavailable) -> Unavailable:
    log.error("log-in backend does not answer", backend=backend.name, error=str(error))
    return Unavailable(str(error))


def _check_lengths(sent: Credentials) -> None:
    """Refuse what is longer than any login, before it is counted, asked for or kept."""
    if len(sent.login or "") > LONGEST_TYPED:
        raise LogInRefused("the login is too long")
    if max(len(text or "") for text in (sent.password, sent.token, sent.code)) > LONGEST_SECRET:
        raise LogInRefused("the password or token is too long")


def _short(text: str | None) -> str | None:
    return text and text[:LONGEST_SHOWN]


def _about(error: Exception, sent: Credentials) -> dict[str, str]:
    """What an error says and where it was raised, without what was sent in secret."""
    said = str(error)
    for secret in (sent.password, sent.token, sent.code):
        if secret:
            said = said.replace(secret, HIDDEN)
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[1:]]
    return {"error": f"{type(error).__name__}: {said}"[:LONGEST_REASON], "place": " > ".join(places[-4:])}
