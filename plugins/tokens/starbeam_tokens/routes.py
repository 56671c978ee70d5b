"""`/tokens`, `/auth/refresh` and `/auth/logout`."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from starbeam.api import ANY_SCOPE, Missing, Principal, authenticated, needs, public
from starbeam.api.auth import Client, LogInRefused, LoginService, TokenResponse
from starbeam.api.database import Patch, Reader, Store, Write
from starbeam.api.http import ClientAddress, always, asked
from starbeam.api.lists import Page, Paged
from starbeam_tokens import changes, schemas
from starbeam_tokens.changes import MISSING, Terms
from starbeam_tokens.held import HeldTokens
from starbeam_tokens.queries import OWN, TOKENS, TokenFilters
from starbeam_tokens.renewal import Renewing

MANAGE = "manage_tokens"
MANAGING = needs(MANAGE)
Key = Annotated[str, PathParameter(max_length=16, description="The token's id")]
TAKEN = "Another token has this name"
NO_TOKEN = "You are logged in without a token of this kind"


@get("/tokens", tags=["Tokens"], access=MANAGING, dependencies=asked(TokenFilters))
async def get_tokens(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[TokenFilters]
) -> Paged[schemas.Token]:
    """Tokens of machines and of people's scripts, the newest first"""
    return await reader.page(TOKENS, page, filters)


@post("/tokens", tags=["Tokens"], access=MANAGING, errors={403: "A scope that you may not give", 409: TAKEN})
async def create_token(
    data: JSONBody[schemas.NewToken],
    write: NamedDependency[Write],
    terms: NamedDependency[Terms],
    held: NamedDependency[HeldTokens],
) -> schemas.MadeToken:
    """Make a token of a machine

    The answer has the token itself, which nobody can be shown again.
    """
    made = await write.alone("tokens", changes.add, terms, data)
    await held.reload()
    return made


@get("/tokens/own", tags=["Tokens"], access=authenticated)
async def get_own_tokens(
    reader: NamedDependency[Reader], page: NamedDependency[Page]
) -> Paged[schemas.Token]:
    """Tokens of your scripts, the newest first"""
    return await reader.page(OWN, page)


@post("/tokens/own", tags=["Tokens"], access=authenticated, errors={409: TAKEN})
async def create_own_token(
    data: JSONBody[schemas.NewOwnToken],
    write: NamedDependency[Write],
    terms: NamedDependency[Terms],
    held: NamedDependency[HeldTokens],
) -> schemas.MadeToken:
    """Make a token for your scripts

    It never opens more than you may, and of that what its scopes and proposals say. The answer has the token
    itself, which nobody can be shown again.
    """
    made = await write.alone("tokens", changes.add_own, terms, data)
    await held.reload()
    return made


@delete(
    "/tokens/own/{tokenId:str}", tags=["Tokens"], access=authenticated, status_code=200, errors={404: MISSING}
)
async def revoke_own_token(
    write: NamedDependency[Write], held: NamedDependency[HeldTokens], tokenId: Key
) -> schemas.Nothing:
    """End a token of your scripts"""
    await write(changes.revoke, OWN, tokenId)
    await held.reload()
    return schemas.Nothing()


@get("/tokens/current", tags=["Tokens"], access=authenticated.opened(ANY_SCOPE), errors={404: NO_TOKEN})
async def get_current_token(
    who: NamedDependency[Principal], held: NamedDependency[HeldTokens]
) -> schemas.CurrentToken:
    """What the token that you send is good for"""
    found = held.named(who.limits) if who.limits else None
    if found is None:
        raise Missing(NO_TOKEN)
    return schemas.CurrentToken(
        found.limits.token,
        sorted(found.limits.scopes),
        list(found.beamlines),
        list(found.limits.proposals),
        found.expires,
    )


@get("/tokens/{tokenId:str}", tags=["Tokens"], access=MANAGING, errors={404: MISSING})
async def get_token(reader: NamedDependency[Reader], tokenId: Key) -> schemas.Token:
    """Get a token"""
    found = await reader.one(TOKENS.shape, TOKENS.one(), key=tokenId)
    if found is None:
        raise Missing(MISSING)
    return found


@patch(
    "/tokens/{tokenId:str}",
    tags=["Tokens"],
    access=MANAGING,
    errors={403: "A scope that you may not give, or the token of a script", 404: MISSING, 409: TAKEN},
)
async def update_token(
    data: JSONBody[Patch[schemas.TokenChange]],
    write: NamedDependency[Write],
    terms: NamedDependency[Terms],
    held: NamedDependency[HeldTokens],
    tokenId: Key,
) -> schemas.Token:
    """Change a token of a machine

    What is not sent keeps its value.
    """
    changed = await write.alone("tokens", changes.change, terms, tokenId, data)
    await held.reload()
    return changed


@post(
    "/tokens/{tokenId:str}/rotate",
    tags=["Tokens"],
    access=MANAGING,
    status_code=200,
    errors={404: MISSING, 409: "It was revoked"},
)
async def rotate_token(
    data: JSONBody[schemas.Rotation],
    write: NamedDependency[Write],
    held: NamedDependency[HeldTokens],
    tokenId: Key,
) -> schemas.MadeToken:
    """Replace a machine's token

    The old one works on for some hours.
    """
    made = await write(changes.rotate, tokenId, data)
    await held.reload()
    return made


@delete("/tokens/{tokenId:str}", tags=["Tokens"], access=MANAGING, status_code=200, errors={404: MISSING})
async def revoke_token(
    write: NamedDependency[Write], held: NamedDependency[HeldTokens], tokenId: Key
) -> schemas.Nothing:
    """End a token of a machine, or of anybody's scripts

    It is good for nothing within five seconds, whichever worker is asked.
    """
    await write(changes.revoke, TOKENS, tokenId)
    await held.reload()
    return schemas.Nothing()


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


of_tables = [
    get_tokens,
    create_token,
    get_own_tokens,
    create_own_token,
    revoke_own_token,
    get_token,
    update_token,
    rotate_token,
    revoke_token,
]
"""What needs the tables."""
of_log_ins = [refresh, log_out]


def router(held: HeldTokens, terms: Terms, refresher: Renewing | None, tables: Store | None) -> Router:
    """The operations that this configuration has."""
    handlers = [*(of_tables if tables else []), get_current_token, *(of_log_ins if refresher else [])]
    return Router(
        "/",
        route_handlers=handlers,
        dependencies={
            **always(held=held, terms=terms, refresher=refresher),
            **(tables.given if tables else {}),
        },
    )
