"""One synchronisation: one transaction, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starbeam_userportal import queries
from starbeam_userportal.rows import Duplicate, Values
from starbeam_userportal.sync import plan

if TYPE_CHECKING:
    from starbeam.runtime import Runtime
    from starbeam_userportal.queries import Counts
    from starbeam_userportal.schemas import UserPortalProposalSync

TURN = "userportalsync"
"""Synchronisations wait for each other: proposals share persons and laboratories, and in the community schema
no unique index keeps any of these from being created twice."""


async def synchronise(runtime: Runtime, document: UserPortalProposalSync) -> Counts:
    """Make the database agree with a document: all of it or nothing. Raises `SyncError`.

    What another program wrote meanwhile is found at the second try.
    """
    try:
        return await _attempt(runtime, document)
    except Duplicate:
        return await _attempt(runtime, document)


async def _attempt(runtime: Runtime, document: UserPortalProposalSync) -> Counts:
    schema = await runtime.database.ready()
    async with runtime.database.transaction(alone=TURN) as session:
        known = await queries.load(session, schema, document)
        wanted = plan(document, known, Values(schema, runtime.clock))
        return await queries.save(session, wanted)
