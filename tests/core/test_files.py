"""Files that rows name: where they are found, and how they are sent."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, get
from litestar.exceptions import HTTPException
from litestar.params import FromQuery
from structlog.testing import capture_logs

from starbeam import files as module
from starbeam.db.trouble import Outage
from starbeam.files import Files
from starbeam.http import errors
from starbeam.http.files import FileAnswer, send_file
from starbeam.refusals import Refusal, Unavailable
from starbeam.settings import Files as Settings
from support.tried import tried

pytestmark = pytest.mark.anyio

TEXT = b"0123456789" * 20_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder that is served, with a file beside it that is not."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_bytes(TEXT)
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return folder


def below(*roots: Path, path_map: str = "") -> Files:
    return Files(Settings(roots=[str(root) for root in roots], path_map=path_map))


@pytest.mark.fix(30)
def test_only_regular_files_below_a_root_are_found(root: Path, tmp_path: Path) -> None:
    files = below(root)
    (root / "inside").symlink_to(root / "a.txt")
    (root / "outside").symlink_to(tmp_path / "secret.txt")
    (root / "up").symlink_to(tmp_path)
    (root / "circle").symlink_to(root / "circle")
    (tmp_path / "data2").mkdir()
    (tmp_path / "data2" / "a.txt").touch()
    os.mkfifo(root / "fifo")
    real = (root / "a.txt").resolve()
    found = {
        name: files.locate(f"{root}/{name}")
        for name in (
            *("a.txt", "./a.txt", "inside", "outside", "up/secret.txt", "../secret.txt", "../data2/a.txt"),
            *("circle", "fifo", "", "missing", "a\0b", "x" * 5000, "a.txt/b"),
        )
    }
    assert {name: file for name, file in found.items() if file} == dict.fromkeys(
        ("a.txt", "./a.txt", "inside"), real
    )
    assert Files(Settings()).locate(str(real)) is None


@pytest.mark.fix(29)
async def test_no_path_is_no_file(root: Path) -> None:
    assert [await below(root).find(path) for path in (None, "")] == [None, None]


@pytest.mark.fix(28)
def test_path_map_is_put_in_front_as_it_is(root: Path, tmp_path: Path) -> None:
    assert below(tmp_path, path_map=str(tmp_path)).locate("/data/a.txt") == (root / "a.txt").resolve()
    assert below(tmp_path, path_map=f"{tmp_path}/da").locate("ta/a.txt") == (root / "a.txt").resolve()
    assert below(tmp_path, path_map=str(root)).locate("/../secret.txt") is None


async def test_flags_do_not_wait_for_a_file_system_that_hangs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, hanging, locate = below(root), threading.Event(), Files.locate

    def slow(self: Files, path: str | None) -> Path | None:
        if path == "/hangs":
            hanging.wait(20)
        return locate(self, path)

    monkeypatch.setattr(Files, "locate", slow)
    monkeypatch.setattr(module, "FLAG_PATIENCE", 0.2)
    try:
        flags = await files.exist([f"{root}/a.txt", None, "/hangs", f"{root}/b.txt", f"{root}/a.txt"])
        assert flags == [True, False, False, False, True]
        with pytest.raises(Unavailable):
            await files.run(slow, files, "/hangs", patience=0.1)
    finally:
        hanging.set()


async def test_flags_wait_for_a_file_system_that_is_slow_but_answers(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen at a time, each in a small part of the patience: longer than the patience in all."""
    for number in range(400):
        (root / f"{number}.txt").touch()
    locate = Files.locate

    def slow(self: Files, path: str | None) -> Path | None:
        time.sleep(0.1)
        return locate(self, path)

    monkeypatch.setattr(Files, "locate", slow)
    monkeypatch.setattr(module, "FLAG_PATIENCE", 2.0)
    with capture_logs() as logs:
        assert await below(root).exist([f"{root}/{number}.txt" for number in range(400)]) == [True] * 400
    assert logs == []


async def test_a_file_system_that_comes_and_goes_is_told_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, now = below(root), 1000.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    with capture_logs() as logs:
        for _ in range(100):
            now += 1
            files._note(hanging=True)
            files._note(hanging=False)
        now += module.CALM
        files._note(hanging=False)
        files._note(hanging=False)
    assert [line["event"] for line in logs] == [
        "the file system does not answer",
        "the file system answers again",
    ]


