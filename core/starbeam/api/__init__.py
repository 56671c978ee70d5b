"""What plugins import from core: what a plugin is, who may call it, and how it says no.

Everything that a plugin may use is a name in `__all__` of this package or of one of its modules:

- `starbeam.api`: plugins and hooks, access, refusals, and what several hooks declare;
- `.lists`: lists, their filters, pages and parameters; `.http`: answers of routes;
- `.database`: statements, shapes of rows, visibility, writes; `.models`: tables that core owns;
- `.files`: files that rows name; `.auth`: log-in backends; `.oidc`: tokens of identity providers;
- `.demo`: made-up data;
- `.settings`: runtime options and the configuration; `.commands`, `.tools`: what commands need.

How long a name stays, and how its going is told: `starbeam.deprecation`.
"""

from starbeam.access import (
    ALL_PROPOSALS,
    ANY_SCOPE,
    NOBODY,
    READ,
    Limits,
    Principal,
    Still,
    authenticated,
    needs,
    public,
)
from starbeam.checks import Check
from starbeam.clock import Clock
from starbeam.db.indexes import Index
from starbeam.deprecation import Deprecated
from starbeam.faults import StartupError
from starbeam.lifespan import Lifespan, every
from starbeam.observing import Answered, Observer
from starbeam.permissions import Permission
from starbeam.plugin import Context, NoSettings, Plugin, hookimpl, hookspec
from starbeam.refusals import (
    Conflict,
    Faults,
    Forbidden,
    Invalid,
    Missing,
    NotHeld,
    Refusal,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
    within,
)
from starbeam.settings import Section

__all__ = [
    "ALL_PROPOSALS",
    "ANY_SCOPE",
    "NOBODY",
    "READ",
    "Answered",
    "Check",
    "Clock",
    "Conflict",
    "Context",
    "Deprecated",
    "Faults",
    "Forbidden",
    "Index",
    "Invalid",
    "Lifespan",
    "Limits",
    "Missing",
    "NoSettings",
    "NotHeld",
    "Observer",
    "Permission",
    "Plugin",
    "Principal",
    "Refusal",
    "Refused",
    "Section",
    "StartupError",
    "Still",
    "TooMany",
    "Unauthenticated",
    "Unavailable",
    "authenticated",
    "every",
    "hookimpl",
    "hookspec",
    "needs",
    "public",
    "within",
]
