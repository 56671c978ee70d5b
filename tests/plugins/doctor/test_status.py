"""`starbeam status` beside what a running server was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from click.testing import CliRunner, Result

from starbeam.cli.group import cli
from support.commands import Site

API = "/ispyb/api/v1"


def status(*words: str) -> Result:
    return CliRunner().invoke(cli, ["status", *words])


@pytest.mark.parametrize("told", [True, False])
def test_a_running_server_is_told_in_one_screen(tmp_path: Path, told: bool) -> None:
    site = Site(tmp_path, more='[server]\nmetrics_from = ["127.0.0.1"]\n' if told else "")
    site.make_database()
    with site.serving("serve", "--config", str(site.config)) as server:
        base = f"http://127.0.0.1:{server.port}"
        for _ in range(3):
            assert httpx.get(f"{base}{API}/auth/config").status_code == 200
        assert httpx.post(f"{base}{API}/auth/login", json={"plugin": "no", "login": "a"}).status_code == 401
        found = json.loads(status(base, "--json").stdout)
        shown = status(f"{base}/")
    assert (found["status"], found["checks"]["database"], shown.exit_code) == ("ok", "ok", 0)
    assert shown.stdout.splitlines()[0] == f"{base} can serve"
    if not told:
        assert found["figures"] is None
        assert "server.metrics_from names those that may" in shown.stdout
        return
    figures = found["figures"]
    assert figures["answers"] == {"2xx": 4, "4xx": 1}  # with /health/ready
    assert (figures["running"], figures["log_ins"]) == (1, {"refused": 1})
    assert 30 < figures["memory_mb"] < 1000
    slowest = {one["route"]: one["answers"] for one in figures["slowest"]}
    assert slowest == {f"GET {API}/auth/config": 3, f"POST {API}/auth/login": 1, "GET /health/ready": 1}
    assert "log-ins                      1 refused" in shown.stdout


class Elsewhere(BaseHTTPRequestHandler):
    """Something that is no Starbeam."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_no_starbeam_is_told(elsewhere: str) -> None:
    ended = status(elsewhere)
    assert ended.exit_code == 3
    assert f"{elsewhere} is no Starbeam: /health/ready answers 404" in " ".join(ended.stderr.split())
    assert "does not answer" in status("no address").stderr


def test_a_server_without_its_database_cannot_serve(tmp_path: Path) -> None:
    site = Site(tmp_path)
    away = "mysql+asyncmy://ispyb:word@127.0.0.1:1/ispyb"
    with site.serving("serve", "--config", str(site.config), STARBEAM_DATABASE__URL=away) as server:
        ended = status(f"http://127.0.0.1:{server.port}")
    assert ended.exit_code == 1
    assert "cannot serve" in ended.stdout.splitlines()[0]
