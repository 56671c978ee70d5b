"""Data collections made on demand."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from starbeam.api import Plugin, hookimpl
from starbeam_simulator import hookspecs
from starbeam_simulator.settings import SimulatorSettings

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase


class SimulatorPlugin(Plugin[SimulatorSettings]):
    """`starbeam simulate`."""

    name = "simulator"
    title = "Data collections made on demand"
    requires = ("ispyb",)
    Settings = SimulatorSettings
    hookspecs: ClassVar[ModuleType] = hookspecs

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Where containers were."""
        from starbeam.api.models import mapped  # only now: the help imports this package
        from starbeam_simulator.models import Base

        return mapped(Base)
