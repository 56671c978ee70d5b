"""What beamlines record: a service for the plugins that speak with their programs. It serves no route.

    record = Record(writer, terms)
    saved = await groups.save(record, {"experimentType": "OSC"}, session_id=46)

Each function of `changes` finds the session that it writes to, refuses who may not record there, stores what
of the values the database takes, and notes the rest in `record.warnings`. What is sent twice is stored once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Plugin, hookimpl
from starbeam_acquisition.settings import AcquisitionSettings

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api import Context
    from starbeam.api.database import Rule
    from starbeam_acquisition.record import Terms


def terms_of(ctx: Context) -> Terms:
    """What the configuration says of who records, for plugins that call this one's functions."""
    from starbeam.api.settings import parsed
    from starbeam_acquisition.record import Terms

    said = parsed(ctx.settings.plugin.get(AcquisitionPlugin.name, {}), AcquisitionSettings, [])
    return Terms(ctx.clock, False, said.before_hours, said.after_hours, tuple(said.paths))


class AcquisitionPlugin(Plugin[AcquisitionSettings]):
    """Sessions, data collections and whatever else a beamline writes."""

    name = "acquisition"
    title = "What beamlines record: a service for other plugins"
    requires = ("ispyb",)
    Settings = AcquisitionSettings

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Samples of energy scans, and types of experiments."""
        from starbeam.api.models import mapped
        from starbeam_acquisition import models

        return mapped(models.Base)

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """A sample of an energy scan is visible where the scan is."""
        from starbeam.api.database import Allow, through
        from starbeam_acquisition.models import BLSample_has_EnergyScan
        from starbeam_ispyb.models import EnergyScan

        return [Allow(BLSample_has_EnergyScan, through(EnergyScan, "energyScanId"))]
