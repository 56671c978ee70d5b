"""What MXCuBE records, free of HTTP and SQL: each function is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from starbeam.api import Invalid
from starbeam.api.database import Writer
from starbeam_acquisition.changes import actions, collections, groups, sessions, setups
from starbeam_acquisition.queries import group as group_row
from starbeam_acquisition.queries import group_of
from starbeam_acquisition.record import RIGHT, Record, Saved, Terms
from starbeam_acquisition.values import NoValue
from starbeam_acquisition.values import key as key_of
from starbeam_ispyb.models import BLSample
from starbeam_mxcube import bodies, schemas
from starbeam_mxcube.bodies import Body
from starbeam_mxcube.settings import MEMBERS, MxcubeSettings

log = structlog.get_logger("starbeam.mxcube")

Made = tuple[Any, bool]
"""An answer, and whether something was made that was not there."""


@dataclass(frozen=True)
class Recording:
    """MXCuBE's rules."""

    terms: Terms
    settings: MxcubeSettings

    async def session(self, writer: Writer, data: schemas.NewSession) -> tuple[int, bool]:
        """The session of a proposal that runs now; one that is made where there is none."""
        record = self._record(writer)
        start, end = (_time(record, data, name) for name in ("startDate", "endDate"))
        longest = timedelta(days=self.settings.session_days)
        if not timedelta() < end - start <= longest:
            raise Invalid(f"It ends after its start, at most {longest.days} days", ["body", "endDate"])
        proposal = _needed({"proposalId": data.proposalId}, "proposalId")
        text = data.beamLineName, start, end, data.comments, bool(data.scheduled)
        made = sessions.NewSession(proposal, *text)
        members = self.settings.create_sessions == MEMBERS
        saved = await sessions.find_or_make(record, made, members=members)
        return saved.key, saved.created

    async def setup(self, writer: Writer, body: Body) -> Made:
        """The key of a set-up with these values."""
        values = bodies.of_setup(body, self.settings)
        if wanted := bodies.detector_of(body):
            values["detectorId"] = await setups.detector_id(writer, **wanted)
        record = self._record(writer)
        return _told(record, await setups.save(record, values, _key(body, "sessionId")))

    async def associate_setup(self, writer: Writer, session_id: int, setup_id: int) -> schemas.SetupOfSession:
        """Say how the beamline is set up for a session."""
        await setups.associate(self._record(writer), session_id, setup_id)
        return schemas.SetupOfSession(session_id, setup_id)

    async def group(self, writer: Writer, body: Body) -> Made:
        """A group: changed where one is named, or a data collection of it; else made."""
        record, key = self._record(writer), bodies.group_of(body)
        if key is None and (collection := bodies.collection_of(body)) is not None:
            await record.of_collection(collection)
            key = await writer.scalar(group_of(), key=collection)
        values = bodies.of_collection(body, self.settings)
        saved = await groups.save(record, values, group_id=key, session_id=_session(body))
        row = await writer.first(group_row(), "", key=saved.key)
        about = row.experimentType, row.blSampleId, row.sessionId, row.workflowId
        return schemas.StoredGroup(saved.key, *about, _warnings(record)), saved.created

    async def collection(self, writer: Writer, body: Body) -> Made:
        """A data collection: changed where it is named; else made, with a group where none is named."""
        record = self._record(writer)
        saved = await collections.save(
            record,
            bodies.of_collection(body, self.settings),
            collection_id=bodies.collection_of(body),
            group_id=bodies.group_of(body),
            session_id=_session(body),
        )
        return schemas.StoredCollection(saved.key, saved.group_id, _warnings(record)), saved.created

    async def image(self, writer: Writer, body: Body) -> Made:
        """An image of a data collection."""
        record, collection = self._record(writer), _needed(body, "dataCollectionId")
        saved = await collections.save_image(record, collection, body)
        number = key_of(body.get("imageNumber")) or 0
        return schemas.StoredImage(saved.key, collection, number, _warnings(record)), saved.created

    async def robot_action(self, writer: Writer, body: Body) -> Made:
        """The key of an action of the sample changer."""
        session = _needed(body, "sessionId")
        record = self._record(writer)
        return _told(record, await actions.save_robot_action(record, session, body))

    async def energy_scan(self, writer: Writer, body: Body) -> Made:
        """The key of an energy scan."""
        values, session = bodies.of_scan(body), _needed(body, "sessionId")
        record = self._record(writer)
        return _told(record, await actions.save_energy_scan(record, session, values))

    async def spectrum(self, writer: Writer, body: Body) -> Made:
        """The key of a fluorescence spectrum."""
        values, session = bodies.of_scan(body), _needed(body, "sessionId")
        record = self._record(writer)
        return _told(record, await actions.save_spectrum(record, session, values))

    async def sample_of_scan(self, writer: Writer, body: Body) -> schemas.SampleOfScan:
        """Say of which sample an energy scan was made."""
        scan, sample = _needed(body, "energyScanId"), _needed(body, "blSampleId")
        saved = await actions.associate(self._record(writer), scan, sample)
        return schemas.SampleOfScan(saved.key, scan, sample)

    async def sample(self, writer: Writer, key: int, sent: Mapping[str, Any]) -> None:
        """Store what MXCuBE knows of a sample: where it was centred, and of staff its bar code too."""
        if key_of(sent.get("blSampleId")) not in (None, key):
            raise Invalid("It is another sample", ["body", "blSampleId"])
        names = "lastKnownCentringPosition", "lastKnownCenteringPosition"
        position = next((sent[name] for name in names if sent.get(name)), None)
        given = {"lastKnownCenteringPosition": position}
        if RIGHT in writer.who.permissions:
            of_staff = "code", "isInSampleChanger", "blSampleStatus"
            given |= {name: sent.get(name) or None for name in of_staff}
        values = self._record(writer).fitting.fit(BLSample, given, setups.NOWHERE)
        if values:
            await writer.update(BLSample, key, values)

    def _record(self, writer: Writer) -> Record:
        return Record(writer, replace(self.terms, members=True))


def _time(record: Record, data: schemas.NewSession, name: str) -> datetime:
    try:
        found = record.fitting.time(getattr(data, name))
    except NoValue:
        found = None
    if found is None:
        raise Invalid("Not a time", ["body", name])
    return found


def _key(body: Body, name: str) -> int | None:
    return key_of(body.get(name), name)


def _session(body: Body) -> int | None:
    """The session that is named. Raises `Invalid` for one that MXCuBE has yet to make."""
    if (found := _key(body, "sessionId")) is None and body.get("sessionId"):
        raise Invalid("Not the key of a session", ["body", "sessionId"])
    return found


def _needed(body: Body, name: str) -> int:
    """A key without which nothing can be stored. Raises `Invalid`."""
    if (found := _key(body, name)) is None:
        raise Invalid("Field required", ["body", name], "missing")
    return found


def _told(record: Record, saved: Saved) -> Made:
    """A key as text, the one form in which MXCuBE can use an answer that is nothing but a key."""
    _warnings(record)
    return f"{saved.key}", saved.created


def _warnings(record: Record) -> list[schemas.Warned]:
    """What is not stored as it came. The log says it too: not every answer has room for it."""
    if record.unstored:
        log.warning("not stored as it came", fields={one.field: one.problem for one in record.unstored})
    return [schemas.Warned(one.field, one.problem) for one in record.unstored]
