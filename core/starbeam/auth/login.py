"""Logging in: a backend says who it is, the database says which person that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import IntegrityError

from starbeam.auth import queries
from starbeam.auth.backends import AuthBackend, BackendUnavailable, Credentials, Identity
from starbeam.auth.schemas import Login, TokenResponse
from starbeam.refusals import Unauthenticated, Unavailable

if TYPE_CHECKING:
    from starbeam.auth.ratelimit import Failures
    from starbeam.auth.tokens import Tokens
    from starbeam.db.engine import Database
    from starbeam.options import LiveOptions

log = structlog.get_logger("starbeam.auth")

LONGEST_LOGIN = 45
"""What `Person.login` holds."""
CREATE_PERSON = "create_person_on_missing"
"""The option that lets a first log-in create its person."""


class LoginService:
    """Turns a try to log in into a token or 401."""

    def __init__(
        self,
        backends: Mapping[str, AuthBackend],
        tokens: Tokens,
        failures: Failures,
        options: LiveOptions,
        database: Database,
    ) -> None:
        self._backends = backends
        self._tokens = tokens
        self._failures = failures
        self._options = options
        self._database = database

    async def log_in(self, body: Login, address: str) -> TokenResponse:
        """The person's token. 401 when the backend or the database does not know the person, 429 after too
        many failures."""
        account = body.login or ""
        self._failures.check(account, address)
        try:
            answer = await self._try(body)
        except Unauthenticated:
            self._failures.add(account, address)
            log.warning("log-in refused", login=account[:LONGEST_LOGIN], backend=body.plugin, address=address)
            raise
        self._failures.forget(account, address)
        log.info("logged in", login=answer.login, backend=body.plugin, address=address)
        return answer

    async def _try(self, body: Login) -> TokenResponse:
        identity = await self._identity(body)
        if identity is None or not identity.login.strip() or len(identity.login) > LONGEST_LOGIN:
            raise Unauthenticated("Could not verify")
        person_id, login = await self._person(identity)
        async with self._database.read() as connection:
            permissions = await queries.permissions(connection, person_id)
        return TokenResponse(login, self._tokens.make(login, person_id, permissions), permissions)

    async def _identity(self, body: Login) -> Identity | None:
        backend = self._backends.get(body.plugin or "")
        if backend is None:
            return None
        try:
            return await backend.authenticate(Credentials(body.login, body.password, body.token))
        except BackendUnavailable as error:
            log.error("log-in backend does not answer", backend=backend.name, error=str(error))
            raise Unavailable(str(error)) from None
        except Exception as error:  # a broken backend must not let anybody in, nor show why it broke
            log.error("log-in backend failed", backend=backend.name, error=type(error).__name__)
            return None

    async def _person(self, identity: Identity) -> tuple[int, str]:
        async with self._database.read() as connection:
            known = await queries.person_by_login(connection, identity.login)
        if known:
            return known.personId, known.login
        await self._options.ensure_loaded()
        if not self._options[CREATE_PERSON]:
            raise Unauthenticated("User does not exist in database.")
        return await self._create(identity)

    async def _create(self, identity: Identity) -> tuple[int, str]:
        """The new person; when somebody else created it at this moment, that one."""
        try:
            async with self._database.transaction() as session:
                await queries.lock_option(session, CREATE_PERSON)
                if not await queries.person_by_login(session, identity.login):
                    await queries.add_person(session, identity.fitting())
        except IntegrityError:
            log.info("person was created by another log-in", login=identity.login)
        async with self._database.read() as connection:
            created = await queries.person_by_login(connection, identity.login)
        if created is None:
            raise Unauthenticated("User does not exist in database.")
        return created.personId, created.login
