"""Who calls, and what a handler demands of the caller.

Every handler says which access it needs: ``@get("/proposals", access=authenticated)``. One guard for the
whole app enforces it; a handler that says nothing stops start-up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ALL_PROPOSALS = "all_proposals"


@dataclass(frozen=True)
class Access:
    """What a caller must bring. Use `public`, `authenticated` or `needs(permission)`."""

    public: bool = False
    permission: str | None = None
    others: tuple[str, ...] = ()
    """Permissions that do as well."""
    token_in: Literal["header", "path", "query"] = "header"

    def by(self, token_in: Literal["path", "query"]) -> Access:
        """The same, with the JWT in the path or query parameter ``token`` and nowhere else."""
        return replace(self, token_in=token_in)

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

    @property
    def sees_everything(self) -> bool:
        """Holds `all_proposals`."""
        return ALL_PROPOSALS in self.permissions


@dataclass(frozen=True)
class Principal:
    """The person who calls, as the log-in and the present permissions say."""

    person_id: int
    login: str
    permissions: frozenset[str]
    beamlines: tuple[str, ...] = ()
    """Beamlines of the beamline groups whose permission the person holds, each once, in the order of the
    options."""
    beamline_groups: tuple[str, ...] = ()
    """Names of these groups."""

    @property
    def kind(self) -> Kind:
        """What statements depend on."""
        return Kind(self.permissions, bool(self.beamlines))


NOBODY = Principal(0, "", frozenset())
"""Who writes when no person calls: at a log-in, in the background, from the command line."""
