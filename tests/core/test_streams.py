"""Output that nobody takes, and characters that it has not: no traceback, and servers go on."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
import structlog

from starbeam import logs
from support.commands import STARBEAM, Running, Site, environment, free_port


def test_a_server_goes_on_when_nobody_takes_its_words(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.make_database()
    port, (reading, writing) = free_port(), os.pipe()
    words = [STARBEAM, "serve", "--config", str(site.config), "--port", str(port)]
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(words, cwd=tmp_path, env=environment({}), stdout=full, stderr=writing)
    os.close(writing)
    try:
        server = Running(process, port, Path(os.devnull), Path(os.devnull))
        server.wait_for(lambda: server.ended or answers(port))
        os.close(reading)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(5):
                assert client.get("/health/live").status_code == 200
        assert server.end(signal.SIGTERM) == 0
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("output", "status", "said"),
    [
        (">/dev/full", 1, "starbeam: cannot write: No space left on device\n"),
        (">/dev/full 2>&1", 1, ""),
        ("<&- >&-", 0, ""),
        ("| true", 0, ""),
    ],
)
def test_a_command_whose_output_nobody_takes(output: str, status: int, said: str) -> None:
    ended = subprocess.run(
        ["sh", "-c", f"{STARBEAM} --help {output}"],
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (status, said)


@pytest.mark.parametrize(
    "words",
    [["call", b"/x\xff"], ["call", "/", "--token", "ü"], ["serve", "--host", "ü..x"], [b"\xff"]],
    ids=repr,
)
def test_arguments_beyond_ascii(tmp_path: Path, words: list[str | bytes]) -> None:
    site = Site(tmp_path)
    site.make_database()
    config = environment({"STARBEAM_CONFIG": str(site.config)})
    ended = subprocess.run([STARBEAM, *words], cwd=tmp_path, env=config, capture_output=True, check=False)
    assert ended.returncode in (1, 2)
    assert b"Traceback" not in ended.stderr
    assert ended.stderr


def test_a_line_that_is_no_json_is_said_as_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[:])
    logs.configure()
    structlog.configure(cache_logger_on_first_use=False)
    try:
        structlog.get_logger().info("half", name="\ud800")
    finally:
        structlog.reset_defaults()
    assert "\\ud800" in json.loads(stream.getvalue())["event"]
