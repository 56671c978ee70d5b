"""Traces and figures of requests and statements, for a collector of OpenTelemetry.

The SDK is imported when the server starts: lists of plugins and of commands import this, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from starbeam.api import Context, Lifespan, Observer, Plugin, hookimpl
from starbeam_telemetry.settings import TelemetrySettings

if TYPE_CHECKING:
    from starbeam_telemetry.telemetry import Telemetry


class TelemetryPlugin(Plugin[TelemetrySettings]):
    """What is sent to a collector while the server runs."""

    name = "telemetry"
    title = "Traces and figures for OpenTelemetry"
    Settings = TelemetrySettings

    @cached_property
    def _telemetry(self) -> Telemetry:
        from starbeam_telemetry.telemetry import Telemetry

        return Telemetry(self.settings)

    @hookimpl
    def register_observers(self, ctx: Context) -> Iterable[Observer]:
        """What is told of requests and statements."""
        return [self._telemetry]

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """What sends it."""
        return [self._telemetry.running]
