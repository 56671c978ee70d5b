"""`/metrics`: what it counts, who may read it, and what it never says."""

from __future__ import annotations

import re
import resource
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import TimeoutError as PoolTimeout

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.commands import Site
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

ROOT = "/ispyb/api/v1"
METRICS = "http://testserver.local/metrics"
Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def figures(text: str) -> Figures:
    """Values by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(found: Figures, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


async def make(make_app: MakeApp, *readers: str, **settings: Any) -> TestApp:
    given: dict[str, Any] = {"server.metrics_from": list(readers), **WITH_PROBE, **settings}
    return await make_app("probe", **given)


async def test_requests_are_counted_by_route_method_and_status(make_app: MakeApp) -> None:
    app = await make(make_app, "127.0.0.1")
    headers = await app.as_user("abcd")
    for number in (5, 6):
        assert (await app.client.get(f"/probe/items/{number}", headers=headers)).status_code == 200
    await app.client.get("/probe/who")
    await app.client.get("/nothing/at/all")
    await app.client.request("PROPFIND", "/probe/who")
    answer = await app.client.get(METRICS)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(answer.text)
    items = f"{ROOT}/probe/items/{{itemId}}"
    total, who = "starbeam_requests_total", f"{ROOT}/probe/who"
    assert figure(found, total, plugin="probe", method="GET", route=items, status="200") == 2
    assert figure(found, total, plugin="probe", method="GET", route=who, status="401") == 1
    assert figure(found, total, plugin="core", method="GET", route="unknown", status="404") == 1
    assert {dict(labels)["method"] for name, labels in found if name == "starbeam_requests_total"} == {
        "GET",
        "other",
    }
    assert figure(found, "starbeam_request_seconds_count", method="GET", route=items) == 2
    assert figure(found, "starbeam_requests_running") == 1  # this one
    assert figure(found, "starbeam_database_connections_used", engine="writes") == 0


async def test_connections_in_use_are_counted(make_app: MakeApp) -> None:
    app = await make(make_app, "127.0.0.1")
    async with app.starbeam.database.read():
        found = figures((await app.client.get(METRICS)).text)
        assert figure(found, "starbeam_database_connections_used", engine="reads") == 1
    found = figures((await app.client.get(METRICS)).text)
    assert figure(found, "starbeam_database_connections_used", engine="reads") == 0


async def test_tries_to_log_in_are_counted(make_app: MakeApp) -> None:
    backend = {"auth.backends.dummy.use": "auth_dummy", "auth.backends.dummy.test_system": True}
    app = await make_app(
        "probe", "auth_dummy", **{"server.metrics_from": ["127.0.0.1"], **WITH_PROBE, **backend}
    )
    await app.as_user("abcd")
    for plugin, login in (("dummy", "abcd"), ("dummy", "who-is-this"), ("x" * 50, "abcd")):
        await app.client.post("/auth/login", json={"plugin": plugin, "login": login, "password": "secret"})
    found = figures((await app.client.get(METRICS)).text)
    assert {labels: value for (name, labels), value in found.items() if name == "starbeam_logins_total"} == {
        frozenset({("backend", "dummy"), ("outcome", "passed")}): 1,
        frozenset({("backend", "dummy"), ("outcome", "refused")}): 1,
        frozenset({("backend", "unknown"), ("outcome", "refused")}): 1,
    }


async def test_an_outage_is_told_until_it_is_over(make_app: MakeApp) -> None:
    app = await make(make_app, "127.0.0.1")
    outage = app.starbeam.database.outage
    told = []
    for step in (None, partial(outage.note, PoolTimeout()), partial(outage.over, "cleaning"), outage.over):
        if step:
            step()
        told.append(figure(figures((await app.client.get(METRICS)).text), "starbeam_database_away"))
    assert told == [0, 1, 1, 0]


async def test_a_worker_tells_its_version_and_its_memory(make_app: MakeApp) -> None:
    found = figures((await (await make(make_app, "127.0.0.1")).client.get(METRICS)).text)
    assert figure(found, "starbeam_info", version=version("starbeam-core")) == 1
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert most / 3 < figure(found, "starbeam_memory_bytes") < 1.1 * most


async def test_no_token_and_no_person_is_a_label(make_app: MakeApp) -> None:
    app = await make(make_app, "127.0.0.1")
    headers = await app.as_user("abcd")
    token = headers["Authorization"].removeprefix("Bearer ")
    await app.client.get(f"/probe/by-path/{token}/who")
    await app.client.get("/probe/by-query", params={"token": token})
    await app.client.get(f"/unheard/{token}")
    text = (await app.client.get(METRICS)).text
    assert "/probe/by-path/{token}/who" in text
    assert token not in text
    assert "abcd" not in text


@pytest.mark.parametrize(
    ("readers", "headers", "settings", "allowed"),
    [
        ((), {}, {}, False),
        (("127.0.0.1",), {}, {}, True),
        (("127.0.0.0/8",), {}, {}, True),
        (("10.0.0.5", "::1"), {}, {}, False),
        # Behind a proxy that nobody trusts, everybody has its address.
        (("127.0.0.1",), {"X-Forwarded-For": "8.8.8.8"}, {}, False),
        (("127.0.0.1",), {"X-Real-IP": "8.8.8.8"}, {}, False),
        (("10.0.0.5",), {"X-Forwarded-For": "10.0.0.5"}, {}, False),
        # Behind one that is trusted, the client's address counts.
        (("127.0.0.1",), {"X-Forwarded-For": "8.8.8.8"}, {"server.trusted_proxies": ["127.0.0.1"]}, False),
        (("10.0.0.5",), {"X-Forwarded-For": "10.0.0.5"}, {"server.trusted_proxies": ["127.0.0.1"]}, True),
        (("127.0.0.1",), {"X-Forwarded-For": "nonsense"}, {"server.trusted_proxies": ["127.0.0.1"]}, False),
    ],
)
async def test_only_the_addresses_of_the_setting_read_it(
    make_app: MakeApp,
    readers: tuple[str, ...],
    headers: dict[str, str],
    settings: dict[str, Any],
    allowed: bool,
) -> None:
    app = await make(make_app, *readers, **settings)
    answer = await app.client.get(METRICS, headers=headers)
    assert answer.status_code == (200 if allowed else 404)


def test_several_workers_tell_the_figures_of_all(site: Callable[..., Site]) -> None:
    workers = site('[server]\nworkers = 2\nmetrics_from = ["127.0.0.1"]\n')
    with workers.serving("serve", "--config", str(workers.config)) as server:
        base = f"http://127.0.0.1:{server.port}"
        for number in range(1, 31):
            # A new connection each time, so that both workers serve.
            assert httpx.get(f"{base}{ROOT}/auth/config").status_code == 200
            text = httpx.get(f"{base}/metrics").text
            (count,) = re.findall(r'starbeam_requests_total\{.*auth/config".*\} (\d+)', text)
            assert int(float(count)) == number
        assert server.end() == 0


@pytest.fixture
def site(tmp_path: Any) -> Callable[..., Site]:
    """A site with a database and these further settings."""

    def make_site(more: str) -> Site:
        made = Site(tmp_path, more=more)
        made.make_database()
        return made

    return make_site
