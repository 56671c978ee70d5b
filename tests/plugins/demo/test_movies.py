"""What the demo's microscopes recorded."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam_demo.rows import movies
from starbeam_demo.world import World
from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]


async def test_movies_of_microscopes_with_all_that_hangs_on_them(db: TestDatabase, tmp_path: Path) -> None:
    await db.add(m.Proposal, proposalId=1, personId=await db.person("proposer"))
    await db.add(m.BLSession, sessionId=1, proposalId=1)
    collections = []
    for key, kind in ((1, "EM"), (2, "OSC"), (3, "EM")):
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=1, experimentType=kind)
        await db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key)
        own = {"dataCollectionId": key, "experimentType": kind, "imageDirectory": f"{tmp_path}/run_{key}"}
        collections.append({**own, "startTime": datetime(2026, 3, 10, 9)})
    async with AsyncSession(db.engine) as session, session.begin():
        world = World(session, Random(1), datetime(2026, 3, 10, 12), tmp_path)
        world.collections = collections
        await movies.fill(world)
    of_collections = await db.sql("SELECT dataCollectionId, COUNT(*) FROM Movie GROUP BY dataCollectionId")
    assert sorted(map(tuple, of_collections)) == [(1, 6), (3, 6)]
    chain = (
        "SELECT COUNT(DISTINCT c.ctfId), COUNT(DISTINCT p.particlePickerId), COUNT(DISTINCT k.classNumber)"
        " FROM Movie m JOIN MotionCorrection mc ON mc.movieId = m.movieId"
        " JOIN CTF c ON c.motionCorrectionId = mc.motionCorrectionId"
        " LEFT JOIN ParticlePicker p ON p.firstMotionCorrectionId = mc.motionCorrectionId"
        " LEFT JOIN ParticleClassificationGroup g ON g.particlePickerId = p.particlePickerId"
        " LEFT JOIN ParticleClassification k"
        " ON k.particleClassificationGroupId = g.particleClassificationGroupId"
    )
    assert [tuple(row) for row in await db.sql(chain)] == [(12, 2, 4)]
    (path,) = (await db.sql("SELECT MAX(driftPlotFullPath) FROM MotionCorrection"))[0]
    assert path.startswith(f"{tmp_path}/run_3")
