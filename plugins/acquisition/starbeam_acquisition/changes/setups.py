"""How beamlines are set up, and with which detectors."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose
from typing import TYPE_CHECKING, Any

from starbeam_acquisition import queries
from starbeam_acquisition.record import Place, Record, Saved
from starbeam_acquisition.values import key as key_of
from starbeam_ispyb.models import BeamLineSetup, BLSession

if TYPE_CHECKING:
    from starbeam.api.database import Rows

LOCK = "setup"
"""By this name whoever stores a set-up is alone: nothing else keeps one from being stored twice."""
NO_SETUP = "Beamline setup not found"
NOWHERE = Place(0, 0, "", "", "", None)


async def save(record: Record, given: Mapping[str, Any], session_id: int | None) -> Saved:
    """The set-up with these values, among the newest; a new one where there is none. Run it alone, by `LOCK`.
    With a session it becomes the session's; raises `Missing` and `Forbidden` for that."""
    if session_id is None:
        await record.anywhere()
    place = NOWHERE if session_id is None else await record.session(session_id)
    wanted = {name: given.get(name) or None for name in queries.SETUP}
    wanted |= {"beamlineName": place.beamline, "detectorId": key_of(given.get("detectorId"))}
    values = record.fit(BeamLineSetup, wanted, place)
    saved = await _found(record, values) or await _added(record, values)
    if session_id is not None:
        await record.writer.update(BLSession, session_id, {"beamLineSetupId": saved.key})
    return saved


async def associate(record: Record, session_id: int, setup_id: int) -> None:
    """Say how the beamline is set up for a session. Raises `Missing` and `Forbidden`."""
    await record.session(session_id)
    await record.writer.first(queries.setup(), NO_SETUP, key=setup_id)
    await record.writer.update(BLSession, session_id, {"beamLineSetupId": setup_id})


async def _found(record: Record, values: Mapping[str, Any]) -> Saved | None:
    name = values.get("synchrotronName")
    for key, *held in await record.writer.rows(queries.newest_setups(), synchrotronName=name):
        if all(_is_same(*pair) for pair in zip(held, map(values.get, queries.SETUP), strict=True)):
            return Saved(key, created=False)
    return None


async def _added(record: Record, values: Mapping[str, Any]) -> Saved:
    row = {**values, "setupDate": record.now}
    return Saved((await record.writer.create(BeamLineSetup, row)).beamLineSetupId, created=True)


def _is_same(held: Any, given: Any) -> bool:
    """Whether a column holds a value: of a number its first seven digits."""
    if isinstance(given, float) and held is not None:
        return isclose(float(held), given, rel_tol=1e-6, abs_tol=1e-9)
    return bool(held == given)


async def detector_id(reader: Rows, **wanted: str) -> int | None:
    """The first detector with these values of its columns, in any case; of none where none is asked for. One
    that is not known by its type is looked for without it."""
    for names in (wanted, {name: text for name, text in wanted.items() if name != "detectorType"}):
        query = queries.detectors(frozenset(names))
        if names and (found := await reader.rows(query, **names)):
            return int(found[0][0])
    return None
