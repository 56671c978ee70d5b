"""Data collections made on demand, and the demo's files."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import ClassVar

from sqlalchemy.orm import DeclarativeBase

from starbeam import Context, Plugin, hookimpl
from starbeam.demo import DemoData
from starbeam_simulator import demo, hookspecs
from starbeam_simulator.models import ContainerHistory
from starbeam_simulator.settings import SimulatorSettings


class SimulatorPlugin(Plugin[SimulatorSettings]):
    """`starbeam simulate`, and the demo's files."""

    name = "simulator"
    title = "Data collections made on demand, and the demo's files"
    requires = ("ispyb", "samples", "mapping", "processing", "em_legacy")
    after = ("datacollections", "stats")
    Settings = SimulatorSettings
    hookspecs: ClassVar[ModuleType] = hookspecs

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Where containers were."""
        return [ContainerHistory]

    @hookimpl
    def register_demo_data(self, ctx: Context) -> Iterable[DemoData]:
        """Files for the newest sessions, and the rows that name them."""
        return [demo.DATA]
