"""Making, changing and ending tokens, free of HTTP and SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starbeam.api import Clock, Conflict, Forbidden, Invalid, Missing
from starbeam.api.auth import networks_of
from starbeam.api.database import Patch, Writer, sent
from starbeam_tokens import queries, spelling
from starbeam_tokens.held import EVERY
from starbeam_tokens.models import StarbeamToken
from starbeam_tokens.schemas import MadeToken, NewOwnToken, NewToken, Rotation, Token, TokenChange

if TYPE_CHECKING:
    from starbeam.api import Principal
    from starbeam.api.lists import List

MANAGE, MANAGE_OWN = "manage_tokens", "beamline_tokens"
"""Who manages the tokens of all machines, and who those of machines of the own beamlines."""
MISSING = "Token not found"
DEFAULT_DAYS = 365
_LISTS = ("scopes", "beamLines", "proposals", "networks")


@dataclass(frozen=True)
class Terms:
    """What tokens may be, on this server."""

    known: Collection[str]
    """Scopes."""
    grantable: Collection[str]
    """Those that whoever may make tokens of machines may give without holding them."""
    max_days: int
    clock: Clock
    taken: Collection[str] = frozenset()
    """Names of the configuration's tokens, which no other machine's has."""
    never: bool = False
    """Whether a token for which nobody says when it ends does not."""

    def check(self, writer: Writer, values: Mapping[str, Any]) -> None:
        """Raise `Invalid` for values that no token has."""
        for scope in values.get("scopes", ()):
            if scope not in self.known:
                known = ", ".join(sorted(self.known))
                raise Invalid(f"There is no scope {scope}: there are {known}", ["body", "scopes"])
        lines = {
            line.beamLineName.casefold()
            for group in writer.options.beamline_groups
            for line in group.beamLines
        }
        for name in values.get("beamLines", ()):
            if lines and name != EVERY and name.casefold() not in lines:
                raise Invalid(f"There is no beamline {name}", ["body", "beamLines"])
        try:
            networks_of(values.get("networks", ()))
        except ValueError as error:
            raise Invalid(f"{error}", ["body", "networks"]) from None
        self._check_end(writer, values.get("expires"))

    def check_scopes(self, who: Principal, scopes: Iterable[str], kept: Iterable[str] = ()) -> None:
        """Raise `Forbidden` for scopes that somebody may not give."""
        for scope in scopes:
            if scope not in {*self.grantable, *who.permissions, *kept}:
                raise Forbidden(f"You may not give the scope {scope}")

    def _check_end(self, writer: Writer, expires: datetime | None) -> None:
        if expires is None:
            return
        if not writer.now < expires <= writer.now + timedelta(days=self.max_days):
            raise Invalid(f"A token ends within the next {self.max_days} days", ["body", "expires"])

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent, with times as the database holds them."""
        return {name: self._local(value) for name, value in values.items()}

    def _local(self, value: Any) -> Any:
        return self.clock.local(value).replace(microsecond=0) if isinstance(value, datetime) else value

    def end(self, writer: Writer) -> datetime | None:
        """When a token ends for which nobody says it."""
        if self.never:
            return None
        return writer.now.replace(microsecond=0) + timedelta(days=min(self.max_days, DEFAULT_DAYS))


async def add(writer: Writer, terms: Terms, data: NewToken) -> MadeToken:
    """Make a token of a machine."""
    terms.check_scopes(writer.who, [one for one in data.scopes if one in terms.known])
    _check_beamlines(writer.who, data.beamLines)
    return await _add(writer, terms, spelling.MACHINE, 0, sent(data))


async def add_own(writer: Writer, terms: Terms, data: NewOwnToken) -> MadeToken:
    """Make a token of the caller's scripts."""
    values = {**sent(data), "beamLines": []}
    return await _add(writer, terms, spelling.PERSON, writer.who.person_id, values)


