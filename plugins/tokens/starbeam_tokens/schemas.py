"""What the operations take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

Name = Annotated[
    str, Meta(title="Name", description="Shown in logs, as in `i03-acquisition`", pattern=r"^[\w.-]{1,60}$")
]
Scope = Annotated[str, Meta(pattern=r"^\w{1,15}$")]
Scopes = Annotated[list[Scope], Meta(title="Scopes", description="What it is good for", min_length=1)]
BeamLine = Annotated[str, Meta(pattern=r"^[^,]{1,45}$")]
BeamLines = Annotated[
    list[BeamLine],
    Meta(title="Beamlines", description='Whose sessions it sees; `["*"]`: all', min_length=1),
]
Proposals = Annotated[
    list[Annotated[str, Meta(pattern=r"^[\w*-]{1,60}$")]],
    Meta(title="Proposals", description="Names, with `*` for any letters. None: those of the beamlines"),
]
Networks = Annotated[
    list[Annotated[str, Meta(pattern=r"^[\da-fA-F.:/]{1,60}$")]],
    Meta(title="Networks", description="That it is taken from, as `10.3.0.0/16`. None: any"),
]
Service = Annotated[
    str | None, Meta(title="Service", description="Whose token it is, where one service has several")
]
Comment = Annotated[str | None, Meta(title="Comment")]
Expires = Annotated[datetime | None, Meta(title="Expires", description="In the facility's local time")]
Secret = Annotated[str, Meta(title="Token", description="Shown this once: `Authorization: Bearer <token>`")]


class Token(msgspec.Struct):
    """A token, without its secret."""

    tokenId: Annotated[str, Meta(title="Token Id")]
    name: Annotated[str, Meta(title="Name")]
    personId: Annotated[
        int | None, Meta(title="Person Id", description="Whose scripts it is for; null for a machine")
    ]
    scopes: Annotated[list[str], Meta(title="Scopes")]
    beamLines: Annotated[list[str], Meta(title="Beamlines")]
    proposals: Annotated[list[str], Meta(title="Proposals")]
    networks: Annotated[list[str], Meta(title="Networks")]
    service: Service
    notBefore: Annotated[datetime | None, Meta(title="Not Before")]
    expires: Expires
    revokedAt: Annotated[datetime | None, Meta(title="Revoked At")]
    createdBy: Annotated[str, Meta(title="Created By")]
    createdAt: Annotated[datetime, Meta(title="Created At")]
    comment: Comment
    lastUsedAt: Annotated[datetime | None, Meta(title="Last Used At", description="At most a minute old")]
    lastAddress: Annotated[str | None, Meta(title="Last Address")]
    uses: Annotated[int | None, Meta(title="Uses")]


class MadeToken(Token):
    """A new token, with its secret."""

    token: Secret = ""


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make for a machine."""

    name: Name
    scopes: Scopes
    beamLines: BeamLines
    proposals: Proposals = []
    networks: Networks = []
    service: Service = None
    notBefore: Annotated[datetime | None, Meta(title="Not Before")] = None
    expires: Expires = None
    comment: Comment = None


class NewOwnToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to make for one's own scripts."""

    name: Name
    scopes: Scopes = msgspec.field(default_factory=lambda: ["read"])
    proposals: Proposals = []
    networks: Networks = []
    expires: Expires = None
    comment: Comment = None


class TokenChange(msgspec.Struct, frozen=True):
    """What to change of a token."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    beamLines: BeamLines | UnsetType = UNSET
    proposals: Proposals | UnsetType = UNSET
    networks: Networks | UnsetType = UNSET
    service: Service | UnsetType = UNSET
    expires: Annotated[datetime, Meta(title="Expires")] | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a token is replaced."""

    graceHours: Annotated[
        int, Meta(title="Grace", description="Hours for which the old one works on", ge=0, le=720)
    ] = 24


class CurrentToken(msgspec.Struct):
    """What the token that was sent is good for."""

    name: Annotated[str, Meta(title="Name")]
    scopes: Annotated[list[str], Meta(title="Scopes")]
    beamLines: Annotated[list[str], Meta(title="Beamlines")]
    proposals: Annotated[list[str], Meta(title="Proposals")]
    expires: Expires


class Nothing(msgspec.Struct):
    """It is done."""


class HeldLogIn(msgspec.Struct):
    """A log-in as the table has it: times in seconds since 1970."""

    familyId: str
    login: str
    backend: str
    address: str
    userAgent: str
    createdAt: int
    lastUsedAt: int
    expiresAt: int
    revokedAt: int | None


class RunningLogIn(msgspec.Struct):
    """A log-in that can be renewed, or could be in the last weeks. Times are the facility's."""

    familyId: Annotated[str, Meta(title="Family Id")]
    login: Annotated[str, Meta(title="Login")]
    backend: Annotated[str, Meta(title="Backend", description="What the person logged in with")]
    address: Annotated[str, Meta(title="Address", description="Where it was used last")]
    userAgent: Annotated[str, Meta(title="User Agent", description="What the program said it is")]
    createdAt: Annotated[datetime, Meta(title="Created At")]
    lastUsedAt: Annotated[datetime, Meta(title="Last Used At")]
    endsAt: Annotated[datetime, Meta(title="Ends At", description="Unless it is used again before")]
    revokedAt: Annotated[datetime | None, Meta(title="Revoked At", description="When it was ended")]


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token, as a log-in or `/auth/refresh` answered it."""

    refreshToken: Annotated[str, Meta(title="Refresh Token", max_length=2000)]

    def __repr__(self) -> str:
        return "RefreshToken()"
