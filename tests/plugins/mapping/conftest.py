"""Two sessions, and short ways to put maps into them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

GROUPS = [
    {
        "groupName": "Maps",
        "uiGroup": "mapping",
        "permission": "id02_staff",
        "beamLines": [{"beamLineName": "id02"}],
    }
]
"""The option `beamLineGroups`."""
Rows = list[list[Any]]


class Maps:
    """A database with what is in `maps`, and what a test adds."""

    def __init__(self, app: TestApp) -> None:
        self.app = app
        self.db = app.database
        self._headers: dict[str, dict[str, str]] = {}

    async def add(
        self,
        key: int,
        values: bytes | Sequence[float],
        nx: float | None = 3,
        ny: float | None = 2,
        *,
        collection: int | None = 1,
        orientation: str | None = "horizontal",
        snaked: int | None = 0,
        **columns: Any,
    ) -> None:
        """A map with a region and a grid of its own, which have its key. Values are compressed, bytes are
        stored as they are."""
        grid = {"orientation": orientation, "snaked": snaked, "steps_x": nx, "steps_y": ny}
        await self.db.add(m.GridInfo, gridInfoId=key, dataCollectionId=collection, **grid)
        energies = {"startEnergy": 6.25, "endEnergy": 6.5}
        await self.db.add(XRFFluorescenceMappingROI, xrfFluorescenceMappingROIId=key, **energies)
        data = values if isinstance(values, bytes) else gzip.compress(json.dumps(list(values)).encode())
        given = {"dataFormat": "json+gzip", "data": data, "opacity": 1.0, "colourMap": "gray", **columns}
        keys = {"xrfFluorescenceMappingROIId": key, "gridInfoId": key}
        await self.db.add(XRFFluorescenceMapping, xrfFluorescenceMappingId=key, **keys, **given)

    async def region(self, key: int, **columns: Any) -> None:
        """A region of interest."""
        energies = {"startEnergy": 6.25, "endEnergy": 6.5}
        await self.db.add(
            XRFFluorescenceMappingROI, {"xrfFluorescenceMappingROIId": key, **energies, **columns}
        )

    async def call(self, path: str, login: str = "root", **query: Any) -> httpx.Response:
        """The answer to somebody; `root` sees everything, `staff` what is on id02."""
        if login not in self._headers:
            permission = {"root": ["all_proposals"], "staff": ["id02_staff"]}.get(login, [])
            self._headers[login] = await self.app.as_user(login, *permission)
        return await self.app.client.get(path, params=query, headers=self._headers[login])

    async def get(self, path: str, login: str = "root", **query: Any) -> Any:
        """The answer, or its status and sentence."""
        response = await self.call(path, login, **query)
        if response.status_code != 200:
            return response.status_code, response.json()["detail"]
        return response.json()

    async def ids(self, path: str, key: str, login: str = "root", **query: Any) -> list[int]:
        """Keys of the rows of a page, which has all of them."""
        page = await self.get(path, login, **query)
        found = [row[key] for row in page["results"]]
        assert page["total"] == len(found)
        return found

    async def pixels(self, key: int) -> Rows:
        """The rows of the image: red, green, blue and opacity of each pixel."""
        response = await self.call(f"/mapping/{key}")
        assert (response.status_code, response.headers["content-type"]) == (200, "image/png"), response.text
        image = Image.open(BytesIO(response.content))
        assert image.mode == "RGBA"
        return [[image.getpixel((x, y)) for x in range(image.width)] for y in range(image.height)]

    async def greys(self, key: int) -> Rows:
        """The rows of an image in the colours of `gray`: the grey of each pixel, None where transparent."""
        return [[_grey(*pixel) for pixel in row] for row in await self.pixels(key)]


def _grey(red: int, green: int, blue: int, opacity: int) -> int | None:
    if opacity == 0:
        assert (red, green, blue) == (255, 255, 255)
        return None
    assert (red == green == blue, opacity) == (True, 255)
    return red


@pytest.fixture
async def maps(make_app: MakeApp) -> Maps:
    """Proposal mx23 with session 1 on id01, proposal bl7 with session 2 on id02; each session has one data
    collection of one sample, with its key. `in_session` is a member of session 1, `in_proposal` of mx23."""
    app = await make_app("ispyb", "mapping")
    db = app.database
    await db.person("proposer")
    await db.add(AdminVar, name="beamLineGroups", value=json.dumps(GROUPS))
    for n, code, number in ((1, "mx", "23"), (2, "bl", "7")):
        name = {"proposalCode": code, "proposalNumber": number}
        await db.add(m.Proposal, proposalId=n, personId=1, **name)
        session = {"visit_number": 1, "beamLineName": f"id0{n}"}
        await db.add(m.BLSession, sessionId=n, proposalId=n, **session)
        await db.add(m.Protein, proteinId=n, proposalId=n, name="P", acronym="P")
        await db.add(m.Crystal, crystalId=n, proteinId=n)
        await db.add(m.BLSample, blSampleId=n, crystalId=n)
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=n, sessionId=n, blSampleId=n)
        await db.add(m.DataCollection, dataCollectionId=n, dataCollectionGroupId=n)
    member = {"personId": await db.person("in_session")}
    await db.add(m.Session_has_Person, sessionId=1, **member)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=await db.person("in_proposal"))
    return Maps(app)
