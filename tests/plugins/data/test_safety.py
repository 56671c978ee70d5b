"""What files cannot do: lead outside, exhaust the server, or end it. And what saves opening them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np
import pytest

from starbeam_data.process import SLOW, Reader
from starbeam_data.protocol import Order
from starbeam_data.readers import BUSY, Readers
from starbeam_data.settings import DataSettings
from support.answers import said
from support.detector import frames, write_eiger

pytestmark = pytest.mark.anyio

GROVE = "/data/h5grove"
UNRESOLVED = "Cannot resolve the link at /x"
VALUES = np.arange(6, dtype="<i4")


def refusal(status: int, sentence: str) -> tuple[int, dict[str, str]]:
    return status, {"detail": sentence, "message": sentence}


def virtual(file: h5py.File, name: str, source: str, path: str = "values") -> None:
    """A virtual data set of all values of another file."""
    layout = h5py.VirtualLayout((6,), "<i4")
    layout[:] = h5py.VirtualSource(source, path, (6,))
    file.create_virtual_dataset(name, layout, fillvalue=-1)


async def idle(readers: Readers) -> None:
    """Wait until a reader is free."""
    await readers._turns.take(0)
    readers._turns.give(0)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Reader]:
    """The readers that are started."""
    found: list[Reader] = []
    start = Reader.start

    async def noting(*arguments: Any) -> Reader:
        found.append(await start(*arguments))
        return found[-1]

    monkeypatch.setattr(Reader, "start", noting)
    return found


@pytest.mark.fix(30)
async def test_nothing_outside_of_the_roots_is_read(beamline: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["values"] = VALUES
    (tmp_path / "raw").write_bytes(VALUES.tobytes())
    folder = beamline.folder
    with h5py.File(folder / "inside.h5", "w") as file:
        file["values"] = VALUES
        file["away"] = h5py.ExternalLink(str(secret), "/values")
    (folder / "link.h5").symlink_to(secret)
    (folder / "inside.raw").write_bytes(VALUES.tobytes())
    links = {
        "absolute": h5py.ExternalLink(str(secret), "/values"),
        "relative": h5py.ExternalLink("../secret.h5", "/values"),
        "symbolic": h5py.ExternalLink("link.h5", "/values"),
        "over": h5py.ExternalLink("inside.h5", "/away"),
        "soft": h5py.SoftLink("/absolute"),
        "circle": h5py.SoftLink("/circle"),
        "device": h5py.ExternalLink("/dev/zero", "/values"),
    }
    good = {"near": h5py.ExternalLink("inside.h5", "/values"), "far": h5py.SoftLink("near")}
    with h5py.File(folder / "all.h5", "w") as file:
        for name, link in {**links, **good}.items():
            file[name] = link
        for name, source in (
            ("v_absolute", str(secret)),
            ("v_relative", "../secret.h5"),
            ("v_sym", "link.h5"),
        ):
            virtual(file, name, source)
        virtual(file, "v_over", "inside.h5", "away")
        virtual(file, "v_near", "inside.h5")
        virtual(file, "v_missing", "missing.h5")
        for name, raw in (("raw", tmp_path / "raw"), ("raw_near", folder / "inside.raw")):
            file.create_dataset(name, (6,), "<i4", external=[(str(raw), 0, 24)])
        file["group/hard"] = file["raw"]
    key = await beamline.collect("all.h5")

    async def ask(operation: str, name: str) -> Any:
        return said(await beamline.get(f"{GROVE}/{operation}/", dataCollectionId=key, path=f"/{name}"))

    for name in links:
        for operation in ("data", "stats"):
            assert await ask(operation, name) == refusal(404, f"Cannot resolve the link at /{name}"), name
        status, meta = await ask("meta", name)
        assert (status, meta["type"]) == (200, "soft_link" if name in ("soft", "circle") else "external_link")
    for name in ("v_absolute", "v_relative", "v_sym", "v_over", "raw", "group/hard"):
        for operation in ("data", "stats"):
            assert (await ask(operation, name))[0] == 404, name
    for name in ("near", "far", "v_near", "raw_near"):
        assert await ask("data", name) == (200, VALUES.tolist()), name
    assert await ask("data", "v_missing") == (200, [-1] * 6)
    _, root = await ask("meta", "")
    kinds = {child["name"]: child["type"] for child in root["children"]}
    assert {kinds[name] for name in links} == {"soft_link", "external_link"}
    assert (kinds["near"], kinds["far"]) == ("dataset", "dataset")


async def test_a_hostile_file_exhausts_nothing(make_beamline: Any) -> None:
    beamline = await make_beamline(**{"plugin.data.max_answer": 1_000_000, "plugin.data.readers": 1})
    with h5py.File(beamline.folder / "bad.h5", "w") as file:
        file.create_dataset("huge", (10**9, 10**9), "<f8", chunks=(1, 1000))
        file.create_dataset("chunks", (10**5, 10**4), "<f8", chunks=(10**4, 10**4), compression="gzip")
        file["large"] = np.zeros(300_000, "<f4")
        group = file
        for _ in range(500):
            group = group.create_group("g")
        group["end"] = 1
    bomb = frames(1, 600, 600)
    master = write_eiger(beamline.folder, bomb, per_file=1)
    key = await beamline.collect("bad.h5")
    sentence = "The answer has 1200000 bytes; at most 1000000 are sent: ask for a part of it"

    async def ask(operation: str, **query: Any) -> Any:
        return said(await beamline.get(f"{GROVE}/{operation}", dataCollectionId=key, **query))

    for options in ({"format": "json"}, {"format": "bin"}, {"format": "npy"}):
        assert (await ask("data", path="/huge", **options))[0] == 422
        assert await ask("data", path="/large", **options) == refusal(422, sentence)
        assert (await ask("data", path="/large", selection="0:10", **options))[0] == 200
    assert await ask("stats", path="/large") == refusal(422, sentence)
    assert await ask("data", path="/huge", selection="5,0:2") == (200, [0.0, 0.0])
    assert await ask("data", path="/chunks", selection="0,0") == refusal(
        422, "The chunks of this data set are too large"
    )
    status, paths = await ask("paths", path="/")
    assert (status, len(paths)) == (200, 1 + 3 + 500 + 1)
    assert (await ask("data", path=paths[-1]))[0] in (200, 404)
    image = await beamline.collect(master.name)
    too_large = await beamline.get("/data/images", dataCollectionId=image, imageNumber=1)
    assert (too_large.status_code, set(too_large.json())) == (422, {"detail"})


async def test_a_reader_that_dies_or_hangs_is_replaced(
    make_beamline: Any, monkeypatch: pytest.MonkeyPatch, started: list[Reader]
) -> None:
    beamline = await make_beamline(**{"plugin.data.readers": 1, "plugin.data.time_limit": 20.0})
    with h5py.File(beamline.folder / "all.h5", "w") as file:
        file["values"] = VALUES
    key = await beamline.collect("all.h5")

    async def ask() -> httpx.Response:
        found: httpx.Response = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path="/values")
        return found

    whole = Reader.ask

    async def dying(self: Reader, order: Order, seconds: float) -> Any:
        self._process.send_signal(signal.SIGSEGV)
        return await whole(self, order, seconds)

    plugin = beamline.app.starbeam.plugins.enabled["data"]
    assert (await ask()).json() == VALUES.tolist()
    await idle(plugin._readers)  # a moment after the answer
    started[0]._process.send_signal(signal.SIGSEGV)
    await asyncio.to_thread(started[0]._process.wait)
    assert (await ask()).json() == VALUES.tolist()  # it had nothing to do
    with monkeypatch.context() as patched:
        patched.setattr(Reader, "ask", dying)
        died = await ask()
    sentence = "The file cannot be read: reading it failed."
    assert (died.status_code, died.json()) == (503, {"detail": sentence, "message": sentence})
    assert (await ask()).json() == VALUES.tolist()
    assert len(started) == 3
    await idle(plugin._readers)
    started[2]._process.send_signal(signal.SIGSTOP)
    plugin._readers._settings = DataSettings(readers=1, time_limit=0.5)
    first = asyncio.create_task(ask())
    await asyncio.sleep(0.1)
    second, slow = await ask(), await first
    assert (slow.status_code, slow.json()["detail"]) == (503, SLOW)
    assert second.json().get("detail") in (BUSY, SLOW) if second.is_error else second.status_code == 200


def test_a_reader_starts_without_what_serves_http() -> None:
    program = "import sys, starbeam_data.reader.__main__; sys.exit('litestar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # thrice as fast


async def test_damaged_vanishing_and_shrinking_files(beamline: Any) -> None:
    images = np.random.default_rng(1).integers(0, 255, (4, 200, 200)).astype("<u4")
    master = write_eiger(beamline.folder, images, per_file=2)
    data = beamline.folder / "run_1_data_000002.h5"
    key = await beamline.collect(master.name)

    async def status(address: str, /, **query: Any) -> int:
        answer = await beamline.get(address, dataCollectionId=key, **query)
        return int(answer.status_code)

    assert await status("/data/images", imageNumber=4) == 200
    whole = data.read_bytes()
    data.write_bytes(whole[: len(whole) // 2])
    assert await status("/data/images", imageNumber=4) == 404
    data.write_bytes(whole[:3000] + b"\xff" * (len(whole) - 3000))
    assert await status("/data/images", imageNumber=4) in (404, 503)
    assert await status(f"{GROVE}/data", path="/entry/data/data_000002", format="bin") in (404, 422, 503)
    data.unlink()
    assert await status("/data/images", imageNumber=4) == 404
    assert await status("/data/images", imageNumber=1) == 200
    assert await status(f"{GROVE}/meta", path="/entry/data") == 200
    master.unlink()
    assert await status(f"{GROVE}/meta") == 404


async def test_what_has_not_changed_is_not_opened_again(
    beamline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = frames(2)
    master = write_eiger(beamline.folder, images, per_file=2)
    key = await beamline.collect(master.name)
    asked = [
        ("/data/images", {"imageNumber": 2}),
        ("/data/images/histogram", {"imageNumber": 2}),
        (f"{GROVE}/meta/", {"path": "/entry/data"}),
        (f"{GROVE}/data/", {"path": "/entry/data/data_000001", "format": "bin"}),
    ]
    tags = []
    for path, query in asked:
        answer = await beamline.get(path, dataCollectionId=key, **query)
        assert answer.status_code == 200
        tags.append(answer.headers["etag"])
    assert len(set(tags)) == len(tags)

    async def never(*arguments: Any) -> None:
        raise AssertionError("a file is read")

    with monkeypatch.context() as patched:
        patched.setattr("starbeam_data.readers.Readers.read", never)
        for (path, query), tag in zip(asked, tags, strict=True):
            answer = await beamline.get(path, dataCollectionId=key, headers={"If-None-Match": tag}, **query)
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    # the master is the same; the data file that it leads to is another
    write_eiger(beamline.folder / "new", images[::-1], per_file=2)
    (beamline.folder / "new" / "run_1_data_000001.h5").replace(beamline.folder / "run_1_data_000001.h5")
    for (path, query), tag in zip(asked, tags, strict=True):
        answer = await beamline.get(path, dataCollectionId=key, headers={"If-None-Match": tag}, **query)
        assert (answer.status_code, answer.headers["etag"] != tag) == (200, True), path
    assert answer.content == images[::-1].tobytes()


async def test_a_file_that_is_being_written_is_read(beamline: Any, tmp_path: Path) -> None:
    source = """
