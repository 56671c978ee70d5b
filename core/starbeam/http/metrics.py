"""`/metrics`: figures for Prometheus, for the addresses that `server.metrics_from` names.

Labels are templates of routes, methods and status codes, never a path, query, person or token. With several
workers the figures are those of all of them together: they share files in a temporary folder, which
`starbeam.server` makes.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event

from starbeam.access import public
from starbeam.http.addresses import FORWARDING, ClientAddress, address_of, networks_of, peer_of
from starbeam.http.dependencies import always
from starbeam.refusals import Missing

if TYPE_CHECKING:
    from starbeam.db.engine import Database
    from starbeam.db.servers import Servers
    from starbeam.shared import Shared

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable with the folder of the workers' files, as prometheus_client reads it."""
MEASURE_SECONDS = 5
"""How often a worker looks at its memory."""
_MEMORY = Path("/proc/self/statm")
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one app."""

    def __init__(self, readers: Iterable[str] = ()) -> None:
        """`readers` are the addresses and networks that may read them."""
        self._readers = networks_of(readers)
        self._servers: Servers | None = None
        self.registry = CollectorRegistry()
        count = partial(Counter, registry=self.registry)
        of_all = partial(Gauge, registry=self.registry, multiprocess_mode="livesum")
        of_any = partial(Gauge, registry=self.registry, multiprocess_mode="livemax")
        self._requests = count(
            "starbeam_requests",
            "Requests that were answered. `plugin` serves the route.",
            ("plugin", "method", "route", "status"),
        )
        self._seconds = Histogram(
            "starbeam_request_seconds",
            "How long answers took, until the last byte was handed over.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._running = of_all("starbeam_requests_running", "Requests that are being answered.")
        self._connections = of_all(
            "starbeam_database_connections_used",
            "Connections to the database that are in use; a worker may use pool_size + max_overflow of each.",
            ("engine",),
        )
        self._logins = count(
            "starbeam_logins",
            "Tries to log in: passed, refused, limited (too many before) or failed (the log says why).",
            ("backend", "outcome"),
        )
        self._away = of_any(
            "starbeam_database_away",
            "1 while a worker finds that the database is away or not as it should be, else 0.",
        )
        self._shared_away = of_any(
            "starbeam_shared_away",
            "1 while a worker does not reach what servers share ([shared] url), else 0.",
        )
        self._out = of_any(
            "starbeam_database_server_out",
            "1 while a worker leaves a server of the database out, of several or a replica, else 0.",
            ("server",),
        )
        self._memory = of_all(
            "starbeam_memory_bytes",
            "Resident memory of all workers together; reader processes have their own.",
        )
        of_any("starbeam_info", "Always 1.", ("version",)).labels(version("starbeam-core")).set(1)

    def watch(self, database: Database, shared: Shared) -> None:
        """Count the connections that are in use, and tell when the database or what is shared is away."""
        database.outage.watchers.append(self._away.set)
        shared.watchers.append(self._shared_away.set)
        engines = list(zip(("reads", "writes"), database.engines, strict=True))
        self._servers = database.servers
        if self._servers:
            engines += [("replicas", replica.engine) for replica in self._servers.replicas.all]
        for name, engine in engines:
            gauge = self._connections.labels(name)
            event.listen(engine.sync_engine, "checkout", lambda *_, used=gauge: used.inc())
            event.listen(engine.sync_engine, "checkin", lambda *_, used=gauge: used.dec())

    def begin(self) -> None:
        """A request came in."""
        self._running.inc()

    def end(self, plugin: str, method: str, route: str, status: int, seconds: float) -> None:
        """It was answered. `route` is a template."""
        known = method if method in _METHODS else "other"
        self._running.dec()
        self._requests.labels(plugin, known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def log_in(self, backend: str, outcome: str) -> None:
        """Somebody tried to log in."""
        self._logins.labels(backend, outcome).inc()

    async def measure(self) -> None:
        """Look at what this worker needs, and at the servers of the database."""
        self._memory.set(_resident())
        for name, why in self._servers.all().items() if self._servers else ():
            self._out.labels(name).set(bool(why))

    def may_read(self, request: Request[Any, Any, Any], addresses: ClientAddress) -> bool:
        """Whether this client may read them: one behind a proxy that is not trusted may not, for its address
        is not known."""
        address = address_of(addresses.of(request.scope))
        if address == peer_of(request.scope) and any(name in request.headers for name in FORWARDING):
            return False
        return address is not None and any(address in network for network in self._readers)

    def text(self) -> bytes:
        """All figures as Prometheus reads them, of all workers."""
        return generate_latest(self._all())

    def now(self) -> dict[str, float]:
        """What goes up and down, of all workers together: one number for each name."""
        families = [one for one in self._all().collect() if one.type == "gauge"]
        return {one.name: sum(sample.value for sample in one.samples) for one in families}

    def _all(self) -> CollectorRegistry:
        """The figures of all workers."""
        if not os.environ.get(FOLDER):
            return self.registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry


def _resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not tell."""
    with suppress(OSError):
        return int(_MEMORY.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return 0


@get("/metrics", access=public, include_in_schema=False, sync_to_thread=True)
def get_metrics(
    request: Request[Any, Any, Any],
    metrics: NamedDependency[Metrics | None],
    client_address: NamedDependency[ClientAddress],
) -> Response[bytes]:
    """Figures for Prometheus; 404 for whom `server.metrics_from` does not name."""
    if metrics is None or not metrics.may_read(request, client_address):
        raise Missing("Not Found")
    return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def router(metrics: Metrics | None, client_address: ClientAddress) -> Router:
    """The operation; without figures it is 404 for all."""
    values = always(metrics=metrics, client_address=client_address)
    return Router("/", route_handlers=[get_metrics], dependencies=values)
