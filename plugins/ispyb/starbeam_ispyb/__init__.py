"""The tables of ISPyB that two domains or more read, who sees which of their rows, and the names of
proposals and sessions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Permission, Plugin, hookimpl

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Rule


class IspybPlugin(Plugin[NoSettings]):
    """Shared tables and visibility rules; no route."""

    name = "ispyb"
    title = "Shared tables and the rules for who sees what"

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The tables that two domains or more read."""
        from starbeam.api.models import mapped
        from starbeam_ispyb import models

        return mapped(models.Base)

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """What tokens of machines may be good for, beside reading."""
        return [
            Permission("record", "write what a beamline records: data collections, scans", scope=True),
            Permission("process", "write what pipelines find", scope=True),
            Permission("samples", "write samples and their status", scope=True),
            Permission("ship", "write shipments, dewars and containers", scope=True),
            Permission("em", "write what electron microscopes record", scope=True),
        ]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """The session rule and the proposal rule for every entity in their tables."""
        from starbeam_ispyb import visibility

        return visibility.RULES
