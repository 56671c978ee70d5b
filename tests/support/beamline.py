"""Data collections in a database that a server of its own then serves."""

from __future__ import annotations

from pathlib import Path

from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase


async def fill(url: str, folder: Path, *names: str) -> int:
    """A session with a data collection for each file of a folder, with keys from 1 on. The key of `boss`, who
    sees them."""
    db = TestDatabase(url)
    person = await db.person("boss", "all_proposals")
    await db.add(m.Proposal, proposalId=1, personId=person, proposalCode="mx", proposalNumber="1")
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
    for key, name in enumerate(names, 1):
        row = {"imageDirectory": str(folder), "fileTemplate": name}
        await db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=1, **row)
    await db.engine.dispose()
    return person
