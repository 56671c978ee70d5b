"""Who calls, and what a handler demands of the caller.

Every handler says which access it needs: ``@get("/proposals", access=authenticated)``. One guard for the
whole app enforces it; a handler that says nothing stops start-up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

Narrowing = Literal["proposals", "person", "time"]
"""Why a token sees less than its holder may: its proposals, the person for whom a machine works, and, of what
is written to, when a session runs."""
ALL_PROPOSALS = "all_proposals"
READ = "read"
"""The scope of tokens that opens what reads."""
ANY_SCOPE = "any"
"""Stands for every scope, where a handler says which open it."""


@dataclass(frozen=True)
class Access:
    """What a caller must bring. Use `public`, `authenticated` or `needs(permission)`."""

    public: bool = False
    permission: str | None = None
    others: tuple[str, ...] = ()
    """Permissions that do as well."""
    token_in: Literal["header", "path", "query"] = "header"
    scopes: tuple[str, ...] = ()
    """Scopes of tokens that open it, beside what the guard opens to `read`."""

    def by(self, token_in: Literal["path", "query"]) -> Access:
        """The same, with the JWT in the path or query parameter ``token`` and nowhere else."""
        return replace(self, token_in=token_in)

    def opened(self, *scopes: str) -> Access:
        """The same, open to tokens that have one of these scopes too, within their limits."""
        return replace(self, scopes=scopes)

    def __str__(self) -> str:
        if self.public:
            return "public"
        return " or ".join(self.permissions) or "authenticated"

    @property
    def permissions(self) -> tuple[str, ...]:
        """Of these the caller must hold one; of none, nothing."""
        return (self.permission, *self.others) if self.permission else ()


public = Access(public=True)
"""Anybody, without a token."""
authenticated = Access()
"""Anybody who logged in."""


def needs(permission: str, *others: str) -> Access:
    """Anybody who logged in and holds this permission, or one of the others."""
    return Access(permission=permission, others=others)


@dataclass(frozen=True)
class Kind:
    """Callers for whom queries have the same SQL.

    Statements are built once for each kind. What is particular to one person, such as their id, is bound.
    """

    permissions: frozenset[str]
    has_beamlines: bool
    all_beamlines: bool = False
    narrowed: frozenset[Narrowing] = frozenset()
    """By what its token is limited beside."""

    @property
    def allows_everything(self) -> bool:
        """Whether the caller holds `all_proposals`, or is a machine of all beamlines."""
        return self.all_beamlines or ALL_PROPOSALS in self.permissions

    @property
    def sees_everything(self) -> bool:
        """The same, and not limited by its token."""
        return self.allows_everything and not self.narrowed


@dataclass(frozen=True)
class Limits:
    """What a token opens at most: one that was made for a machine or a script, not at a log-in."""

    token: str
    """The token's name."""
    token_id: str
    scopes: frozenset[str]
    proposals: tuple[str, ...] = ()
    """Names of proposals, in which `*` stands for any letters. None: all that its holder sees."""
    all_beamlines: bool = False
    """Sees the sessions of every beamline."""
    for_person: frozenset[str] = frozenset()
    """Scopes that open only what is done for a person (`Principal.behalf`)."""
    hours: int = 0
    """How long before a session begins and after it has ended it is written to. 0: at any time."""


@dataclass(frozen=True)
class Principal:
    """Who calls: a person, as the log-in and the present permissions say, or a machine."""

    person_id: int
    """0 for a machine."""
    login: str
    permissions: frozenset[str]
    beamlines: tuple[str, ...] = ()
    """Beamlines of the beamline groups whose permission the person holds, each once, in the order of the
    options."""
    beamline_groups: tuple[str, ...] = ()
    """Names of these groups."""
    limits: Limits | None = None
    """Those of the token that was sent; None for a log-in."""
    behalf: Principal | None = None
    """The person for whom a machine works, which has `limits`: it sees nothing that this person does not."""

    @property
    def kind(self) -> Kind:
        """What statements that read depend on."""
        if self.limits is None:
            return Kind(self.permissions, bool(self.beamlines))
        narrowed: set[Narrowing] = {"proposals"} if self.limits.proposals else set()
        if self.behalf is not None and not self.behalf.kind.sees_everything:
            narrowed.add("person")
        return Kind(self.permissions, bool(self.beamlines), self.limits.all_beamlines, frozenset(narrowed))

    @property
    def writing(self) -> Kind:
        """What statements of a transaction depend on. Staff for whom a machine works write at any time."""
        kind = self.kind
        staff_everywhere = self.behalf is not None and self.behalf.kind.sees_everything
        if self.limits is None or not self.limits.hours or staff_everywhere:
            return kind
        return replace(kind, narrowed=kind.narrowed | {"time"})


Still = Callable[[], Awaitable[Principal]]
"""Who calls, as the same request would be told now. Raises `Unauthenticated` or `Forbidden` when it would be
refused: its token is over, or the person lost a permission."""

NOBODY = Principal(0, "", frozenset())
"""Who writes when no person calls: at a log-in, in the background, from the command line."""
