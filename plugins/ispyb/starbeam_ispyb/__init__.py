"""The tables of ISPyB that two domains or more read, who sees which of their rows, and the names of
proposals and sessions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Plugin, hookimpl

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
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """The session rule and the proposal rule for every entity in their tables."""
        from starbeam_ispyb import visibility

        return visibility.RULES
