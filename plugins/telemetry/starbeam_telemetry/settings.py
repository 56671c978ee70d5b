"""What `[plugin.telemetry]` may hold."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class TelemetrySettings(Section, frozen=True):
    """Where traces and figures go. All else is said by OpenTelemetry's own variables, `OTEL_…`."""

    endpoint: Annotated[
        str,
        Meta(
            description='The collector\'s address for OTLP over HTTP, such as "http://127.0.0.1:4318"',
            pattern=r"https?://\S+",
        ),
    ] = "http://127.0.0.1:4318"
    service: Annotated[str, Meta(description="What this server is called there", min_length=1)] = "starbeam"