@pytest.fixture
async def client(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server of whatever `name` says."""
    files = below(root)

    @get("/file")
    async def file(name: FromQuery[str], attachment: FromQuery[str | None] = None) -> FileAnswer:
        return await send_file(files, f"{root}/{name}", "Nothing here", attachment)

    answer = partial(errors.answer, outage=Outage())
    app = Litestar([file], exception_handlers={Refusal: answer, HTTPException: answer})
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def test_a_file_is_sent_whole_and_named(client: httpx.AsyncClient) -> None:
    whole = await client.get("/file?name=a.txt")
    assert (whole.status_code, whole.content) == (200, TEXT)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.headers["content-length"] == str(len(TEXT))
    assert "content-disposition" not in whole.headers
    named = await client.get("/file?name=a.txt&attachment=a.txt")
    assert named.headers["content-disposition"] == 'attachment; filename="a.txt"'
    accented = await client.get("/file", params={"name": "a.txt", "attachment": "é.txt"})
    assert accented.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%A9.txt"
    missing = await client.get("/file?name=b.txt")
    assert (missing.status_code, missing.json()["detail"]) == (404, "Nothing here")


async def test_a_part_of_a_file_is_sent(client: httpx.AsyncClient) -> None:
    part = await client.get("/file?name=a.txt", headers={"Range": "bytes=3-7"})
    assert (part.status_code, part.content) == (206, b"34567")
    assert part.headers["content-range"] == f"bytes 3-7/{len(TEXT)}"


ENDS = st.none() | st.integers(0, 12)


@tried(40)
@given(st.lists(st.tuples(ENDS, ENDS), max_size=3), st.text())
async def test_ranges_are_parts_of_the_file(
    client: httpx.AsyncClient, root: Path, ranges: list[tuple[int | None, int | None]], text: str
) -> None:
    (root / "ten.txt").write_bytes(b"0123456789")
    words = ",".join(f"{'' if a is None else a}-{'' if b is None else b}" for a, b in ranges)
    answer = await client.get("/file?name=ten.txt", headers={"Range": f"bytes={words}"})
    assert answer.status_code in (200, 206, 400, 416)
    if len(ranges) == 1 and ranges[0] != (None, None):
        first, last = ranges[0]
        if first is None:  # so many of the last
            right = b"0123456789"[max(10 - last, 0) :]
        else:
            right = b"0123456789"[first : 10 if last is None else last + 1]
        if right and (first is None or last is None or first <= last):
            assert (answer.status_code, answer.content) == (206, right)
        else:
            assert answer.status_code in (400, 416)
    odd = await client.get("/file?name=ten.txt", headers={"Range": text.encode(errors="replace")})
    assert odd.status_code in (200, 206, 400, 416)


@pytest.mark.parametrize("wrong", ["bytes", "lines=1-2", "bytes=", "bytes=a-b", "bytes=5-2"])
async def test_a_range_that_is_none_is_refused_in_a_sentence(client: httpx.AsyncClient, wrong: str) -> None:
    answer = await client.get("/file?name=a.txt", headers={"Range": wrong})
    assert (answer.status_code, answer.json()) == (400, {"detail": "The header Range is malformed."})


async def test_a_range_beyond_the_end_is_refused_in_a_sentence(client: httpx.AsyncClient) -> None:
    answer = await client.get("/file?name=a.txt", headers={"Range": f"bytes={len(TEXT)}-"})
    assert (answer.status_code, answer.json()) == (416, {"detail": "The file has no such range."})
    assert answer.headers["content-range"] == f"bytes */{len(TEXT)}"


async def test_a_file_that_has_not_changed_is_not_sent_again(client: httpx.AsyncClient, root: Path) -> None:
    first = await client.get("/file?name=a.txt")
    same = {"If-None-Match": first.headers["etag"]}
    again = await client.get("/file?name=a.txt", headers=same)
    assert (again.status_code, again.content) == (304, b"")
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert (await client.get("/file?name=a.txt", headers=since)).status_code == 304
    (root / "a.txt").write_bytes(b"new")
    changed = await client.get("/file?name=a.txt", headers=same)
    assert (changed.status_code, changed.content) == (200, b"new")
    part = {"Range": "bytes=0-1", "If-Range": first.headers["etag"]}
    assert (await client.get("/file?name=a.txt", headers=part)).content == b"new"


async def test_gzipped_text_is_text(client: httpx.AsyncClient, root: Path) -> None:
    (root / "a.log.gz").write_bytes(gzip.compress(b"a line"))
    text = await client.get("/file?name=a.log.gz", headers={"Accept-Encoding": "gzip"})
    assert (text.headers["content-type"], text.text) == ("text/plain; charset=utf-8", "a line")
    plain = await client.get("/file?name=a.log.gz", headers={"Accept-Encoding": "gzip;q=0"})
    assert plain.headers["content-type"] == "application/gzip"
    assert gzip.decompress(plain.content) == b"a line"


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.xhtml", "a.svg", "a.xml", "a.log", "a.unknown"])
async def test_what_a_file_holds_runs_in_no_browser(client: httpx.AsyncClient, root: Path, name: str) -> None:
    (root / name).write_text("<script>alert(document.cookie)</script>")
    answer = await client.get("/file", params={"name": name})
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= set(policy)
    assert not [rule for rule in policy if rule.startswith(("script-src", "sandbox "))]


async def test_a_download_is_saved_as_its_name_says(client: httpx.AsyncClient, root: Path) -> None:
    """A client unpacks what is encoded, and keeps the name: a packed file is sent as it lies there."""
    packed = gzip.compress(b"a line")
    for name, kind in {
        "a.log.gz": "application/gzip",
        "A.LOG.GZ": "application/gzip",
        "map.svgz": "application/gzip",
        "scan:1#2.csv.gz": "application/gzip",
        "a.log.xz": "application/x-xz",
        "a.log.ZST": "application/zstd",
    }.items():
        (root / name).write_bytes(packed)
        answer = await client.get(
            "/file", params={"name": name, "attachment": name}, headers={"Accept-Encoding": "gzip, br"}
        )
        assert answer.headers["content-type"] == kind
        assert "content-encoding" not in answer.headers
        assert "vary" not in answer.headers
        assert answer.content == packed


async def test_pictures_are_what_their_names_say(client: httpx.AsyncClient, root: Path) -> None:
    (root / "stored").write_bytes(b"picture")
    for name, kind in {
        "a.jpeg": "image/jpeg",
        "a.JPG": "image/jpeg",
        "A.Png": "image/png",
        "scan:1#2.TIFF": "image/tiff",
        "a.WebP": "image/webp",
        "a.jp2": "image/jp2",
    }.items():
        (root / name).symlink_to("stored")  # a link has a name of its own
        answer = await client.get("/file", params={"name": name})
        assert (answer.headers["content-type"], answer.content) == (kind, b"picture")
    (root / "latest").symlink_to("a.jpg")
    (root / "a.jpg").write_bytes(b"picture")
    assert (await client.get("/file?name=latest")).headers["content-type"] == "image/jpeg"
    (root / "plot.SVG.gz").write_bytes(gzip.compress(b"<svg/>"))
    packed = await client.get("/file?name=plot.SVG.gz", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-type"], packed.text) == ("image/svg+xml", "<svg/>")


@pytest.mark.parametrize("after", ["nothing", "link", "fifo"])
async def test_a_file_that_is_another_than_was_found_is_missing(
    client: httpx.AsyncClient, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    find, name = Files.find, root / "a.txt"
    outside = tmp_path / "outside.txt"
    outside.write_text("outside")

    async def found_and_changed(self: Files, path: str | None) -> Path | None:
        file = await find(self, path)
        name.unlink()
        if after == "link":
            name.symlink_to(outside)
        elif after == "fifo":
            os.mkfifo(name)
        return file

    monkeypatch.setattr(Files, "find", found_and_changed)
    assert (await client.get("/file?name=a.txt")).status_code == 404


async def test_a_file_that_was_opened_is_sent_whatever_its_name_becomes(
    client: httpx.AsyncClient, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside.txt").write_bytes(b"x" * len(TEXT))
    open_file = Files.open

    def opened_and_changed(self: Files, file: str | Path) -> Any:
        opened = open_file(self, file)
        (root / "a.txt").unlink()
        (root / "a.txt").symlink_to(tmp_path / "outside.txt")
        return opened

    monkeypatch.setattr(Files, "open", opened_and_changed)
    assert (await client.get("/file?name=a.txt")).content == TEXT
