"""What is remembered of answers: which files they came from, and no more than there is room for."""

from __future__ import annotations

import gc
import logging
import tracemalloc
import urllib.parse
from typing import Any

import h5py
import pytest

from starbeam_data import origins
from starbeam_data.origins import EACH, Origins
from support.answers import said

pytestmark = pytest.mark.anyio

GROVE = "/data/h5grove"


def test_the_latest_are_kept_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["é" * 50]  # packed: a byte for the list, two for the length, two for each letter
    monkeypatch.setattr(origins, "MOST", 3 * (EACH + 103))
    kept = Origins()
    for job in (b"a", b"b", b"c", b"a", b"d"):
        kept.note(job, names)
    assert [kept.of(job) for job in (b"a", b"b", b"c", b"d")] == [names, None, names, names]
    kept.note(b"e", names * 20)  # more than there is room for
    assert [kept.of(job) for job in (b"a", b"c", b"d", b"e")] == [None] * 4
    kept.note(b"f", [])
    assert kept.of(b"f") == []


@pytest.mark.long
async def test_paths_are_not_kept_at_their_own_length(
    beamline: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="httpx")  # the client's lines would be kept, addresses and all
    with h5py.File(beamline.folder / "a.h5", "w") as file:
        file["values"] = 1
    key, size = await beamline.collect("a.h5"), 30_000

    async def ask(number: int) -> None:
        path = "/." * (size // 2 + number) + "/values"
        answer = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path=path)
        assert said(answer) == (200, 1)

    await ask(0)
    tracemalloc.start()
    try:
        for number in range(1, 31):
            await ask(number)
        urllib.parse.clear_cache()  # the client's
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10 * size


async def test_a_file_that_names_too_many_others_is_refused(beamline: Any) -> None:
    layout = h5py.VirtualLayout((5000, 1), "<i4")
    for number in range(5000):
        layout[number] = h5py.VirtualSource(f"{number}" + "x" * 1000, "values", (1,))
    with h5py.File(beamline.folder / "all.h5", "w", libver="latest") as file:
        file.create_virtual_dataset("series", layout)
        file["values"] = 1
    key = await beamline.collect("all.h5")
    sentence = "The file names too many others"
    answer = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path="/series")
    assert said(answer) == (422, {"detail": sentence, "message": sentence})
    assert said(await beamline.get(f"{GROVE}/data", dataCollectionId=key, path="/values")) == (200, 1)
