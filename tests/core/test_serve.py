"""`starbeam serve`, in real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent, indent

import pytest

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support.commands import SECRET, Running, Site, free_port

API = "/ispyb/api/v1"
SLOW = """
@hookimpl
def register_routes(self, ctx):
    @get("/slow", access=public)
    async def slow() -> str:
        print("begun", flush=True)
        await asyncio.sleep(1.5)
        return "finished"
    return [slow]
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_in_flight_finish(site: Site, number: signal.Signals) -> None:
    site.make_database()
    site.add_plugin("slow", SLOW, "import asyncio")
    with site.serving("serve", "--config", str(site.config)) as server, ThreadPoolExecutor(1) as thread:
        assert server.get("/health/ready").json()["status"] == "ok"
        answer = thread.submit(server.get, f"{API}/slow")
        server.wait_for(lambda: "begun" in server.out)
        server.process.send_signal(signal.SIGHUP)  # there is nobody to replace
        assert server.end(number) == 0
        assert answer.result().text == "finished"
        assert "Traceback" not in server.err


def test_one_line_tells_the_address(site: Site) -> None:
    site.make_database()
    with site.serving("serve", "--config", str(site.config)) as server:
        assert server.out.splitlines() == [
            f"Starbeam {version('starbeam-core')} serves http://127.0.0.1:{server.port}{API}"
        ]
        assert server.get("/health/live").status_code == 200
        assert "server" not in server.get("/health/live").headers


def workers(server: Running) -> list[int]:
    """The processes that began to serve, in their order."""
    found = [re.fullmatch(r"Started server process \[(\d+)\]", str(e["event"])) for e in server.events()]
    return [int(match[1]) for match in found if match]


def test_a_killed_worker_is_replaced(site: Site) -> None:
    site.make_database()
    with site.serving("serve", "--config", str(site.config), "--workers", "2") as server:
        server.wait_for(lambda: len(workers(server)) == 2)
        os.kill(workers(server)[0], signal.SIGKILL)
        server.wait_for(lambda: len(workers(server)) == 3)
        assert server.get("/health/ready").status_code == 200
        assert server.end() == 0
        (told,) = [event for event in server.events() if event["event"] == "worker ended"]
        assert told["level"] == "warning"
        assert told["why"] == "killed by SIGKILL, as when memory is short"
        assert not any(Path(f"/proc/{number}").exists() for number in workers(server))


@pytest.mark.long
def test_workers_that_start_slowly_are_waited_for(site: Site) -> None:
    site.make_database()
    (site.folder / "sitecustomize.py").write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "if '--multiprocessing-fork' in sys.orig_argv:\n"
        "    time.sleep(8)\n"
        "    Path('begun').touch()\n"
    )
    words = ("--config", str(site.config), "--workers", "2")
    with site.serving("serve", *words, PYTHONPATH=str(site.folder)) as server:
        assert (site.folder / "begun").exists(), "it was said too early"
        assert server.get("/health/live").status_code == 200
        server.wait_for(lambda: len(workers(server)) == 2)
        assert server.end() == 0
        assert [event for event in server.events() if event["event"] == "worker ended"] == []


BEGINNINGS = {
    "raises at once": ("return [lambda: 1 / 0]", "ZeroDivisionError: division by zero ("),
    "raises when entered": (
        """
        @asynccontextmanager
        async def beside():
            raise OSError(2, "No such file", "/dev/lamp")
            yield
        return [beside]
        """,
        "FileNotFoundError: [Errno 2] No such file: '/dev/lamp' (",
    ),
    "leaves the process": (
        """
        @asynccontextmanager
        async def beside():
            sys.exit("enough")
            yield
        return [beside]
        """,
        "SystemExit: enough (",
    ),
    "is a generator": (
        """
        async def beside():
            yield
        return [beside]
        """,
        "got beside (function, ",
    ),
    "is a coroutine": (
        """
        async def beside():
            pass
        return [beside]
        """,
        "got beside (function, ",
    ),
    "is synchronous": (
        """
        @contextmanager
        def beside():
            yield
        return [beside]
        """,
        "got beside (function, ",
    ),
    "gives something else": (
        "return [lambda: 5]",
        "got 5 (int), wanted AbstractAsyncContextManager[None] (",
    ),
}


def add_lifespan(site: Site, body: str) -> None:
    head = "import sys\nfrom contextlib import asynccontextmanager, contextmanager"
    hook = "@hookimpl\ndef register_lifespan(self, ctx):\n" + indent(dedent(body), "    ")
    site.add_plugin("lamp", hook, head)


@pytest.mark.parametrize("name", BEGINNINGS)
def test_what_a_plugin_fails_to_begin_stops_the_start(site: Site, name: str) -> None:
    body, cause = BEGINNINGS[name]
    site.make_database()
    add_lifespan(site, body)
    ended = site.run("serve", "--config", str(site.config), "--port", str(free_port()), COLUMNS="400")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if line.lstrip("│ ").startswith("lamp")]
    assert re.search(re.escape(f"register_lifespan: {cause}") + r".*lamp_plugin\.py:\d+\)", line), line


def test_workers_say_what_a_plugin_fails_to_begin(site: Site) -> None:
    site.make_database()
    add_lifespan(site, "return [lambda: 1 / 0]")
    words = ("--port", str(free_port()), "--workers", "2")
    ended = site.run("serve", "--config", str(site.config), *words)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    told = [json.loads(line) for line in ended.stderr.splitlines() if '"cannot start"' in line]
    assert {line["plugin"] for line in told} == {"lamp"}
    assert "register_lifespan: ZeroDivisionError: division by zero (" in told[0]["cause"]


