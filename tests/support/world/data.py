"""Files that the plugin `data` reads; it owns no table."""

from __future__ import annotations

from pathlib import Path

from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase
from support.detector import frames, write_eiger
from support.world.ispyb import SESSIONS

ATTACHMENTS = 50
"""The HDF5 result of session n has a key that is this much more."""


def _master(path: Path) -> None:
    write_eiger(path.parent, frames(2), per_file=2, prefix=path.name.removesuffix("_master.h5"))


FILES = {f"/data/eiger/{n}_master.h5": _master for n in SESSIONS}


async def fill(db: TestDatabase) -> None:
    """Where the images of each data collection are, and a result that is the same file."""
    for n in SESSIONS:
        await db.sql(
            "UPDATE DataCollection SET imageDirectory = '/data/eiger', fileTemplate = :name"
            " WHERE dataCollectionId = :key",
            name=f"{n}_master.h5",
            key=n,
        )
        file = {"fileType": "Result", "fileName": f"{n}_master.h5", "filePath": "/data/eiger"}
        await db.add(
            m.AutoProcProgramAttachment,
            autoProcProgramAttachmentId=ATTACHMENTS + n,
            autoProcProgramId=n,
            **file,
        )


async def many(db: TestDatabase, keys: range) -> None:
    """Nothing: there is no list."""
