"""Who asks for much leaves room for others, and gets all of it."""

from __future__ import annotations

import asyncio
import gzip
import struct
from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np
import pytest

from starbeam.refusals import Unavailable
from starbeam_data.process import SLOW, Reader
from starbeam_data.protocol import Metadata, Order, Pixels
from starbeam_data.readers import ANSWERS
from starbeam_data.settings import DataSettings
from starbeam_data.turns import Turns
from support.detector import frames, write_cbf, write_eiger
from support.waiting import until

pytestmark = pytest.mark.anyio

ANNE, BEN, CARL = 1, 2, 3
VALUES = np.arange(6, dtype="<i4")


async def test_one_person_has_a_share_and_others_come_first() -> None:
    turns, order = Turns(3, share=2), list[int]()

    async def ask(person: int) -> None:
        await turns.take(person)
        order.append(person)

    tasks = [asyncio.create_task(ask(person)) for person in (ANNE, ANNE, ANNE, ANNE, BEN, BEN, CARL)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == [ANNE, ANNE, BEN]
    turns.give(ANNE)  # Carl has none; of Anne and Ben, who have one each, Anne came first
    await asyncio.sleep(0)
    assert order[3:] == [CARL]
    turns.give(CARL)
    await asyncio.sleep(0)
    assert order[4:] == [ANNE]
    turns.give(BEN)  # Anne has her share
    await asyncio.sleep(0)
    assert order[5:] == [BEN]
    turns.give(BEN)
    await asyncio.sleep(0)
    assert order[6:] == []
    turns.give(ANNE)
    await asyncio.gather(*tasks)
    assert order[6:] == [ANNE]


async def test_who_waits_no_longer_takes_no_place() -> None:
    turns = Turns(1, share=1)
    await turns.take(ANNE)
    waiting = asyncio.create_task(turns.take(BEN))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    late = asyncio.create_task(turns.take(BEN))
    await asyncio.sleep(0)
    turns.give(ANNE)
    late.cancel()  # in the moment in which it is let in
    await asyncio.wait([late])
    async with asyncio.timeout(60):
        await turns.take(CARL)


async def test_one_person_cannot_hold_all_readers(
    make_beamline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beamline = await make_beamline(**{"server.metrics_from": ["10.0.0.1"]})
    for name in ("hangs.h5", "good.h5"):
        with h5py.File(beamline.folder / name, "w") as file:
            file["values"] = VALUES
    hangs, good = await beamline.collect("hangs.h5"), await beamline.collect("good.h5")
    other = await beamline.app.as_user("other", "all_proposals")
    ask, began, hanging = Reader.ask, asyncio.Semaphore(0), asyncio.Event()

    async def asked(self: Reader, order: Order, seconds: float) -> Any:
        if order.job.file.endswith("hangs.h5"):
            began.release()
            await hanging.wait()
        return await ask(self, order, seconds)

    def get(key: int, **more: Any) -> asyncio.Task[httpx.Response]:
        query = {"dataCollectionId": key, "path": "/values", **more}
        return asyncio.create_task(beamline.get("/data/h5grove/data", **query))

    monkeypatch.setattr(Reader, "ask", asked)
    many = [get(hangs) for _ in range(8)]
    async with asyncio.timeout(60):
        for _ in range(2):
            await began.acquire()
    answers = [await get(good, headers=other) for _ in range(3)]
    assert [answer.json() for answer in answers] == [VALUES.tolist()] * 3
    assert not any(one.done() for one in many)
    await until(lambda: b"starbeam_readers_working 2.0" in beamline.app.starbeam.metrics.text())
    hanging.set()
    assert [(await one).json() for one in many] == [VALUES.tolist()] * 8
    await until(lambda: b"starbeam_readers_working 0.0" in beamline.app.starbeam.metrics.text())


async def test_a_page_of_thumbnails_is_no_attack(beamline: Any) -> None:
    images = frames(20)
    key = await beamline.collect(write_eiger(beamline.folder, images, per_file=20).name)
    asked = [
        beamline.get("/data/images", dataCollectionId=key, imageNumber=number) for number in range(1, 21)
    ]
    answers = await asyncio.gather(*asked)
    assert [answer.text[:99] for answer in answers if answer.is_error] == []
    assert [answer.content for answer in answers] == [image.astype("<f4").tobytes() for image in images]


def most_memory(process: int) -> int:
    """The most bytes of memory that a process has had."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


async def test_a_picture_gets_less_time_and_memory(
    make_beamline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beamline = await make_beamline(**{"plugin.data.max_answer": 1_000_000, "plugin.data.readers": 1})
    packed = gzip.compress(bytes(64 << 20), 1)
    with (beamline.folder / "bomb_0001.cbf.gz").open("wb") as bomb:
        bomb.write(packed * 12)  # 768 MiB: more than a picture may have, less than other jobs may
    with h5py.File(beamline.folder / "a.h5", "w") as file:
        file["values"] = VALUES
    times, ask = list[tuple[bool, float]](), Reader.ask

    async def noting(self: Reader, order: Order, seconds: float) -> Any:
        times.append((isinstance(order.job, Pixels), seconds))
        return await ask(self, order, seconds)

    monkeypatch.setattr(Reader, "ask", noting)
    image, file_key = await beamline.collect("bomb_%04d.cbf.gz", 1), await beamline.collect("a.h5")
    picture = await beamline.get("/data/images", dataCollectionId=image, imageNumber=1)
    assert picture.status_code in (404, 422)
    values = await beamline.get("/data/h5grove/data", dataCollectionId=file_key, path="/values")
    assert values.json() == VALUES.tolist()
    assert times == [(True, 10.0), (False, 30.0)]
    (reader,) = beamline.app.starbeam.plugins.enabled["data"]._readers._started  # the same for both
    assert most_memory(reader._process.pid) < 500 << 20


def circle() -> bytes:
    """A TIFF of 4 by 4 pixels whose directory is followed by itself."""
    entries = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: 4, 279: 16}
    fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries.items())
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + fields + struct.pack("<I", 8)
    return head.ljust(200, b"\0") + bytes(range(16))


async def test_pictures_that_their_library_reads_for_ever_end_in_time(make_beamline: Any) -> None:
    beamline = await make_beamline(**{"plugin.data.time_limit": 15.0})
    write_cbf(beamline.folder / "good_1.cbf", VALUES.reshape(2, 3))
    whole = (beamline.folder / "good_1.cbf").read_bytes()
    (beamline.folder / "endless_1.cbf").write_bytes(whole.replace(b"\x0c\x1a\x04\xd5", b"----"))
    (beamline.folder / "circle_1.tif").write_bytes(circle())
    keys = [await beamline.collect(name) for name in ("endless_%d.cbf", "circle_%d.tif", "good_%d.cbf")]
    asked = [beamline.get("/data/images", dataCollectionId=key, imageNumber=1) for key in keys[:2]]
    assert [(answer.status_code, answer.json()) for answer in await asyncio.gather(*asked)] == [
        (503, {"detail": SLOW})
    ] * 2
    good = await beamline.get("/data/images", dataCollectionId=keys[2], imageNumber=1)
    assert good.content == VALUES.astype("<f4").tobytes()


async def test_answers_that_nobody_takes_are_bounded_in_number(beamline: Any) -> None:
    with h5py.File(beamline.folder / "a.h5", "w") as file:
        file["values"] = VALUES
    readers = beamline.app.starbeam.plugins.enabled["data"]._readers
    job = Metadata(str(beamline.folder / "a.h5"), "/", "none", flat=False)
    kept = [await readers.read(job, ANNE) for _ in range(ANSWERS // 2)]
    readers._settings = DataSettings(time_limit=5.0)
    late = asyncio.create_task(readers.read(job, ANNE))
    assert (await readers.read(job, BEN)).head.size > 0
    with pytest.raises(Unavailable, match="busy"):
        await late
    kept.pop().close()
    assert (await readers.read(job, ANNE)).head.size > 0
