"""What the demo's logs say."""

from __future__ import annotations

from sqlalchemy import select

from starbeam.api.demo import DemoData, DemoWorld
from starbeam.api.models import Person
from starbeam_ispyb.models import BLSession
from starbeam_shiftlog.models import ShiftlogEntry


async def _fill(world: DemoWorld) -> None:
    wanted = select(BLSession.sessionId, BLSession.startDate).where(BLSession.startDate.is_not(None))
    sessions = (await world.session.execute(wanted)).all()
    author = await world.session.scalar(select(Person.personId).limit(1))
    await world.add(
        ShiftlogEntry,
        [
            {
                "sessionId": key,
                "personId": author,
                "text": "Beam is back.",
                "category": "note",
                "created": start,
            }
            for key, start in sessions
        ],
    )


DATA = DemoData("shift logs", _fill)
