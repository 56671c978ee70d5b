"""`/auth` and `/user`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from starbeam.access import ANY_SCOPE, Principal, authenticated, public
from starbeam.auth import queries
from starbeam.auth.backends import AuthBackend
from starbeam.auth.login import LoginService
from starbeam.auth.onetime import OneTimeTokens
from starbeam.auth.refresh import Client
from starbeam.auth.refresh import TokenResponse as LastingLogIn
from starbeam.auth.schemas import (
    AuthConfig,
    CurrentUser,
    Login,
    OneTimeToken,
    PluginConfig,
    TokenResponse,
)
from starbeam.db.reader import Reader
from starbeam.http.addresses import ClientAddress
from starbeam.http.dependencies import always
from starbeam.refusals import Unauthenticated

if TYPE_CHECKING:  # or `LastingLogIn`, where log-ins can be renewed
    LogInAnswer: TypeAlias = TokenResponse


@get("/auth/config", tags=["Authentication"], access=public, sync_to_thread=False)
def config(login_service: NamedDependency[LoginService]) -> AuthConfig:
    """The log-in backends that clients may use, in the order of the configuration."""
    return AuthConfig(
        [
            PluginConfig(
                name, {key: value for key, value in backend.public_config.items() if value not in (None, "")}
            )
            for name, backend in login_service.backends.items()
        ]
    )


@post(
    "/auth/login",
    tags=["Authentication"],
    access=public,
    errors={
        401: "Could not verify",
        429: "Too many failed log-ins",
        503: "The log-in backend does not answer",
    },
)
async def login(
    data: JSONBody[Login],
    request: Request[Any, Any, Any],
    login_service: NamedDependency[LoginService],
    client_address: NamedDependency[ClientAddress],
) -> LogInAnswer:
    """Log in with the name of a backend and login and password, or a provider's token."""
    client = Client(client_address.of(request.scope), request.headers.get("user-agent", ""))
    return await login_service.log_in(data, client)


@get("/user/current", tags=["Current User"], access=authenticated.opened(ANY_SCOPE))
async def current_user(who: NamedDependency[Principal], reader: NamedDependency[Reader]) -> CurrentUser:
    """The person who calls, with the permissions and beamlines that count for this request."""
    if who.limits is not None and not who.person_id:
        return _current(who, "", who.limits.token)
    person = queries.of_login(await reader.rows(queries.BY_LOGIN, login=who.login), who.login)
    if person is None:
        raise Unauthenticated("Invalid token")
    return _current(
        replace(who, login=person.login, person_id=person.personId), person.givenName, person.familyName
    )


def _current(who: Principal, given: str | None, family: str | None) -> CurrentUser:
    return CurrentUser(
        givenName=given,
        familyName=family,
        login=who.login,
        Permissions=sorted(who.permissions),
        personId=who.person_id,
        beamLineGroups=list(who.beamline_groups),
        beamLines=list(who.beamlines),
    )


@post("/user/sign", tags=["Current User"], access=authenticated, status_code=200)
async def sign_url(
    data: JSONBody[OneTimeToken],
    who: NamedDependency[Principal],
    onetime_tokens: NamedDependency[OneTimeTokens],
    api_root: NamedDependency[str],
) -> OneTimeToken:
    """A token that lets one GET of this URL's path through, once and within seconds, without a header."""
    token = await onetime_tokens.sign(who, data.validity, api_root)
    return OneTimeToken(data.validity, token)


def _example(name: str, backend: AuthBackend) -> dict[str, str]:
    """What is sent to log in with this backend."""
    by = {"login": "abcd", "password": "…"} if backend.by_password else {"token": "…"}
    return {"plugin": name, **by}


def router(login_service: LoginService, onetime_tokens: OneTimeTokens) -> Router:
    """The operations. The document shows a log-in with each backend that there is, and what it answers where
    log-ins can be renewed."""
    examples = {name: {"value": _example(name, one)} for name, one in login_service.backends.items()}
    lasting = login_service.refresher is not None
    return Router(
        "/",
        route_handlers=[config, login, current_user, sign_url],
        opt={"examples": {"login": examples}},
        dependencies=always(onetime_tokens=onetime_tokens),
        signature_namespace={"LogInAnswer": LastingLogIn if lasting else TokenResponse},
    )
