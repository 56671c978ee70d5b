"""The page on a log-in backend of one's own: its files, as they stand there, log people in."""

from __future__ import annotations

import hashlib
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from starbeam.settings import load
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import NOT_VERIFIED, Said, refused, said
from support.workspace import ROOT

pytestmark = pytest.mark.anyio

PAGE = ROOT / "docs" / "how-to" / "own-backend.md"
FILES = re.compile(r"^`([\w./]+)`:\n\n((?:    .*\n|\n)+)", re.MULTILINE)
PASSWORD = "pässword"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the page's files and the password of one person."""
    monkeypatch.chdir(tmp_path)
    files = {name: textwrap.dedent(text) for name, text in FILES.findall(PAGE.read_text(encoding="utf-8"))}
    assert sorted(files) == ["plugins/facility_login.py", "site.toml"]
    Path("plugins").mkdir()
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    digest = hashlib.scrypt(PASSWORD.encode(), salt=b"salt", n=16384, r=8, p=1)
    Path("passwords").write_text(f"abcd:{b'salt'.hex()}:{digest.hex()}\n")
    return tmp_path


@pytest.fixture
async def app(make_app: MakeApp, folder: Path) -> TestApp:
    settings = load(folder / "site.toml", {}).settings
    backends: dict[str, Any] = {
        f"auth.backends.{name}.{key}": value
        for name, table in settings.auth.backends.items()
        for key, value in table.items()
    }
    app = await make_app(*settings.plugins.enabled, **{"plugins.dir": settings.plugins.dir}, **backends)
    await app.database.person("abcd")
    return app


async def log_in(app: TestApp, login: str | None, password: str | None) -> Said:
    body = {"plugin": "staff", "login": login, "password": password}
    return said(await app.client.post("/auth/login", json=body))


async def test_the_pages_backend_lets_in_who_knows_the_password(app: TestApp, folder: Path) -> None:
    status, body = await log_in(app, "abcd", PASSWORD)
    assert (status, body["login"]) == (201, "abcd")
    for login, password in (
        ("abcd", "wrong"),
        ("efgh", PASSWORD),
        ("abcd", ""),
        ("abcd", None),
        (None, PASSWORD),
    ):
        assert await log_in(app, login, password) == NOT_VERIFIED
    (folder / "passwords").unlink()
    assert await log_in(app, "abcd", PASSWORD) == refused(503, "The file of passwords cannot be read.")


async def test_clients_are_told_its_name(app: TestApp) -> None:
    answer = said(await app.client.get("/auth/config"))
    assert answer == (200, {"plugins": [{"name": "staff", "config": {}}]})
