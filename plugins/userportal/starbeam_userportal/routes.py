"""`/webservices/userportalsync`."""

from __future__ import annotations

import time

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from starbeam.api import Clock, Invalid, needs
from starbeam.api.database import Write
from starbeam_userportal.schemas import Message, UserPortalProposalSync, complaints
from starbeam_userportal.service import synchronise

SYNC = "uportal_sync"
"""The permission to synchronise."""
SWITCH = "enable_webservice_routes"
"""The option that switches these operations."""


@post(
    "/webservices/userportalsync/sync_proposal",
    tags=["Webservices - Used by external applications"],
    access=needs(SYNC).opened(SYNC),
    switch=SWITCH,
    status_code=200,
    errors={400: "The proposal cannot be synchronized; the sentence names the entity and the reason"},
)
async def sync_proposal(
    data: JSONBody[UserPortalProposalSync], write: NamedDependency[Write], clock: NamedDependency[Clock]
) -> Message:
    """Synchronize a proposal with everything that the user portal knows of it

    All of it or nothing is written. Nothing is deleted, and a field that is not sent keeps its value.
    """
    for place, problem in complaints(data):
        raise Invalid(problem, ["body", *place])
    began = time.perf_counter()
    counts = await synchronise(write, clock, data)
    name = f"{data.proposal.proposalCode}-{data.proposal.proposalNumber}"
    seconds = round(time.perf_counter() - began, 3)
    return Message(
        f"The proposal {name} has been synchronized in {seconds}",
        counts.created,
        counts.updated,
        counts.untouched,
    )


handlers = [sync_proposal]
