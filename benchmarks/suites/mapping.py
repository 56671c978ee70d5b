"""A map of 1000 by 1000 points as a PNG: through the whole app, and by numpy and pillow alone."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from statistics import median
from typing import Any

import httpx
import numpy as np
from PIL import Image
from rich.table import Table

from benchmarks.databases import fill
from starbeam.app import Starbeam
from starbeam.settings import load
from starbeam_mapping.image import Stored
from starbeam_mapping.rendering import COMPRESSION, colour_maps, png

SIDE = 1000
TIMES = 9
VALUES = np.random.default_rng(1).poisson(200, (SIDE, SIDE)).astype(float)
"""Counts of photons."""
DATA = gzip.compress(json.dumps(VALUES.astype(int).ravel().tolist()).encode())
FACILITY = (
    "INSERT INTO Person (personId, login) VALUES (1, 'staff')",
    "INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'everything')",
    "INSERT INTO Permission (permissionId, type) VALUES (1, 'all_proposals')",
    "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1)",
    "INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, 1)",
    "INSERT INTO Proposal (proposalId, personId) VALUES (1, 1)",
    "INSERT INTO BLSession (sessionId, proposalId) VALUES (1, 1)",
    "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId) VALUES (1, 1)",
    "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId) VALUES (1, 1)",
    "INSERT INTO GridInfo (gridInfoId, dataCollectionId, steps_x, steps_y, snaked)"
    f" VALUES (1, 1, {SIDE}, {SIDE}, 1)",
    "INSERT INTO XRFFluorescenceMappingROI (xrfFluorescenceMappingROIId, startEnergy, endEnergy)"
    " VALUES (1, 6.2, 6.5)",
    "INSERT INTO XRFFluorescenceMapping"
    " (xrfFluorescenceMappingId, xrfFluorescenceMappingROIId, gridInfoId, dataFormat, data)"
    f" VALUES (1, 1, 1, 'json+gzip', X'{DATA.hex()}')",
)


def measure(database: Callable[[], str]) -> Iterable[Table]:
    """Milliseconds, the median of a few, and how many times those of numpy and pillow."""
    stored = Stored(DATA, "json+gzip", SIDE, SIDE, snaked=True)
    floor, drawn = _milliseconds(_floor), _milliseconds(lambda: png(stored))
    rows = [("numpy and pillow alone", floor), ("from the stored data", drawn)]
    rows += asyncio.run(_requested(database()))
    table = Table(title=f"A map of {SIDE} by {SIDE} points")
    for heading in ("case", "ms", "times the floor"):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for title, milliseconds in rows:
        table.add_row(title, f"{milliseconds:.0f}", f"{milliseconds / floor:.2f}")
    return [table]


def _floor() -> None:
    """From an array of numbers to a PNG of these colours."""
    colours = np.append(colour_maps()["viridis"], np.full((256, 1), 255, np.uint8), axis=1)
    low, high = VALUES.min(), VALUES.max()
    index = np.minimum(((VALUES - low) / (high - low) * 256).astype(np.uint8), 255)
    Image.fromarray(colours[index]).save(BytesIO(), "PNG", compress_level=COMPRESSION)


def _milliseconds(work: Callable[[], Any]) -> float:
    return median(_timed(work) for _ in range(TIMES))


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


async def _requested(url: str) -> list[tuple[str, float]]:
    await fill(url, FACILITY)
    settings = {
        "auth.secret_key": "f2a81d0c6b7e4935a1c8e0d7b3f65429",
        "plugins.enabled": ["ispyb", "mapping"],
        "database.url": url,
    }
    starbeam = Starbeam(load(None, {}, settings))
    headers = {"Authorization": "Bearer " + starbeam.tokens.make("staff", 1, ())}
    transport = httpx.ASGITransport(starbeam.asgi)  # type: ignore[arg-type]
    base = f"http://test{starbeam.settings.server.api_root}"
    async with (
        starbeam.asgi.lifespan(),
        httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client,
    ):
        paths = {
            "request of the image": "1",
            "of the histogram": "histogram/1",
            "of a pixel": "pixel/1?x=1&y=2",
        }
        return [(title, await _answered(client, f"/mapping/{path}")) for title, path in paths.items()]


async def _answered(client: httpx.AsyncClient, path: str) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        (await client.get(path)).raise_for_status()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)
