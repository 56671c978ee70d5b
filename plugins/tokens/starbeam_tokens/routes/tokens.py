"""`/tokens`: those of machines and of people's scripts."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from starbeam.api import ANY_SCOPE, Missing, Principal, authenticated, needs
from starbeam.api.database import Patch, Reader, Write
from starbeam.api.http import asked
from starbeam.api.lists import Page, Paged
from starbeam_tokens import changes, schemas
from starbeam_tokens.changes import MANAGE, MANAGE_OWN, MISSING, Terms
from starbeam_tokens.held import HeldTokens
from starbeam_tokens.queries import OWN, TokenFilters

MANAGING = needs(MANAGE, MANAGE_OWN)
"""The functions of `changes` tell the two apart."""
Key = Annotated[str, PathParameter(max_length=16, description="The token's id")]
TAKEN = "Another token has this name"
NO_TOKEN = "You are logged in without a token of this kind"


@get("/tokens", tags=["Tokens"], access=MANAGING, dependencies=asked(TokenFilters))
async def get_tokens(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[TokenFilters],
    who: NamedDependency[Principal],
) -> Paged[schemas.Token]:
    """Tokens of machines and of people's scripts, the newest first

    With `beamline_tokens` alone: those of machines of your beamlines.
    """
    return await reader.page(changes.managed(who), page, filters, lines=changes.lines_of(who))


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
    await held.changed()
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
    await held.changed()
    return made


@delete(
    "/tokens/own/{tokenId:str}", tags=["Tokens"], access=authenticated, status_code=200, errors={404: MISSING}
)
async def revoke_own_token(
    write: NamedDependency[Write], held: NamedDependency[HeldTokens], tokenId: Key
) -> schemas.Nothing:
    """End a token of your scripts"""
    await write(changes.revoke, OWN, tokenId)
    await held.changed()
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
async def get_token(
    reader: NamedDependency[Reader], who: NamedDependency[Principal], tokenId: Key
) -> schemas.Token:
    """Get a token"""
    which, lines = changes.managed(who), changes.lines_of(who)
    found = await reader.one(which.shape, which.one(), key=tokenId, lines=lines)
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
    await held.changed()
    return changed


@post(
    "/tokens/{tokenId:str}/rotate",
    tags=["Tokens"],
    access=MANAGING,
    status_code=200,
    errors={403: "A scope that you may not give", 404: MISSING, 409: "It was revoked"},
)
async def rotate_token(
    data: JSONBody[schemas.Rotation],
    write: NamedDependency[Write],
    terms: NamedDependency[Terms],
    held: NamedDependency[HeldTokens],
    tokenId: Key,
) -> schemas.MadeToken:
    """Replace a machine's token

    The old one works on for some hours.
    """
    made = await write(changes.rotate, terms, tokenId, data)
    await held.changed()
    return made


@delete("/tokens/{tokenId:str}", tags=["Tokens"], access=MANAGING, status_code=200, errors={404: MISSING})
async def revoke_token(
    write: NamedDependency[Write],
    held: NamedDependency[HeldTokens],
    who: NamedDependency[Principal],
    tokenId: Key,
) -> schemas.Nothing:
    """End a token of a machine, or of anybody's scripts

    It is good for nothing within five seconds, whichever worker is asked.
    """
    await write(changes.revoke, changes.managed(who), tokenId)
    await held.changed()
    return schemas.Nothing()


handlers = [
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
"""Of the tables; `get_current_token` needs none."""
