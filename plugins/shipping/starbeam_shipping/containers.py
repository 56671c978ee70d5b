"""Adding and changing containers."""

from __future__ import annotations

from starbeam.db.services import service
from starbeam_ispyb.models import Container
from starbeam_shipping import schemas
from starbeam_shipping.changes import Change, refusing, sent
from starbeam_shipping.dewars import MISSING as NO_DEWAR
from starbeam_shipping.queries import containers, dewars

MISSING = "Container not found"

_Containers = service(Container)


async def add(change: Change, data: schemas.ContainerCreate) -> schemas.Container:
    """Add a container to a dewar."""
    await change.shown(dewars.one(change.scope), data.dewarId, NO_DEWAR)
    with refusing("Could not create container"):
        row = await _Containers(change.session).create(sent(data))
    return await change.shown(containers.one(change.scope), row.containerId, MISSING)


async def update(change: Change, key: int, data: schemas.ContainerCreateOptional) -> schemas.Container:
    """Change what was sent of a container; another dewar moves it there."""
    await change.shown(containers.one(change.scope), key, MISSING)
    values = sent(data)
    if "dewarId" in values:
        await change.shown(dewars.one(change.scope), values["dewarId"], NO_DEWAR)
    if values:
        with refusing("Could not update container"):
            await _Containers(change.session).update(values, key)
    return await change.shown(containers.one(change.scope), key, MISSING)
