"""An app with the plugin, a folder that it serves, and short ways to fill its database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

IMAGES = "/data/images"
GROVE = "/data/h5grove"


class Beamline:
    """Files in a folder, and data collections, attachments and robot actions that name them."""

    def __init__(self, app: TestApp, folder: Path, headers: dict[str, str]) -> None:
        self.app = app
        self.db = app.database
        self.folder = folder
        self.headers = headers
        self._last = 0

    async def collect(
        self, template: str | None, count: int | None = None, folder: str | None = "", **columns: Any
    ) -> int:
        """A data collection of session 1 with this template; by default in the folder that is served."""
        self._last += 1
        row = {
            "dataCollectionId": self._last,
            "dataCollectionGroupId": 1,
            "imageDirectory": str(self.folder) if folder == "" else folder,
            "fileTemplate": template,
            "numberOfImages": count,
            **columns,
        }
        await self.db.add(m.DataCollection, row)
        return self._last

    async def get(self, address: str, /, **query: Any) -> httpx.Response:
        """Ask as somebody who sees everything, or with other `headers`."""
        headers = query.pop("headers", {})
        return await self.app.client.get(address, params=query, headers={**self.headers, **headers})


MakeBeamline = Callable[..., Awaitable[Beamline]]


@pytest.fixture
def make_beamline(make_app: MakeApp, tmp_path: Path) -> MakeBeamline:
    """Start a server whose settings of files or of the plugin are other than usual."""

    async def make(**settings: Any) -> Beamline:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        app = await make_app("ispyb", "data", **{"files.roots": [str(folder)], **settings})
        person = await app.database.person("proposer")
        db = app.database
        await db.add(m.Proposal, proposalId=1, personId=person, proposalCode="mx", proposalNumber="1")
        await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
        return Beamline(app, folder, await app.as_user("boss", "all_proposals"))

    return make


@pytest.fixture
async def beamline(make_beamline: MakeBeamline) -> Beamline:
    """A server with its usual settings, on an empty folder."""
    return await make_beamline()
