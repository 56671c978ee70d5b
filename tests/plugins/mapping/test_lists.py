"""`/mapping` and `/mapping/rois`: what is in them, who sees what of it, and what they are filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from plugins.mapping.conftest import Maps

pytestmark = pytest.mark.anyio

WITH_MAPS = pytest.mark.on("sqlite-union", "mariadb-diamond")
MAP, REGION = "xrfFluorescenceMappingId", "xrfFluorescenceMappingROIId"
PEOPLE = ("stranger", "in_session", "in_proposal", "staff", "root")
OPERATIONS = ("", "/rois", "/histogram/1", "/pixel/1", "/1")


@WITH_MAPS
async def test_a_map_with_all_it_has(maps: Maps) -> None:
    await maps.db.add(m.BLSubSample, blSubSampleId=8, blSampleId=2)
    await maps.db.add(m.DataCollection, dataCollectionId=9, dataCollectionGroupId=2, blSubSampleId=8)
    drawn = {"points": 5, "opacity": 0.25, "colourMap": "jet", "min": 1, "max": 9}
    await maps.add(7, [1, 2], 2.9, 1.0, collection=9, orientation="vertical", snaked=1, **drawn)
    await maps.db.sql(
        "UPDATE XRFFluorescenceMappingROI SET element = 'Fe', edge = 'K', scalar = 'diode' "
        "WHERE xrfFluorescenceMappingROIId = 7"
    )
    assert await maps.get("/mapping") == {
        "total": 1,
        "skip": 0,
        "limit": 25,
        "results": [
            {
                "xrfFluorescenceMappingId": 7,
                "dataFormat": "json+gzip",
                "points": 5,
                "opacity": 0.25,
                "colourMap": "jet",
                "GridInfo": {
                    "gridInfoId": 7,
                    "steps_x": 2,
                    "steps_y": 1,
                    "snaked": True,
                    "orientation": "vertical",
                },
                "XRFFluorescenceMappingROI": {
                    "xrfFluorescenceMappingROIId": 7,
                    "element": "Fe",
                    "edge": "K",
                    "scalar": "diode",
                    "startEnergy": 6.25,
                    "endEnergy": 6.5,
                },
                "_metadata": {
                    "url": "/ispyb/api/v1/mapping/7",
                    "blSampleId": 2,
                    "blSubSampleId": 8,
                    "dataCollectionId": 9,
                },
            }
        ],
    }


@WITH_MAPS
@pytest.mark.fix(44)
async def test_a_grid_without_an_order_is_horizontal_and_not_snaked(maps: Maps) -> None:
    await maps.add(1, [10, 20, 30, 40, 50, 60], orientation=None, snaked=None, min=0, max=255)
    (found,) = (await maps.get("/mapping"))["results"]
    assert (found["GridInfo"]["orientation"], found["GridInfo"]["snaked"]) == ("horizontal", False)
    assert await maps.greys(1) == [[10, 20, 30], [40, 50, 60]]


@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-diamond")
async def test_who_sees_which_maps(maps: Maps) -> None:
    """Everything of a map is seen by those who see its session, and does not exist for the others."""
    await maps.add(1, [5], 1, 1, collection=1)
    await maps.add(2, [5], 1, 1, collection=2)
    expected = {"stranger": [], "in_session": [1], "in_proposal": [1], "staff": [2], "root": [1, 2]}
    missing = (404, "Map not found")
    for login, seen in expected.items():
        assert await maps.ids("/mapping", MAP, login) == seen
        for key in (1, 2):
            histogram = await maps.get(f"/mapping/histogram/{key}", login)
            pixel = await maps.get(f"/mapping/pixel/{key}", login, x=0, y=0)
            image = await maps.call(f"/mapping/{key}", login)
            if key in seen:
                assert (sum(histogram["hist"]), pixel["value"], image.status_code) == (1, 5, 200)
            else:
                assert (histogram, pixel, (image.status_code, image.json()["detail"])) == (missing,) * 3
    for unknown in (0, -1, 3, 2**63 - 1):
        for kind in ("", "histogram/", "pixel/"):
            assert await maps.get(f"/mapping/{kind}{unknown}", x=0, y=0) == missing
    assert (await maps.get("/mapping", "in_session", limit=1))["total"] == 1


@WITH_MAPS
async def test_maps_are_filtered(maps: Maps) -> None:
    await maps.db.add(m.BLSubSample, blSubSampleId=8, blSampleId=1)
    await maps.db.add(m.DataCollectionGroup, dataCollectionGroupId=3, sessionId=2)
    own = {"blSampleId": 1, "blSubSampleId": 8}  # of a group without a sample
    await maps.db.add(m.DataCollection, dataCollectionId=4, dataCollectionGroupId=3, **own)
    for key, collection in ((1, 1), (2, 1), (3, 2), (5, 4)):
        await maps.add(key, [1], collection=collection)
    for filters, expected in [
        ({MAP: 2}, [2]),
        ({"xrfFluorescenceMappingROIId": 3}, [3]),  # each map has a region of its own key
        ({"xrfFluorescenceMappingROIId": 0}, []),
        ({"dataCollectionId": 1}, [1, 2]),
        ({"dataCollectionGroupId": 2}, [3]),
        ({"dataCollectionGroupId": 3}, [5]),
        ({"blSampleId": 1}, [1, 2, 5]),
        ({"blSampleId": 2}, [3]),
        ({"blSubSampleId": 8}, [5]),
        ({"blSampleId": 1, "dataCollectionId": 4, MAP: 5}, [5]),
        ({"blSampleId": 2, MAP: 1}, []),
        *(({name: 0}, []) for name in (MAP, "dataCollectionId", "dataCollectionGroupId")),
        *(({name: 0}, []) for name in ("blSampleId", "blSubSampleId")),
    ]:
        assert await maps.ids("/mapping", MAP, **filters) == expected, filters
    assert await maps.ids("/mapping", MAP, "in_session", blSampleId=1) == [1, 2]


async def test_maps_are_paged_by_their_keys(maps: Maps) -> None:
    for key in (3, 1, 2):
        await maps.add(key, [1])
    page = await maps.get("/mapping", skip=1, limit=1)
    assert ([row[MAP] for row in page["results"]], page["total"]) == ([2], 3)
    assert await maps.get("/mapping", skip=9) == {"total": 3, "results": [], "skip": 9, "limit": 25}


async def test_a_map_of_no_data_collection_is_none(maps: Maps) -> None:
    await maps.add(1, [1], collection=None)
    await maps.add(2, [1])
    assert await maps.ids("/mapping", MAP) == [2]
    assert await maps.get("/mapping/1") == (404, "Map not found")


@WITH_MAPS
@pytest.mark.fix(43)
async def test_regions_are_those_of_samples_that_one_sees(maps: Maps) -> None:
    await maps.region(1, blSampleId=1, element="Fe", edge="K", scalar="diode")
    await maps.region(2, blSampleId=2)
    await maps.region(3)  # of no sample
    await maps.region(4, blSampleId=1)
    expected = {"stranger": [], "in_session": [1, 4], "in_proposal": [1, 4], "staff": [2], "root": [1, 2, 4]}
    for login in PEOPLE:
        assert await maps.ids("/mapping/rois", REGION, login) == expected[login]
    filters: list[tuple[dict[str, Any], list[int]]] = [
        ({"blSampleId": 1}, [1, 4]),
        ({"blSampleId": 2, REGION: 1}, []),
        ({REGION: 4}, [4]),
        ({REGION: 3}, []),
        ({REGION: 0}, []),
        ({"blSampleId": 0}, []),
    ]
    for given, found in filters:
        assert await maps.ids("/mapping/rois", REGION, **given) == found, given
    assert await maps.ids("/mapping/rois", REGION, "staff", blSampleId=1) == []
    assert await maps.get("/mapping/rois", limit=1) == {
        "total": 3,
        "skip": 0,
        "limit": 1,
        "results": [
            {
                "xrfFluorescenceMappingROIId": 1,
                "element": "Fe",
                "edge": "K",
                "scalar": "diode",
                "startEnergy": 6.25,
                "endEnergy": 6.5,
            }
        ],
    }


@pytest.mark.on("mariadb-community")
async def test_a_database_without_map_data_says_so(maps: Maps) -> None:
    reason = (501, "This database does not hold the data of maps")
    for login in PEOPLE:
        assert [await maps.get(f"/mapping{one}", login, x=0, y=0) for one in OPERATIONS] == [reason] * 5
    assert (await maps.app.client.get("/mapping")).status_code == 401
