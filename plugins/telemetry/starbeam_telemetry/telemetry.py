"""Requests as spans with those of their statements, and how long both took as histograms.

Names are those of OpenTelemetry's semantic conventions. Paths, queries and the values of statements stay
here: they may hold tokens, and what people look at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from starbeam.api import Answered
from starbeam_telemetry.settings import TelemetrySettings

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""The limits that the conventions advise."""
_PATIENCE = 2
"""Seconds that what is sent may take, retries too: a server that ends waits so long for a collector that is
away."""
_PROPAGATOR = TraceContextTextMapPropagator()


class Telemetry:
    """The observer. What it is told before the server runs, and after it, is dropped."""

    def __init__(self, settings: TelemetrySettings) -> None:
        self._settings = settings
        self._tracer: Tracer = trace.NoOpTracer()
        self._requests: Histogram | None = None
        self._statements: Histogram | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what is told, from threads of the SDK; at the end what is left."""
        endpoint = self._settings.endpoint.rstrip("/")
        resource = Resource.create({"service.name": self._settings.service})
        traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        traces.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_PATIENCE))
        )
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=_PATIENCE)
        )
        figures = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._tracer = traces.get_tracer("starbeam")
        self._requests = _histogram(figures, "http.server.request.duration")
        self._statements = _histogram(figures, "db.client.operation.duration")
        try:
            yield
        finally:
            await asyncio.gather(asyncio.to_thread(traces.shutdown), asyncio.to_thread(figures.shutdown))

    def request(self, headers: Iterable[tuple[bytes, bytes]]) -> Callable[[Answered], None]:
        """A request begins: part of the trace that its header `traceparent` names."""
        sent = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers
            if name == b"traceparent"
        }
        span = self._tracer.start_span("request", _PROPAGATOR.extract(sent), SpanKind.SERVER)
        token = context.attach(trace.set_span_in_context(span))

        def ended(answered: Answered) -> None:
            context.detach(token)
            about: dict[str, str | int] = {
                "http.request.method": answered.method,
                "http.route": answered.route,
                "http.response.status_code": answered.status,
                "starbeam.plugin": answered.plugin,
            }
            span.update_name(f"{answered.method} {answered.route}")
            span.set_attributes({**about, "starbeam.request_id": answered.request_id})
            if answered.status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()
            if self._requests:
                self._requests.record(answered.seconds, about)

        return ended

    def statement(self, sql: str, seconds: float) -> None:
        """A statement is over: part of the request's span. What runs beside requests has none."""
        operation = {"db.operation.name": sql.split(None, 1)[0].strip("(").upper()}
        if self._statements:
            self._statements.record(seconds, operation)
        if trace.get_current_span().is_recording():
            end = time.time_ns()
            span = self._tracer.start_span(
                operation["db.operation.name"],
                kind=SpanKind.CLIENT,
                attributes={**operation, "db.query.text": sql},
                start_time=end - round(seconds * 1e9),
            )
            span.end(end)


def _histogram(figures: MeterProvider, name: str) -> Histogram:
    return figures.get_meter("starbeam").create_histogram(
        name, "s", explicit_bucket_boundaries_advisory=_SECONDS
    )
