"""A small world, made by hand, that every route is tried on: who is in it, and what is where.

    NOW                            2026-03-10 12:00
    proposal 1  mx23               member: proposal_member
      session 1  mx23-1   id01     runs now; member: session_member
      session 2  mx23-2   id02     tomorrow; on the beamline of staff
    proposal 2  bl7                proposed by the stranger, which gives nothing
      session 3  bl7-1    id03     last year
    proposal 3  sa1                no session; member: proposal_member

Rows that hang on a session or a proposal have its number as their key. Each table is filled by the module of
the plugin that owns it (`support.world.<plugin>`):

- `fill(db)` adds the rows of the small world: together they give every field of every answer a value.
- `many(db, keys)` adds to these a row of whatever the plugin's lists show for each of these keys, `FIRST` and
  above. The session of such a key is the only one of its proposal; the regular is a member of the first
  `REGULARS` of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from starbeam.db.models import AdminVar, Person
from starbeam_testing.app import TestApp, TestDatabase

NOW = datetime(2026, 3, 10, 12)
"""What the time is."""

ADMINISTERING = (
    "manage_options",
    "view_activity",
    "manage_groups",
    "manage_perms",
    "uportal_sync",
    "manage_tokens",
    "view_audit",
)
"""What lets people administer, and shows them no more rows."""
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "stranger": (),
    "session_member": ("own_sessions",),
    "proposal_member": ("own_proposals",),
    "staff": ("id02_staff",),
    "administrator": ("all_proposals", "all_sessions", *ADMINISTERING),
    "manager": ("manage_persons",),
    "regular": ADMINISTERING,
}
"""Who there is, and what they hold. Their keys are 1, 2, 3 … in this order."""
PEOPLE = {login: number for number, login in enumerate(PERMISSIONS, 1)}
"""`personId` by login."""
CALLERS = tuple(PEOPLE)[:-1]
"""Those that every route is tried as."""

FIRST = 1001
"""The first key of `many`."""
REGULARS = 300
"""How many of the sessions of `many` the regular is a member of."""

BEAMLINE_GROUPS: list[dict[str, Any]] = [
    {
        "groupName": "near",
        "uiGroup": "mx",
        "permission": "id02_staff",
        "beamLines": [{"beamLineName": "ID02"}],
    },
    {
        "groupName": "far",
        "uiGroup": "saxs",
        "permission": "far_staff",
        "beamLines": [
            {
                "beamLineName": "id03",
                "archived": True,
                "sampleChangerType": "carousel",
                "sampleChangerCapacity": 10,
            }
        ],
    },
    {
        "groupName": "narrow",
        "uiGroup": "saxs",
        "permission": "wide_staff",
        "beamLines": [{"beamLineName": "w0"}],
    },
    {
        "groupName": "wide",
        "uiGroup": "saxs",
        "permission": "wide_staff",
        "beamLines": [{"beamLineName": f"w{number}"} for number in range(20)],
    },
]
"""The option `beamLineGroups`. The staff's beamline is spelled otherwise than in the sessions."""


async def build(db: TestDatabase, folder: Path, *plugins: str) -> None:
    """Fill an empty database with the small world, and a folder with the files that its rows name.

    `FILES` of a module holds their contents, or what writes them, by path as in the database; below `folder`
    the server finds them with `path_map`. With `plugins`, only what these bring.
    """
    await db.add(
        Person,
        *(
            {
                "personId": number,
                "login": login,
                "givenName": "Ada",
                "familyName": login.title(),
                "emailAddress": f"{login}@example.org",
                "phoneNumber": "0123",
            }
            for login, number in PEOPLE.items()
        ),
    )
    for login, permissions in PERMISSIONS.items():
        for permission in permissions:
            await db.grant(PEOPLE[login], permission)
    await db.add(AdminVar, name="beamLineGroups", value=json.dumps(BEAMLINE_GROUPS, separators=(",", ":")))
    for module in _modules():
        if plugins and module.__name__.rpartition(".")[2] not in plugins:
            continue
        await module.fill(db)
        for path, content in getattr(module, "FILES", {}).items():
            _write(folder / path.lstrip("/"), content)


def _write(file: Path, content: bytes | Callable[[Path], None]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if callable(content):
        content(file)
    else:
        file.write_bytes(content)


async def multiply(db: TestDatabase, size: int, start: int = 0) -> None:
    """Add rows of what lists show until there are `size` more than in the small world, `start` of which were
    added before."""
    for module in _modules():
        await module.many(db, range(FIRST + start, FIRST + size))


async def enter(app: TestApp) -> dict[str, dict[str, str]]:
    """Set the app's time to the world's; headers by login."""
    app.set_time(NOW)
    await app.refresh()
    return {login: app.token(login, number, *PERMISSIONS[login]) for login, number in PEOPLE.items()}


def _modules() -> list[ModuleType]:
    """The modules of the plugins; first that of the tables on which the others' rows hang."""
    names = sorted(
        (module.name for module in iter_modules(__path__)), key=lambda name: (name != "ispyb", name)
    )
    return [import_module(f"{__name__}.{name}") for name in names]
