"""What pages show of every data collection: pictures, the plot of its images, and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.lists import Page
from starbeam.api.web import Asked, OfCollections, Pages, Part, edit_pages
from starbeam_datacollections.forms import COLLECTION, GROUP
from starbeam_datacollections.grids import MOST_CELLS, Drawing, draw
from starbeam_datacollections.pages.grid import show_grid
from starbeam_datacollections.plots import plot
from starbeam_datacollections.queries.attachments import ATTACHMENTS, AttachmentFilters
from starbeam_datacollections.queries.collections import COLLECTIONS, GROUPS
from starbeam_datacollections.queries.curves import curves, is_quick
from starbeam_datacollections.queries.grids import grids, looks
from starbeam_datacollections.queries.pictures import pictures
from starbeam_datacollections.queries.workflows import StepFilters, has_steps
from starbeam_datacollections.queries.workflows import page as steps
from starbeam_ispyb.snapshots import size

FILES = Page(limit=100)
"""How many files the page of a data collection lists."""
STEPS = Page(limit=100)
"""How many steps of a workflow are shown."""
GRID = "grid"
"""What cards call a grid scan."""
Found = Mapping[int, Mapping[str, Any]]


async def _pictures(reader: Reader, asked: Asked, ids: Sequence[int]) -> Found:
    found = await pictures(reader, asked.files, ids)
    scans = [id for id in ids if asked.kinds.get(id, GRID) == GRID]
    with_looks = len(ids) == 1 or is_quick(reader.scope)  # cards must not cost what the table holds
    drawn = await _grids(reader, asked.files, scans, with_looks) if scans else {}
    bare = [id for id, one in found.items() if not (one.thumbnail or one.diffraction or drawn.get(id))]
    frames = await asked.show.of_collections(reader, bare, ["frame"])
    return {
        id: {"pictures": one, "grid": drawn.get(id), "frame": frames.get(id, {}).get("frame")}
        for id, one in found.items()
    }


async def _grids(reader: Reader, files: Files, ids: Sequence[int], with_looks: bool) -> Mapping[int, Drawing]:
    """The grids of grid scans, with what was found in their cells where that is wanted."""
    found = {id: grid for id, grid in (await grids(reader, ids)).items() if 0 < grid.cells <= MOST_CELLS}
    seen = await looks(reader, found if with_looks else ())
    return {id: draw(grid, seen.get(id, []), await size(files, grid.snapshot)) for id, grid in found.items()}


async def _plots(reader: Reader, asked: Asked, ids: Sequence[int]) -> Found:
    if len(ids) > 1 and not is_quick(reader.scope):
        return {}  # cards: their page must not cost what the table holds
    found = await curves(reader, ids)
    return {id: {"plot": plot(curve.stretches), "curve": curve} for id, curve in found.items()}


async def _files(reader: Reader, asked: Asked, ids: Sequence[int]) -> Found:
    folder = "/datacollections/attachments/"
    return {
        id: {
            "files": await reader.page(
                ATTACHMENTS, FILES, AttachmentFilters(dataCollectionId=id), folder=folder
            )
        }
        for id in ids
    }


async def _comments(reader: Reader, asked: Asked, ids: Sequence[int]) -> Found:
    """What was said of a data collection, and of its group."""
    found = {}
    for id in ids:
        collection = await reader.get(COLLECTIONS, id)
        group = await reader.get(GROUPS, collection.dataCollectionGroupId)
        found[id] = {"collection": collection, "group": group}
    return found


async def _group_comments(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    return {"collection": None, "group": await reader.get(GROUPS, int(asked.key or 0))}


async def _steps(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    """The steps of a workflow; nothing where the database has none."""
    if not has_steps(reader.scope):
        return None
    filters = StepFilters(workflowId=int(asked.key or 0))
    found = await steps(reader, asked.files, STEPS, filters)
    return {"page": found} if found.results else None


def pages() -> Pages:
    """What stands on cards and pages of data collections, and of workflows."""
    return Pages(
        [show_grid, *edit_pages(COLLECTION), *edit_pages(GROUP)],
        Path(__file__).parent.with_name("templates"),
        of_collections=[
            OfCollections(
                {
                    "outcome": "datacollections/best_cell.html",
                    "pictures": "datacollections/pictures.html",
                    "page": "datacollections/snapshots.html",
                },
                _pictures,
                100,
            ),
            OfCollections({"page": "datacollections/comments.html"}, _comments, 50),
            OfCollections(
                {"plot": "datacollections/plot.html", "progress": "datacollections/progress.html"},
                _plots,
                200,
            ),
            OfCollections({"page": "datacollections/files.html"}, _files, 300),
        ],
        parts=[
            Part("workflow", "datacollections/steps.html", _steps, 100),
            Part("group", "datacollections/comments.html", _group_comments, 100),
        ],
    )
