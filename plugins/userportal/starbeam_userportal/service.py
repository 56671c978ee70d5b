"""One synchronisation: one transaction, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starbeam_userportal import queries
from starbeam_userportal.rows import Duplicate, Values
from starbeam_userportal.sync import plan

if TYPE_CHECKING:
    from starbeam.api import Clock
    from starbeam.api.database import Write, Writer
    from starbeam_userportal.queries import Counts
    from starbeam_userportal.schemas import UserPortalProposalSync

TURN = "userportalsync"
"""Synchronisations wait for each other: proposals share persons and laboratories, and in the community schema
no unique index keeps any of these from being created twice."""


async def synchronise(write: Write, clock: Clock, document: UserPortalProposalSync) -> Counts:
    """Make the database agree with a document: all of it or nothing. Raises `SyncError`.

    What another program wrote meanwhile is found at the second try.
    """
    try:
        return await write.alone(TURN, _attempt, clock, document)
    except Duplicate:
        return await write.alone(TURN, _attempt, clock, document)


async def _attempt(writer: Writer, clock: Clock, document: UserPortalProposalSync) -> Counts:
    known = await queries.load(writer, document)
    keys = await queries.keys(writer, document, known)
    wanted = plan(document, known, Values(writer.scope.schema, clock, keys))
    return await queries.save(writer, wanted)
