"""Data collection groups in wide rows: what the old view joined, one statement for each kind of row.

`columns` are the rows themselves, `lists` what hangs on them; `of_session` puts both together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from starbeam.api.database import Reader
from starbeam_legacy.queries.groups import lists
from starbeam_legacy.queries.groups.columns import groups_of_session, processing, screenings
from starbeam_legacy.queries.rows import Row, flat


async def of_session(reader: Reader, session: int | None) -> list[Row]:
    """The groups of a session, the latest first. 7 statements, however many groups there are."""

    async def rows(query: Any) -> list[Row]:
        return [flat(row) for row in await reader.rows(query, session_key=session)]

    groups = await rows(groups_of_session())
    if not groups:
        return []
    processed = _by("AutoProcIntegration_dataCollectionId", await rows(processing()))
    screened = _by("Screening_dataCollectionGroupId", await rows(screenings()))
    collections = _by("dataCollectionGroupId", await rows(lists.collections()))
    phased = _by("dataCollectionGroupId", await rows(lists.phasing()))
    images = _by("dataCollectionId", await rows(lists.images()))
    steps = _by("workflowId", await rows(lists.steps())) if lists.has_steps(reader.scope) else {}
    for group in groups:
        key, last = (
            group["DataCollectionGroup_dataCollectionGroupId"],
            group["DataCollection_dataCollectionId"],
        )
        group.update(lists.of_processing(processed.get(last, [])))
        group.update(lists.of_screenings(screened.get(key, [])))
        group.update(lists.of_steps(steps.get(group["DataCollectionGroup_workflowId"], [])))
        group.update(lists.of_phasing(phased.get(key, [])))
        group.update(lists.of_collections(collections.get(key, [])))
        group.update(lists.of_images(images.get(last, [])))
    return groups


def _by(name: str, rows: Iterable[Row]) -> dict[Any, list[Row]]:
    """The rows by the value of a key."""
    found = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found