async def _add(
    writer: Writer, terms: Terms, prefix: str, person_id: int, values: dict[str, Any]
) -> MadeToken:
    values = terms.read(values)
    terms.check(writer, values)
    await _check_name(writer, terms, values["name"], person_id)
    token_id = spelling.new_id()
    token = spelling.new_token(prefix, token_id)
    row = {
        **_columns(values),
        "expires": values["expires"] or terms.end(writer),
        "tokenId": token_id,
        "personId": person_id,
        "secretHash": spelling.digest(token),
        "createdBy": writer.who.login,
        "createdAt": writer.now.replace(microsecond=0),
    }
    await writer.create(StarbeamToken, row)
    return _made(await one_of(writer, queries.TOKENS, token_id), token)


async def change(writer: Writer, terms: Terms, token_id: str, patch: Patch[TokenChange]) -> Token:
    """Change a machine's token. What a script's opens, its person alone says."""
    shown = await one(writer, token_id)
    kept = shown.scopes if MANAGE in writer.who.permissions else []
    values = terms.read(sent(patch.of(shown)))
    if not values:
        return shown
    if shown.personId is not None:
        raise Forbidden("What a script's token opens, its person says")
    terms.check(writer, values)
    terms.check_scopes(writer.who, values.get("scopes", shown.scopes), kept)
    _check_beamlines(writer.who, values.get("beamLines", ()))
    if "name" in values:
        await _check_name(writer, terms, values["name"], 0, but=token_id)
    await writer.update(StarbeamToken, token_id, _columns(values))
    return await one(writer, token_id)


async def rotate(writer: Writer, terms: Terms, token_id: str, data: Rotation) -> MadeToken:
    """Give a machine another token of the same limits; the old one holds for some time. Who is told it may do
    what it does: so it needs what making it would."""
    shown = await one_of(writer, queries.OF_MACHINES, (await one(writer, token_id)).tokenId)
    terms.check_scopes(writer.who, shown.scopes)
    if shown.revokedAt is not None:
        raise Conflict("This token was revoked")
    held = await writer.session.get(StarbeamToken, token_id)
    if held is None:
        raise Missing(MISSING)
    token = spelling.new_token(spelling.MACHINE, token_id)
    until = writer.now.replace(microsecond=0) + timedelta(hours=data.graceHours)
    values = {
        "formerHash": held.secretHash,
        "formerUntil": until,
        "secretHash": spelling.digest(token),
    }
    await writer.update(StarbeamToken, token_id, values)
    return _made(await one_of(writer, queries.OF_MACHINES, token_id), token)


def managed(who: Principal) -> List[Token]:
    """The tokens that somebody manages: all, or those of the own beamlines."""
    return queries.TOKENS if MANAGE in who.permissions else queries.OF_BEAMLINES


def lines_of(who: Principal) -> str:
    """What `managed` binds."""
    return queries.only_of(who.beamlines)


def _check_beamlines(who: Principal, names: Iterable[str]) -> None:
    own = {name.casefold() for name in who.beamlines} - {EVERY}
    if MANAGE not in who.permissions and not {name.casefold() for name in names} <= own:
        raise Forbidden("You may give tokens of your own beamlines only")


async def one(writer: Writer, token_id: str) -> Token:
    """Any token that the caller manages."""
    return await one_of(writer, managed(writer.who), token_id)


async def revoke(writer: Writer, which: List[Token], token_id: str) -> None:
    """End a token of a list for ever. Its row stays."""
    shown = await one_of(writer, which, token_id)
    if shown.revokedAt is None:
        await writer.update(StarbeamToken, token_id, {"revokedAt": writer.now.replace(microsecond=0)})


async def one_of(writer: Writer, which: List[Token], token_id: str) -> Token:
    """A token of a list. Raises `Missing`."""
    found = await writer.one(which.shape, which.one(), key=token_id, lines=lines_of(writer.who))
    if found is None:
        raise Missing(MISSING)
    return found


async def _check_name(writer: Writer, terms: Terms, name: str, person_id: int, but: str = "") -> None:
    if (not person_id and name in terms.taken) or await queries.is_taken(writer, name, person_id, but):
        raise Conflict(f"Another token is called {name}")


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the table holds them."""
    return {
        name: ",".join(dict.fromkeys(value)) if name in _LISTS else value for name, value in values.items()
    }


def _made(shown: Token, token: str) -> MadeToken:
    return MadeToken(**{name: getattr(shown, name) for name in shown.__struct_fields__}, token=token)
