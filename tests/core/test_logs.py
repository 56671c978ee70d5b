"""What is in the log, and what must not be."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import jwt
import pytest
import structlog
from litestar import get
from sqlalchemy.exc import OperationalError

from starbeam import loader, logs
from starbeam.api import Plugin, authenticated, hookimpl
from starbeam.db.trouble import Outage
from starbeam.discovery import Found
from starbeam_testing.fixtures import AsUser, MakeApp

TOKEN = jwt.encode({"login": "abcd"}, "k" * 32, algorithm="HS256")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to stderr once the log is set up."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = logging.root.handlers[:]
    logs.configure()
    structlog.configure(cache_logger_on_first_use=False)  # or modules would keep this test's stream
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = before


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@get("/explosion", access=authenticated)
async def explosion() -> None:
    """Log, and fail with a token in the error's text."""
    structlog.get_logger().info("about to fail")
    raise RuntimeError(f"cannot use {TOKEN}")


class Explosive(Plugin[Any]):
    """A plugin with a mistake."""

    name = "explosive"
    title = "Fails"

    @hookimpl
    def register_routes(self, ctx: Any) -> list[Any]:
        """One handler that fails."""
        return [explosion]


@pytest.fixture
def explosive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plugin be found as if it were installed."""
    point = EntryPoint("explosive", f"{__name__}:Explosive", "starbeam.plugins")
    monkeypatch.setattr(EntryPoint, "load", lambda self: Explosive)
    monkeypatch.setattr(
        loader,
        "discover",
        lambda files, folder: ({"explosive": Found("explosive", point, "explosive 1")}, []),
    )


@pytest.mark.anyio
async def test_a_mistake_is_one_traceback_with_all_that_identifies_the_request(
    written: io.StringIO, explosive: None, make_app: MakeApp, as_user: AsUser
) -> None:
    app = await make_app("explosive")
    headers = await as_user(app, "abcd") | {"X-Request-ID": "request-7"}
    answer = await app.client.get("/explosion", headers=headers)
    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "Internal server error. The administrator finds it as request request-7."
    }
    of_request = [line for line in lines(written) if line.get("request_id") == "request-7"]
    assert [line["event"] for line in of_request] == ["about to fail", "unexpected error", "request"]
    assert all((line["plugin"], line["person"]) == ("explosive", "abcd") for line in of_request)
    assert written.getvalue().count("Traceback") == 1
    assert "RuntimeError: cannot use ********" in of_request[1]["exception"]
    assert TOKEN not in written.getvalue()
    assert headers["Authorization"].split()[1] not in written.getvalue()


SECRETS = [
    {"password": "hunter2hunter2"},
    {"secret_key": "hunter2hunter2"},
    {"headers": {"Authorization": "Basic hunter2hunter2"}},
    {"url": "mysql+asyncmy://user:hunter2hunter2@host/ispyb"},
    {"path": "/images/1?a=b&onetime=hunter2hunter2"},
    {"path": "/images/1?token=hunter2hunter2"},
    {"said": ["Bearer hunter2hunter2"]},
    {"parameters": ("x", "hunter2" * 20)},
    {"error": RuntimeError("http://user:hunter2hunter2@host")},
]


@pytest.mark.parametrize("fields", SECRETS, ids=str)
def test_secrets_are_masked_wherever_they_stand(written: io.StringIO, fields: dict[str, Any]) -> None:
    structlog.get_logger().warning("something", **fields)
    (line,) = lines(written)
    assert line["event"] == "something"
    assert "hunter2" not in written.getvalue()
    assert "********" in written.getvalue()


def test_what_is_no_secret_stays(written: io.StringIO) -> None:
    fields = {"route": "/auth/{token}", "url": "http://host:8000/a?b=c", "milliseconds": 1.5, "ids": [1, 2]}
    structlog.get_logger().info("something", **fields)
    (line,) = lines(written)
    assert fields.items() <= line.items()


def test_the_loggers_of_libraries_go_the_same_way(written: io.StringIO) -> None:
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        logging.getLogger("sqlalchemy.pool").exception("it is %s", f"bad: {TOKEN}")
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("asyncmy").warning("Incorrect datetime value: 'what a caller sent'")
    first, second = lines(written)
    assert (first["event"], first["level"], first["logger"]) == (
        "it is bad: ********",
        "error",
        "sqlalchemy.pool",
    )
    assert "ValueError: bad ********" in first["exception"]
    assert second["event"] == "started"
    assert TOKEN not in written.getvalue()


# One line per outage

REFUSED = OperationalError("SELECT 1", {}, Exception(2003, "cannot connect"))


def test_an_outage_is_told_once_and_its_end_once() -> None:
    outage = Outage()
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            outage.note(REFUSED)
            outage.note(REFUSED, "cleaning")
        outage.over("cleaning")
        outage.over()
        outage.over()
        outage.note(REFUSED)
    assert [line["event"] for line in said] == [
        "database is away",
        "database works again",
        "database is away",
    ]


def test_a_job_that_fails_alone_does_not_end_with_the_others() -> None:
    outage = Outage()
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            outage.note(PermissionError("may not delete"), "cleaning")
            outage.over()
    assert [line["event"] for line in said] == ["cleaning: unexpected error"]


@pytest.mark.parametrize("colours", [True, False])
def test_on_a_terminal_lines_are_for_people(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch, colours: bool
) -> None:
    """In columns, and in colours but for who wants none; elsewhere they are JSON, as all tests above see."""
    ours, theirs = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "" if colours else "1")
    said = ""
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        logs.configure()
        structlog.get_logger().info("logged in", login="abcd", password="hush")
        structlog.get_logger().error("database is away", error="gone")
        logging.getLogger("uvicorn").warning("of another")
        terminal.flush()
        while said.count("\n") < 3:
            said += os.read(ours, 65_536).decode()
    os.close(ours)
    assert ("\x1b[" in said) is colours
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    assert [re.sub(r"^\S+ ", "", line).rstrip() for line in plain] == [
        "[info     ] logged in                      login=abcd password=********",
        "[error    ] database is away               error=gone",
        "[warning  ] of another                     [uvicorn]",
    ]
