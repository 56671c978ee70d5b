"""What kind of container samples are in: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import Container


@statement
def _type(scope: Scope) -> Select[Any]:
    wanted = Container.containerId == bindparam("container_id")
    return select(Container.containerType).where(wanted, scope.sees(Container))


async def container_type(reader: Reader, container_id: int | None) -> str | None:
    """The type of a container that the caller sees. 1 statement."""
    found: str | None = await reader.scalar(_type(), container_id=container_id)
    return found
