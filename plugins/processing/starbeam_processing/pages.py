"""What pages show of the processing of every data collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starbeam.api.database import Reader
from starbeam.api.web import Asked, OfCollections, Pages, Spot
from starbeam_processing.queries.results import Result, best, results


async def _results(reader: Reader, asked: Asked, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    found = await results(reader, ids)
    return {id: {"results": some, "best": best(some), "runs": _runs(some)} for id, some in found.items()}


def _runs(results: Sequence[Result]) -> Counter[int | None]:
    """How many programs succeeded (1), failed (0) or have not said (None)."""
    runs = {one.run.autoProcProgramId: one.run.processingStatus for one in results}
    return Counter(runs.values())


def pages() -> Pages:
    """What stands on cards and pages of data collections."""
    templates: dict[Spot, str] = {"outcome": "processing/best.html", "below": "processing/results.html"}
    return Pages(
        [],
        Path(__file__).with_name("templates"),
        of_collections=[OfCollections(templates, _results, 200)],
    )
