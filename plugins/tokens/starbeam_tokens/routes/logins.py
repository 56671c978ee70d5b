"""`/auth/refresh`, `/auth/logout`, and the log-ins that last."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from starbeam.api import authenticated, needs, public
from starbeam.api.auth import Client, LogInRefused, LoginService, TokenResponse
from starbeam.api.database import Reader, Write
from starbeam.api.http import ClientAddress, asked
from starbeam.api.lists import Page, Paged
from starbeam_tokens import logins, schemas
from starbeam_tokens.logins import LogIns
from starbeam_tokens.queries import LOG_INS, OWN_LOG_INS, LogInFilters
from starbeam_tokens.renewal import Renewing

MANAGING = needs("manage_tokens")
Family = Annotated[str, PathParameter(max_length=16, description="The log-in's id")]


@post(
    "/auth/refresh",
    tags=["Authentication"],
    access=public,
    status_code=200,
    errors={401: "Please log in again", 429: "Too many failures"},
)
async def refresh(
    data: JSONBody[schemas.RefreshToken],
    request: Request[Any, Any, Any],
    login_service: NamedDependency[LoginService],
    client_address: NamedDependency[ClientAddress],
    refresher: NamedDependency[Renewing],
) -> TokenResponse:
    """Another token, and another refresh token, for who logged in before

    Send the newest refresh token. One that was used is taken again for a short time, since answers get lost.
    """
    client = Client(client_address.of(request.scope))
    async with login_service.tries.counted("", client.address):
        renewed = await refresher.renew(data.refreshToken, client)
        try:
            who = await login_service.again(renewed.person_id, renewed.login, renewed.backend)
        except LogInRefused:
            await refresher.end(renewed.family)
            raise
    return login_service.lasting(who, renewed.token)


@post("/auth/logout", tags=["Authentication"], access=public, status_code=200)
async def log_out(
    data: JSONBody[schemas.RefreshToken], refresher: NamedDependency[Renewing]
) -> schemas.Nothing:
    """Let a log-in be renewed no more

    Its token works on to its end. The answer is the same for a refresh token that nobody knows.
    """
    if family := refresher.family_of(data.refreshToken):
        await refresher.end(family)
    return schemas.Nothing()


@get("/tokens/own/refresh", tags=["Tokens"], access=authenticated)
async def get_own_log_ins(
    reader: NamedDependency[Reader], page: NamedDependency[Page], log_ins: NamedDependency[LogIns]
) -> Paged[schemas.RunningLogIn]:
    """Your log-ins that last, the one that was used last first

    Those that are over are shown for a month. A token that a log-in has works to its end, whatever happens to
    the log-in.
    """
    return log_ins.told(await reader.page(OWN_LOG_INS, page))


@delete(
    "/tokens/own/refresh/{familyId:str}",
    tags=["Tokens"],
    access=authenticated,
    status_code=200,
    errors={404: logins.MISSING},
)
async def end_own_log_in(write: NamedDependency[Write], familyId: Family) -> schemas.Nothing:
    """Let a log-in of yours be renewed no more"""
    await write(logins.end, OWN_LOG_INS, familyId)
    return schemas.Nothing()


@get("/tokens/refresh", tags=["Tokens"], access=MANAGING, dependencies=asked(LogInFilters))
async def get_log_ins(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[LogInFilters],
    log_ins: NamedDependency[LogIns],
) -> Paged[schemas.RunningLogIn]:
    """Log-ins that last, the one that was used last first"""
    return log_ins.told(await reader.page(LOG_INS, page, filters))


@delete("/tokens/refresh", tags=["Tokens"], access=MANAGING, status_code=200)
async def end_log_ins(
    write: NamedDependency[Write],
    login: Annotated[str, QueryParameter(description="Whose log-ins", min_length=1)],
) -> schemas.Nothing:
    """Let all log-ins of somebody be renewed no more"""
    await write(logins.end_all, login)
    return schemas.Nothing()


@delete(
    "/tokens/refresh/{familyId:str}",
    tags=["Tokens"],
    access=MANAGING,
    status_code=200,
    errors={404: logins.MISSING},
)
async def end_log_in(write: NamedDependency[Write], familyId: Family) -> schemas.Nothing:
    """Let a log-in be renewed no more"""
    await write(logins.end, LOG_INS, familyId)
    return schemas.Nothing()


handlers = [refresh, log_out]
of_tables = [get_own_log_ins, end_own_log_in, get_log_ins, end_log_ins, end_log_in]
