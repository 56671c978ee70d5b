"""What pages show of the processing of every data collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from starbeam.api.database import Cache, Reader
from starbeam.api.web import Asked, OfCollections, Pages, Part, Spot
from starbeam_processing.queries import figures
from starbeam_processing.queries.results import Result, best, results

FIGURES_AGE = 5
"""Seconds."""


async def _results(reader: Reader, asked: Asked, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    found = await results(reader, ids)
    return {id: {"results": some, "best": best(some), "runs": _runs(some)} for id, some in found.items()}


def _runs(results: Sequence[Result]) -> Counter[int | None]:
    """How many programs succeeded (1), failed (0) or have not said (None)."""
    runs = {one.run.autoProcProgramId: one.run.processingStatus for one in results}
    return Counter(runs.values())


class _Figures:
    """What processing came to in a session, kept for some seconds for each person."""

    def __init__(self) -> None:
        self._kept: Cache[Mapping[str, Any]] = Cache(FIGURES_AGE)

    async def load(self, reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """2 statements."""
        key = int(asked.key or 0)
        return await self._kept.get((reader.who, key), partial(self._read, reader, key))

    async def _read(self, reader: Reader, key: int) -> Mapping[str, Any]:
        return {"best": await figures.best(reader, key), "programs": await figures.programs(reader, key)}


def pages() -> Pages:
    """What stands on cards and pages of data collections, and among the figures of a session."""
    templates: dict[Spot, str] = {"outcome": "processing/best.html", "below": "processing/results.html"}
    return Pages(
        [],
        Path(__file__).with_name("templates"),
        parts=[Part("figures of session", "processing/figures.html", _Figures().load, 500)],
        of_collections=[OfCollections(templates, _results, 200)],
    )
