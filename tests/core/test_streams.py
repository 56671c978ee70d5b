"""Output that nobody takes, and characters that it has not: no traceback, and servers go on."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
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


def test_a_server_goes_on_when_its_reader_has_stopped(tmp_path: Path) -> None:
    """The pipe of its log is full before it starts; when somebody reads again, no line is missing."""
    site = Site(tmp_path)
    site.make_database()
    port, (reading, writing) = free_port(), os.pipe()
    full = fill(writing)
    words = [STARBEAM, "serve", "--config", str(site.config), "--port", str(port)]
    process = subprocess.Popen(words, cwd=tmp_path, env=environment({}), stdout=writing, stderr=writing)
    os.close(writing)
    try:
        server = Running(process, port, Path(os.devnull), Path(os.devnull))
        server.wait_for(lambda: server.ended or answers(port))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for number in range(50):
                assert client.get("/nowhere", headers={"X-Request-ID": f"n{number}"}).status_code == 404
        process.send_signal(signal.SIGTERM)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()[full:].decode()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line["event"] == "request"] == [404] * 50
    assert f"Starbeam {version('starbeam-core')} serves" in said
    assert lines[-1]["event"].startswith("Finished server process")


def fill(pipe: int) -> int:
    """Write to a pipe until it takes no more. How much that was."""
    written = 0
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            written += os.write(pipe, b"." * 512)
    os.set_blocking(pipe, True)
    return written


TALK = """
import sys, time
from starbeam import logs, streams
streams.WAITING = 100
streams.prepare()
with streams.behind():
    logs.configure()
    for number in range(300):
        sys.stderr.write(f"line {number}\\n")
    print("all", flush=True)
    sys.stdin.read()
"""


def talking(reading: int, writing: int) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    started = subprocess.Popen(
        [sys.executable, "-c", TALK], stdin=pipe, stdout=pipe, stderr=writing, text=True, env=environment({})
    )
    os.close(writing)
    assert started.stdout is not None
    assert started.stdout.readline() == "all\n"  # so it waited for nobody
    return started


def test_what_is_lost_is_counted_and_said() -> None:
    reading, writing = os.pipe()
    full = fill(writing)
    process = talking(reading, writing)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()[full:].decode().splitlines()
    assert process.wait(60) == 0
    kept = [line for line in said if line.startswith("line ")]
    (told,) = [json.loads(line) for line in said if line.startswith("{")]
    assert kept == [f"line {number}" for number in range(len(kept))]
    assert len(kept) in (100, 101)  # one may be in the hand of who writes
    assert told["event"] == "output was lost: nobody took it"
    assert told["texts"] + len(kept) == 300


def test_a_process_ends_though_nobody_ever_reads() -> None:
    reading, writing = os.pipe()
    fill(writing)
    process = talking(reading, writing)
    process.communicate(timeout=60)
    os.close(reading)
    assert process.returncode == 0


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