import h5py, sys
with h5py.File(sys.argv[1], "w", libver="latest") as file:
    values = file.create_dataset("values", (0,), "<i4", maxshape=(None,), chunks=(4,))
    file.swmr_mode = True
    for line in sys.stdin:
        values.resize((len(values) + 1,))
        values[-1] = int(line)
        values.flush()
        print(flush=True)
"""
    command = [sys.executable, "-c", source, str(beamline.folder / "live.h5")]
    writer = subprocess.Popen(  # noqa: ASYNC220 - a moment
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin
    assert writer.stdout
    key = await beamline.collect("live.h5")
    written = []
    try:
        for number in (5, 7):
            writer.stdin.write(f"{number}\n")
            writer.stdin.flush()
            writer.stdout.readline()
            written.append(number)
            answer = await beamline.get(f"{GROVE}/data/", dataCollectionId=key, path="/values")
            assert answer.json() == written
    finally:
        writer.stdin.close()
        writer.wait()
        writer.stdout.close()


async def test_other_requests_are_answered_while_files_are_read(
    make_beamline: Any, started: list[Reader]
) -> None:
    beamline = await make_beamline(**{"plugin.data.readers": 1, "plugin.data.time_limit": 60.0})
    images = np.zeros((8, 1024, 1024), "<u4")
    master = write_eiger(beamline.folder, images, per_file=8)
    key = await beamline.collect(master.name)

    async def ask(**query: str) -> httpx.Response:
        where = {"dataCollectionId": key, "path": "/entry/data/data_000001"}
        found: httpx.Response = await beamline.get(f"{GROVE}/data", **where, **query)
        return found

    readers = beamline.app.starbeam.plugins.enabled["data"]._readers
    assert (await ask(selection="0,0,0")).json() == 0
    await idle(readers)
    started[0]._process.send_signal(signal.SIGSTOP)
    pulling = asyncio.create_task(ask(format="bin"))
    while readers._idle:  # noqa: ASYNC110 - until the reader has something to do
        await asyncio.sleep(0.01)
    live = await beamline.app.client.get(httpx.URL("http://testserver.local/health/live"))
    assert (live.status_code, pulling.done()) == (200, False)
    started[0]._process.send_signal(signal.SIGCONT)
    assert (await pulling).content == images.tobytes()