def test_what_a_plugin_fails_to_end_is_one_line(site: Site) -> None:
    site.make_database()
    add_lifespan(
        site,
        """
        @asynccontextmanager
        async def beside():
            yield
            raise KeyError("bulb")
        @asynccontextmanager
        async def other():
            yield
            print("ended in order", flush=True)
        return [other, beside]
        """,
    )
    with site.serving("serve", "--config", str(site.config)) as server:
        assert server.end() == 0
        assert "Traceback" not in server.err
        (told,) = [event for event in server.events() if event["event"] == "plugin failed to end"]
        assert re.fullmatch(r"KeyError: 'bulb' \(.*lamp_plugin\.py:\d+\)", str(told["error"]))
        assert "ended in order" in server.out


@pytest.mark.parametrize("exists", [False, True])
def test_a_server_without_tables_does_not_start(site: Site, exists: bool) -> None:
    if exists:
        (site.folder / "union.db").touch()
    ended = site.run("serve", "--config", str(site.config), "--port", str(free_port()))
    assert ended.returncode == 2
    assert "starbeam db create" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    assert (site.folder / "union.db").exists() is exists, "serving creates nothing"


def test_a_busy_port_is_one_line(site: Site) -> None:
    site.make_database()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = site.run("serve", "--config", str(site.config), "--port", str(port))
    assert ended.returncode == 1
    assert (
        ended.stderr.splitlines()[0] == f"starbeam: cannot listen on 127.0.0.1:{port}: Address already in use"
    )


def test_a_signal_while_modules_load_is_silent(site: Site) -> None:
    interrupts = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (site.folder / "click.py").write_text(interrupts)  # found before the real one
    ended = site.run("serve", PYTHONPATH=str(site.folder))
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_a_plugin_is_asked_is_no_mistake_of_the_plugin(
    site: Site, number: signal.Signals
) -> None:
    site.make_database()
    hook = f"@hookimpl\ndef register_routes(self):\n    os.kill(os.getpid(), {number.value})\n    return []"
    site.add_plugin("lamp", hook, "import os")
    ended = site.run("serve", "--config", str(site.config), "--port", str(free_port()))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_server_starts_without_its_database(site: Site) -> None:
    site.url = f"mysql+asyncmy://starbeam:pass-word@127.0.0.1:{free_port()}/ispyb"
    token = Tokens(Auth(secret_key=SECRET)).make("abcd", 1, [])
    with site.serving("serve", "--config", str(site.config)) as server:
        assert server.get("/health/live").status_code == 200
        assert server.get("/health/ready").status_code == 503
        for _ in range(3):
            answer = server.get(f"{API}/proposals", Authorization=f"Bearer {token}")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        assert server.end() == 0
        said = [event for event in server.events() if event["level"] == "error"]
        assert [event["event"] for event in said] == ["database is away"]
        assert "pass-word" not in server.err


def test_all_causes_that_stop_a_start_are_told_at_once(site: Site) -> None:
    path = '@get("/clash", access=public, sync_to_thread=False)\ndef {0}_clash() -> str:\n    return ""\n'
    routes = "@hookimpl\ndef register_routes(self, ctx):\n    return [{0}_clash]"
    site.add_plugin("first", routes.format("first"), path.format("first"))
    site.add_plugin("second", routes.format("second"), path.format("second"))
    site.add_plugin("broken", "", "import a_module_that_nobody_has")
    site.add_plugin("lonely", 'requires = ("somebody",)')
    site.plugins.append("auth_lpad")
    site.more = '[plugin.proposals]\ncolour = "red"\n'
    ended = site.run("serve", "--config", str(site.config))
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    title, headers, *lines = ended.stderr.splitlines()
    assert title == "starbeam: cannot start: 5 causes"
    assert headers.split() == ["plugin", "package", "stage", "cause", "what", "to", "do"]
    told = {line.split()[0]: line for line in lines}
    assert "No module named 'a_module_that_nobody_has'" in told["broken"]
    assert "plugin.proposals.colour" in told["proposals"]
    assert f"starbeam-proposals {version('starbeam-proposals')}" in told["proposals"]
    assert "needs somebody, which is not enabled" in told["lonely"]
    assert "is not installed" in told["auth_lpad"]
    assert "GET /clash is claimed by first" in told["second"]


def test_several_workers_share_settings_of_the_command_line(site: Site) -> None:
    site.make_database()
    variables = {"STARBEAM_SERVER__API_ROOT": "/elsewhere", "STARBEAM_CONFIG": str(site.config)}
    with site.serving("serve", "--workers", "2", **variables) as server:
        assert server.get("/elsewhere/auth/config").status_code == 200
        site.more = "[server]\nmax_body = 'none'"  # what cannot be read is not taken
        assert site.config.exists()
        server.process.send_signal(signal.SIGHUP)
        server.wait_for(lambda: "the old workers stay" in server.err)
        site.more = '[auth.backends.new]\nuse = "auth_dummy"\ntest_system = true'
        assert site.config.exists()
        server.process.send_signal(signal.SIGHUP)
        server.wait_for(lambda: '"new"' in server.get("/elsewhere/auth/config").text)
        assert server.end(signal.SIGINT) == 0
