"""The SQL of tokens, and who sees which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from starbeam.api.database import CALLER_ID, Allow, Scope, Shape, Writer, waited
from starbeam.api.lists import Filters, List, Where, query
from starbeam.api.models import Person
from starbeam_tokens import schemas
from starbeam_tokens.models import StarbeamIdempotency, StarbeamRefresh, StarbeamToken, StarbeamTokenUse

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

HELD = select(
    StarbeamToken.tokenId,
    StarbeamToken.name,
    StarbeamToken.personId,
    StarbeamToken.secretHash,
    StarbeamToken.formerHash,
    StarbeamToken.formerUntil,
    StarbeamToken.scopes,
    StarbeamToken.beamLines,
    StarbeamToken.proposals,
    StarbeamToken.networks,
    StarbeamToken.notBefore,
    StarbeamToken.expires,
).where(StarbeamToken.revokedAt.is_(None))
"""What a worker holds of the tokens that were not revoked."""
LONGEST_UNUSED = (
    select(func.min(func.coalesce(StarbeamTokenUse.lastUsedAt, StarbeamToken.createdAt)))
    .select_from(StarbeamToken)
    .outerjoin(StarbeamTokenUse, StarbeamTokenUse.tokenId == StarbeamToken.tokenId)
    .where(
        StarbeamToken.personId == 0,
        StarbeamToken.revokedAt.is_(None),
        or_(StarbeamToken.expires.is_(None), StarbeamToken.expires > bindparam("now")),
    )
)
"""When that of the tokens of machines that are good was used, or made, which has rested longest."""
ONE_HELD = HELD.where(StarbeamToken.tokenId == bindparam("token_id"))
OWNERS = select(Person.personId, Person.login).where(
    Person.personId.in_(bindparam("owners", expanding=True)), Person.login.is_not(None)
)
"""The logins of these people."""


def _own(scope: Scope, row: Any) -> ColumnElement[bool]:
    """A token of the caller's scripts, a log-in of theirs. What calls without being a person has none."""
    found: ColumnElement[bool] = (row.personId == CALLER_ID) & (row.personId != 0)
    return found


RULES = [Allow(StarbeamToken, _own), Allow(StarbeamRefresh, _own)]


class TokenFilters(Filters, frozen=True):
    """What `/tokens` is asked for."""

    service: Annotated[
        str | None,
        query("Service to filter by"),
        Where(StarbeamToken.service == bindparam("service")),
    ] = None
    revoked: Annotated[
        bool, query("Only those that were revoked"), Where(StarbeamToken.revokedAt.is_not(None))
    ] = False


_JOINS = StarbeamToken.__table__.outerjoin(
    StarbeamTokenUse.__table__, StarbeamTokenUse.tokenId == StarbeamToken.tokenId
)
_SHAPE = Shape(
    schemas.Token,
    StarbeamToken,
    personId=func.nullif(StarbeamToken.personId, 0),
    lastUsedAt=StarbeamTokenUse.lastUsedAt,
    lastAddress=StarbeamTokenUse.lastAddress,
    uses=StarbeamTokenUse.uses,
)
_NEWEST = [StarbeamToken.createdAt.desc(), StarbeamToken.tokenId]

TOKENS = List(_SHAPE, StarbeamToken, TokenFilters, joins=_JOINS, order_by=_NEWEST, for_all=True)
"""All tokens, the newest first."""
OF_MACHINES = List(_SHAPE, StarbeamToken, joins=_JOINS, listed=[StarbeamToken.personId == 0], for_all=True)
OF_BEAMLINES = List(
    _SHAPE,
    StarbeamToken,
    TokenFilters,
    joins=_JOINS,
    listed=[StarbeamToken.personId == 0, StarbeamToken.beamLines.regexp_match(bindparam("lines"))],
    order_by=_NEWEST,
    for_all=True,
)
"""Those of machines that are of no beamlines but `lines` (`only_of`)."""
OWN = List(_SHAPE, StarbeamToken, joins=_JOINS, order_by=_NEWEST)
"""Those of the caller's scripts."""


