"""Types of the demo's sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from random import Random

from starbeam.demo import DemoData, DemoWorld, Row
from starbeam_proposals.models import SessionType

TYPES = ("remote", "mail-in", "in-person", "training")


def session_types(rng: Random, sessions: Iterable[Row], codes: Mapping[int, str]) -> Iterator[Row]:
    """Rows of `SessionType`, one or none of a session; `codes` are those of proposals, by `proposalId`."""
    for session in sessions:
        commissions = codes[session["proposalId"]] == "cm"
        if commissions or rng.random() < 0.7:
            name = "commissioning" if commissions else rng.choice(TYPES)
            yield {"sessionId": session["sessionId"], "typeName": name}


async def fill(world: DemoWorld) -> None:
    """Give the sessions in `made["sessions"]` types, by the codes of `made["proposals"]`."""
    codes = {row["proposalId"]: row["proposalCode"] for row in world.made["proposals"]}
    await world.add(SessionType, session_types(world.random, world.made["sessions"], codes))


DATA = DemoData("Session types", fill)
