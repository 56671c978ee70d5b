"""Adding and changing containers."""

from __future__ import annotations

from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import Container
from starbeam_shipping import schemas
from starbeam_shipping.queries.containers import CONTAINERS
from starbeam_shipping.queries.dewars import DEWARS


async def add(writer: Writer, data: schemas.ContainerCreate) -> schemas.Container:
    """Add a container to a dewar."""
    await writer.get(DEWARS, data.dewarId)
    with refusing("Could not create container"):
        row = await writer.create(Container, sent(data))
    return await writer.get(CONTAINERS, row.containerId)


async def update(
    writer: Writer, key: int, patch: Patch[schemas.ContainerCreateOptional]
) -> schemas.Container:
    """Change what was sent of a container; another dewar moves it there."""
    values = sent(patch.of(await writer.get(CONTAINERS, key)))
    if "dewarId" in values:
        await writer.get(DEWARS, values["dewarId"])
    if values:
        with refusing("Could not update container"):
            await writer.update(Container, key, values)
    return await writer.get(CONTAINERS, key)
