"""Clients are who they are however their address is written: in the log, for limits, and for metrics."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from starbeam.auth.ratelimit import PER_ACCOUNT_AND_ADDRESS
from starbeam.http.addresses import ClientAddress, address_of
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

WRITTEN = {
    "203.0.113.9": "203.0.113.9",
    " 203.0.113.9\t": "203.0.113.9",
    "203.0.113.9:50123": "203.0.113.9",
    '"203.0.113.9:50123"': "203.0.113.9",
    "::ffff:203.0.113.9": "203.0.113.9",
    "::FFFF:cb00:7109": "203.0.113.9",
    "0:0:0:0:0:ffff:203.0.113.9": "203.0.113.9",
    "[::ffff:203.0.113.9]:443": "203.0.113.9",
    "::203.0.113.9": "203.0.113.9",
    "203.0.113.9:_port.7": "203.0.113.9",
    "2001:DB8:0:0::9": "2001:db8::9",
    "64:ff9b::203.0.113.9": "64:ff9b::cb00:7109",
    "[2001:db8::9]": "2001:db8::9",
    '"[2001:db8::9]:4711"': "2001:db8::9",
    "fe80::1%eth0": "fe80::1",
    "fe80::1%" + "x" * 60_000: "fe80::1",
    "[fe80::1%25eth0]:80": "fe80::1",
    "::1": "::1",
    "::": "::",
}
NO_ADDRESS = (
    "",
    "unknown",
    "_hidden",
    "203.0.113.9:a",
    "203.0.113",
    "[203.0.113.9",
    "203.0.113.0/24",
    "::ffff:",
    "1" * 60_000,
)


def test_an_address_however_it_is_written() -> None:
    assert {text: str(address_of(text)) for text in WRITTEN} == WRITTEN
    assert [address_of(text) for text in NO_ADDRESS] == [None] * len(NO_ADDRESS)


def client_at(app: TestApp, host: str) -> httpx.AsyncClient:
    """A client whose connection comes from this address, as the server's socket writes it."""
    transport = httpx.ASGITransport(app=app.starbeam.asgi, client=(host, 50123))
    return httpx.AsyncClient(transport=transport, base_url=app.client.base_url)


PROXIES = ["10.0.0.0/8", "::ffff:192.168.0.0/112", "2001:db8:1::/48"]


@pytest.mark.parametrize("proxy", ["::ffff:10.1.2.3", "192.168.7.7", "2001:DB8:1:0::1"])
async def test_behind_a_proxy_every_form_is_one_client(make_app: MakeApp, proxy: str) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.trusted_proxies": PROXIES})
    body = {"plugin": "probe", "login": "abcd", "password": "wrong"}
    forms = [text for text, address in WRITTEN.items() if address == "203.0.113.9"]
    async with client_at(app, proxy) as client:

        async def attempt(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            return (await client.post("/auth/login", json=body, headers=headers)).status_code

        with capture_logs() as logs:
            for number in range(PER_ACCOUNT_AND_ADDRESS):
                assert await attempt(forms[number % len(forms)]) == 401
        assert {line["address"] for line in logs} == {"203.0.113.9"}
        assert [await attempt(form) for form in forms] == [429] * len(forms)
        assert await attempt("[203.0.113.10]:50123") == 401


STRANGER = "198.51.100.1"


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({"Forwarded": "for=203.0.113.9"}, "203.0.113.9"),
        ({"Forwarded": 'For="203.0.113.9:4711";proto=https;by=10.0.0.1'}, "203.0.113.9"),
        ({"Forwarded": 'proto=http; by=_edge ;FOR = "[2001:DB8::9]:4711"'}, "2001:db8::9"),
        ({"Forwarded": 'for="[::ffff:203.0.113.9]"'}, "203.0.113.9"),
        ({"Forwarded": f'for={STRANGER}, for=203.0.113.9, for="10.9.9.9:1"'}, "203.0.113.9"),
        ({"Forwarded": "for=203.0.113.9, for=unknown"}, "10.1.2.3"),
        ({"Forwarded": "for=203.0.113.9, for=_hidden, for=10.7.7.7"}, "10.7.7.7"),
        ({"Forwarded": "for=203.0.113.9, proto=https"}, "10.1.2.3"),
        ({"Forwarded": f'for={STRANGER};x=", for="203.0.113.9"'}, "203.0.113.9"),
        ({"Forwarded": f'for="{STRANGER}, for="203.0.113.9"'}, "203.0.113.9"),
        ({"X-Real-IP": "[2001:db8::9]"}, "2001:db8::9"),
        ({"X-Real-IP": "unknown"}, "10.1.2.3"),
        ({"X-Forwarded-For": "203.0.113.9:50123, 10.7.7.7:443"}, "203.0.113.9"),
        ({"X-Forwarded-For": "203.0.113.9", "Forwarded": f"for={STRANGER}"}, "203.0.113.9"),
        ({"X-Forwarded-For": "unknown", "X-Real-IP": STRANGER}, "10.1.2.3"),
        ({"Forwarded": "for=203.0.113.9", "X-Real-IP": STRANGER}, "203.0.113.9"),
    ],
)
async def test_what_a_trusted_proxy_says_of_its_client(
    make_app: MakeApp, headers: dict[str, str], client: str
) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.trusted_proxies": PROXIES})
    seen = []
    for host in ("10.1.2.3", STRANGER):
        async with client_at(app, host) as caller:
            with capture_logs() as logs:
                await caller.get("/probe/items/1", headers=headers)
            seen += [line["address"] for line in logs if line["event"] == "request"]
    assert seen == [client, STRANGER]  # who is no proxy of ours is believed nothing


@pytest.mark.parametrize(
    ("readers", "host", "status"),
    [
        (["127.0.0.1"], "::ffff:127.0.0.1", 200),
        (["::ffff:127.0.0.1"], "127.0.0.1", 200),
        (["10.0.0.0/8"], "::ffff:a01:203", 200),
        (["fe80::/10"], "fe80::1%eth0", 200),
        (["::10.0.0.0/104"], "10.1.2.3", 200),
        (["::/0"], "10.1.2.3", 404),
        (["127.0.0.1"], "::ffff:127.0.0.2", 404),
        (["127.0.0.1"], "no address", 404),
    ],
)
async def test_metrics_know_their_readers(
    make_app: MakeApp, readers: list[str], host: str, status: int
) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.metrics_from": readers})
    async with client_at(app, host) as client:
        assert (await client.get("http://testserver.local/metrics")).status_code == status
        forwarded = {"X-Forwarded-For": "127.0.0.1"}
        assert (await client.get("http://testserver.local/metrics", headers=forwarded)).status_code == 404


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("HTTPS", "https"), ("https, http", "https"), ("http", "http"), ("ftp", "http")],
)
def test_whether_the_client_speaks_tls(said: str, scheme: str) -> None:
    addresses = ClientAddress(PROXIES)
    asked: dict[str, Any] = {"scheme": "http", "headers": [(b"x-forwarded-proto", said.encode())]}
    assert addresses.scheme_of({**asked, "client": ("::ffff:10.1.2.3", 50123)}) == scheme  # type: ignore[arg-type]
    assert addresses.scheme_of({**asked, "client": (STRANGER, 50123)}) == "http"  # type: ignore[arg-type]
    assert addresses.scheme_of({**asked, "client": None}) == "http"  # type: ignore[arg-type]
