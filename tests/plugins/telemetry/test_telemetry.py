"""What a collector of OpenTelemetry is sent, by one that listens on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from starbeam.api import NOBODY
from starbeam.api.database import Writer
from starbeam.db.connection import ReadConnection
from starbeam_ispyb.models import Protein
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support import world

pytestmark = pytest.mark.anyio

PLUGINS = ("ispyb", "proposals", "samples", "auth_dummy", "telemetry")
SETTINGS: dict[str, Any] = {"auth.backends.dummy.use": "auth_dummy", "auth.backends.dummy.test_system": True}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector:
    """What came."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.figures: dict[str, list[Any]] = {}

    def take(self, path: str, body: bytes) -> None:
        """Read what was sent."""
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.services.add(_attributes(resource.resource)["service.name"])
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in (one for scope in measured.scope_metrics for one in scope.metrics):
                    self.figures[metric.name] = list(metric.histogram.data_points)

    async def until(self, there: Callable[[], Any]) -> Any:
        """What is found once it has come."""
        async with asyncio.timeout(30):
            while not (found := there()):  # noqa: ASYNC110 - it comes from another thread
                await asyncio.sleep(0.02)
        return found

    def span(self, name: str) -> Span | None:
        """The first with this name."""
        return next((span for span in self.spans if span.name == name), None)


def _attributes(of: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in of.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector, for as long as the context is open."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK, which other tests switch off."""
    monkeypatch.delenv("OTEL_SDK_DISABLED")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that is sent at once what there is."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "100")
    with collecting() as found:
        yield found


async def _app(make_app: MakeApp, url: str) -> TestApp:
    app = await make_app(*PLUGINS, **SETTINGS, **{"plugin.telemetry.endpoint": url})
    app.set_time(world.NOW)
    await world.build(app.database, Path(), "ispyb", "samples")
    return app


async def test_a_request_is_a_span_with_its_statements(collector: Collector, make_app: MakeApp) -> None:
    app = await _app(make_app, collector.url)
    headers = (await world.enter(app))["administrator"]
    sent = {**headers, "traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "mine"}
    answer = await app.client.get("samples", params={"search": "not to be told"}, headers=sent)
    assert answer.status_code == 200

    root = app.starbeam.settings.server.api_root
    span: Span = await collector.until(lambda: collector.span(f"GET {root}/samples"))
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert _attributes(span) == {
        "http.request.method": "GET",
        "http.route": f"{root}/samples",
        "http.response.status_code": 200,
        "starbeam.plugin": "samples",
        "starbeam.request_id": "mine",
    }
    within = [one for one in collector.spans if one.parent_span_id == span.span_id]
    assert within
    for one in within:
        about = _attributes(one)
        assert (one.name, about["db.operation.name"]) == ("SELECT", "SELECT")
        assert "BLSample" in about["db.query.text"]
        assert span.start_time_unix_nano <= one.end_time_unix_nano <= span.end_time_unix_nano
    told = b"".join(one.SerializeToString() for one in collector.spans)
    assert b"not to be told" not in told
    assert headers["Authorization"].removeprefix("Bearer ").encode() not in told
    assert collector.services == {"starbeam"}


async def test_what_is_written_is_part_of_it(collector: Collector, make_app: MakeApp) -> None:
    app = await _app(make_app, collector.url)
    headers = (await world.enter(app))["administrator"]
    answer = await app.client.post(
        "proteins", json={"proposalId": 1, "name": "tel", "acronym": "tel"}, headers=headers
    )
    assert answer.status_code == 201, answer.text
    root = app.starbeam.settings.server.api_root
    span = await collector.until(lambda: collector.span(f"POST {root}/proteins"))
    assert [one for one in collector.spans if one.parent_span_id == span.span_id and one.name == "INSERT"], (
        "the row was written in this request"
    )


async def test_faults_of_the_server_are_errors(
    collector: Collector, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await _app(make_app, collector.url)
    headers = (await world.enter(app))["administrator"]
    assert (await app.client.get("samples/404404", headers=headers)).status_code == 404

    async def fail(*args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(ReadConnection, "fetch", fail)
    assert (await app.client.get("proteins", headers=headers)).status_code == 500
    root = app.starbeam.settings.server.api_root
    refused = await collector.until(lambda: collector.span(f"GET {root}/samples/{{blSampleId}}"))
    failed = await collector.until(lambda: collector.span(f"GET {root}/proteins"))
    assert [one.status.code for one in (refused, failed)] == [
        Status.STATUS_CODE_UNSET,
        Status.STATUS_CODE_ERROR,
    ]


async def test_figures_count_requests_by_route(collector: Collector, make_app: MakeApp) -> None:
    app = await _app(make_app, collector.url)
    headers = (await world.enter(app))["administrator"]
    for _ in range(3):
        await app.client.get("proteins", headers=headers)

    def counted() -> int:
        points = collector.figures.get("http.server.request.duration", [])
        return sum(one.count for one in points if _attributes(one)["http.route"].endswith("/proteins"))

    await collector.until(lambda: counted() == 3)
    statements = collector.figures["db.client.operation.duration"]
    assert sum(one.count for one in statements) >= 3


async def test_without_a_collector_all_goes_on(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    app = await _app(make_app, "http://127.0.0.1:9")
    headers = (await world.enter(app))["administrator"]
    for _ in range(3):
        assert (await app.client.get("proteins", headers=headers)).status_code == 200


async def test_what_runs_beside_requests_has_no_span(collector: Collector, make_app: MakeApp) -> None:
    app = await _app(make_app, collector.url)
    write = await app.starbeam.write(NOBODY)

    async def add(writer: Writer) -> None:
        await writer.create(Protein, {"proposalId": 1, "acronym": "beside"})

    await write(add)
    headers = (await world.enter(app))["administrator"]
    await app.client.get("proteins", headers=headers)
    await collector.until(lambda: [span for span in collector.spans if span.name.endswith("/proteins")])
    assert not [span for span in collector.spans if span.name == "INSERT"]
