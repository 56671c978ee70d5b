"""Files in trouble, at every address that reads: what others answer stays, and who wants a file is told in
time that there is none, or to come back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from starbeam import files as module
from starbeam.files import Files
from support.expected import routes
from support.writes import GRACE, retry_said

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = [pytest.mark.anyio, pytest.mark.long]

CHANGING = {"/tokens", "/tokens/own", "/tokens/refresh", "/tokens/own/refresh", "/tokens/current"}
"""What is another each time: when tokens were used."""
SECONDS = 40.0
"""What reading a file may take: as long as its time-out."""


def addresses() -> list[str]:
    """Where something is read."""
    reads = {name.split(" ")[1]: route for name, route in routes().items() if name.startswith("GET ")}
    given = [one for path, route in reads.items() for one in (route.path or path, *route.also)]
    return sorted({one for one in given if one.partition("?")[0] not in CHANGING})


async def asked(whole: Whole, among: list[str]) -> dict[str, httpx.Response]:
    """The answers to the administrator; each in time."""
    found = {}
    for path in among:
        began = time.monotonic()
        found[path] = await whole.call("GET ", path, "administrator")
        assert time.monotonic() - began < SECONDS + GRACE, path
    return found


def contents(answers: dict[str, httpx.Response]) -> dict[str, tuple[int, bytes]]:
    """What each says."""
    return {path: (answer.status_code, answer.content) for path, answer in answers.items()}


Replace = Callable[[Path], None]
REPLACED: dict[str, Replace] = {
    "gone": lambda file: None,
    "a folder": lambda file: file.mkdir(),
    "a pipe": os.mkfifo,
    "empty": lambda file: file.touch(),
    "a link to nowhere": lambda file: file.symlink_to("nowhere"),
    "a link in a circle": lambda file: file.symlink_to(file.name),
    "a link to a device": lambda file: file.symlink_to("/dev/zero"),
}


@contextmanager
def replaced(folder: Path, replace: Replace) -> Iterator[None]:
    """Something else in the place of each file below a folder."""
    kept = {file: file.rename(file.with_name(f"{file.name}.kept")) for file in sorted(folder.rglob("*.*"))}
    for file in kept:
        replace(file)
    yield
    for file, other in kept.items():
        if file.is_dir():
            file.rmdir()
        file.unlink(missing_ok=True)
        other.rename(file)


def wrong(answers: dict[str, httpx.Response], usual: dict[str, httpx.Response]) -> dict[str, Any]:
    """What is no answer for who meets a file in trouble."""
    return {
        path: (answer.status_code, answer.text[:200])
        for path, answer in answers.items()
        if not (answer.status_code in (usual[path].status_code, 404, 422) or retry_said(answer))
    }


async def test_files_that_are_something_else(whole: Whole, tmp_path: Path) -> None:
    usual = await asked(whole, addresses())
    with replaced(tmp_path / "files", REPLACED["gone"]):
        without = await asked(whole, addresses())
    concerned = [path for path in usual if contents(usual)[path] != contents(without)[path]]
    assert 20 < len(concerned) < len(usual) / 2
    for name, replace in REPLACED.items():
        with replaced(tmp_path / "files", replace):
            assert (name, wrong(await asked(whole, concerned), usual)) == (name, {})
    assert contents(await asked(whole, concerned)) == {path: contents(usual)[path] for path in concerned}


async def test_a_file_system_that_hangs(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only who wants a file waits, and not for long; when it answers again, all is as before."""
    usual, goes_on, place = await asked(whole, addresses()), threading.Event(), Files.place

    def hanging(self: Files, path: str | None) -> Path | None:
        goes_on.wait()
        return place(self, path)

    with monkeypatch.context() as patched:
        patched.setattr(Files, "place", hanging)
        patched.setattr(module, "PATIENCE", 0.2)
        patched.setattr(module, "FLAG_PATIENCE", 0.1)
        patched.setattr(Files.run, "__kwdefaults__", {"patience": 0.2})
        answers = await asked(whole, addresses())
        goes_on.set()
    assert wrong(answers, usual) == {}
    assert sum(retry_said(answer) for answer in answers.values()) > 5
    assert contents(await asked(whole, addresses())) == contents(usual)