class LogInFilters(Filters, frozen=True):
    """What `/tokens/refresh` is asked for."""

    login: Annotated[
        str | None, query("Whose log-ins"), Where(StarbeamRefresh.login == bindparam("login"))
    ] = None


_LOG_IN = Shape(schemas.HeldLogIn, StarbeamRefresh)
_LATEST = [StarbeamRefresh.lastUsedAt.desc(), StarbeamRefresh.familyId]
LOG_INS = List(_LOG_IN, StarbeamRefresh, LogInFilters, order_by=_LATEST, for_all=True)
"""All log-ins that are held, the one that was used last first."""
OWN_LOG_INS = List(_LOG_IN, StarbeamRefresh, order_by=_LATEST)
"""Those of the caller."""

_NAMED = select(StarbeamToken.tokenId).where(
    StarbeamToken.name == bindparam("name"),
    StarbeamToken.personId == bindparam("person"),
    StarbeamToken.revokedAt.is_(None),
)
_FAMILY = select(StarbeamRefresh).where(StarbeamRefresh.familyId == bindparam("family")).with_for_update()


def only_of(beamlines: Iterable[str]) -> str:
    """A regular expression for lists of beamlines that name none but these; without any it is that of no
    token."""
    names = f"({'|'.join(re.escape(name) for name in beamlines)})"
    return f"(?i)^{names}(,{names})*$"


async def is_taken(writer: Writer, name: str, person_id: int, but: str = "") -> bool:
    """Whether a token that was not revoked has this name; of one person's, or of machines'."""
    found = await writer.rows(_NAMED, name=name, person=person_id)
    return any(token_id != but for (token_id,) in found)


async def add_uses(writer: Writer, token_id: str, uses: int, last: Any, address: str) -> None:
    """Count uses of a token."""
    now = {"lastUsedAt": last, "lastAddress": address}
    counted = {**now, "uses": StarbeamTokenUse.uses + uses}
    if not await writer.change(StarbeamTokenUse, counted, StarbeamTokenUse.tokenId == token_id):
        await writer.insert(StarbeamTokenUse, {**now, "uses": uses, "tokenId": token_id})


async def locked_family(writer: Writer, family: str) -> StarbeamRefresh | None:
    """A log-in, which nobody else changes until the end of this transaction."""
    return (await writer.session.execute(_FAMILY, {"family": family})).scalar_one_or_none()


async def end_families(writer: Writer, which: ColumnElement[bool], now: int) -> int:
    """End log-ins; how many there were that had not ended."""
    alive = StarbeamRefresh.revokedAt.is_(None)
    return await writer.change(StarbeamRefresh, {"revokedAt": now}, which, alive)


async def forget_families(writer: Writer, before: int) -> None:
    """Delete the log-ins that were over before a time."""
    await writer.delete(StarbeamRefresh, StarbeamRefresh.expiresAt < before)


REPEAT = select(
    StarbeamIdempotency.requestHash, StarbeamIdempotency.status, StarbeamIdempotency.answer
).where(StarbeamIdempotency.keyHash == bindparam("key"))
"""What a key was used for."""
_HOLD = (
    "INSERT INTO StarbeamIdempotency (keyHash, requestHash, createdAt) VALUES (:key, :request, :created_at)"
)
_HOLDS = {
    "sqlite": text(_HOLD),
    "mysql": text(f"SET STATEMENT innodb_lock_wait_timeout = 2 FOR {_HOLD}"),
}
"""By dialect. Who holds the key may take longer than clients wait."""


async def hold(session: AsyncSession, key: str, request: str, now: int) -> bool:
    """Take a key, as the first thing in a transaction; whether it was free."""
    hold = _HOLDS[session.get_bind().dialect.name]
    try:
        await session.execute(hold, {"key": key, "request": request, "created_at": now})
    except DBAPIError as error:
        if isinstance(error, IntegrityError) or waited(error):
            return False
        raise
    return True


async def keep(session: AsyncSession, key: str, status: int, answer: str) -> None:
    """Add the answer to a key."""
    has_key = StarbeamIdempotency.keyHash == key
    await session.execute(update(StarbeamIdempotency).where(has_key).values(status=status, answer=answer))


async def let_go(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Delete keys."""
    await session.execute(delete(StarbeamIdempotency).where(which))
