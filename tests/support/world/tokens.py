"""Tokens of two machines and of a script, and log-ins."""

from __future__ import annotations

from typing import Any

from starbeam.api import Principal
from starbeam.api.database import Write
from starbeam_testing.app import TestDatabase
from starbeam_tokens.models import StarbeamRefresh, StarbeamToken, StarbeamTokenUse
from support import world

FAMILY = "f" * 16
"""A log-in of the staff's that lasts."""
OWN, OTHER, ALL, ENDED = "g" * 16, "h" * 16, "i" * 16, "j" * 16
LOG_INS = {
    FAMILY: "staff",
    OWN: "session_member",
    OTHER: "regular",
    ALL: "administrator",
    ENDED: "proposal_member",
}
"""Whose each is."""
MOST = 300
"""How many people of a large facility have tokens."""
LATE = 4_000_000_000
"""A second of the year 2096."""
NONE = "0" * 64
"""The hash of no token."""


async def fill(db: TestDatabase) -> None:
    """The tokens `aaaaaaaaaa`, `bbbbbbbbbb` and, of the session's member, `cccccccccc`."""
    about = {
        "secretHash": NONE,
        "scopes": "read,record",
        "beamLines": "id01",
        "proposals": "mx*",
        "networks": "10.3.0.0/16",
        "service": "hyperion",
        "comment": "key file",
        "notBefore": world.NOW,
        "expires": world.NOW.replace(year=2027),
        "createdAt": world.NOW,
        "createdBy": "administrator",
    }
    member = {"personId": world.PEOPLE["session_member"], "createdBy": "session_member", "beamLines": ""}
    await db.add(
        StarbeamToken,
        {**about, "tokenId": "a" * 10, "name": "first", "personId": 0},
        {**about, "tokenId": "b" * 10, "name": "second", "personId": 0, "revokedAt": world.NOW},
        {**about, "tokenId": "c" * 10, "name": "laptop", **member},
    )
    for token_id in ("a" * 10, "c" * 10):
        await db.add(StarbeamTokenUse, tokenId=token_id, lastUsedAt=world.NOW, lastAddress="10.3.0.1", uses=7)
    for family, login in LOG_INS.items():
        await db.add(
            StarbeamRefresh, {**_log_in(family, login), "revokedAt": LATE if family == ENDED else None}
        )


def _log_in(family: str, login: str) -> dict[str, Any]:
    return {
        "familyId": family,
        "personId": world.PEOPLE[login],
        "login": login,
        "backend": "dummy",
        "counter": 1,
        "rotatedAt": LATE,
        "address": "127.0.0.1",
        "createdAt": 0,
        "lastUsedAt": LATE,
        "expiresAt": LATE,
        "userAgent": "Firefox",
    }


async def unwritten(who: Principal) -> Write:
    """For who only wants to know how tokens are written."""
    raise AssertionError(who)


async def many(db: TestDatabase, keys: range) -> None:
    """Tokens and log-ins of the regular and the administrator for each key, up to what a facility has."""
    known = [key for key in keys if key < world.FIRST + MOST]
    both = [(key, login) for key in known for login in ("regular", "administrator")]
    await db.add(StarbeamRefresh, *(_log_in(f"{login[0]}{key}", login) for key, login in both))
    await db.add(
        StarbeamToken,
        *(
            {
                "tokenId": f"{login[0]}{key}",
                "name": f"script{key}",
                "personId": world.PEOPLE[login],
                "secretHash": NONE,
                "scopes": "read",
                "beamLines": "",
                "proposals": "",
                "networks": "",
                "createdBy": login,
                "createdAt": world.NOW,
            }
            for key, login in both
        ),
    )
