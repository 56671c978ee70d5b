"""Files that somebody made to do harm, and names that lead elsewhere: a refusal or what is right, never what
lies outside of the folders, and never an error of the server's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from support.detector import frames, write_cbf, write_eiger, write_image, write_mrc
from support.tried import tried

pytestmark = pytest.mark.anyio

SECRET = b"what-nobody-may-see-" * 40
GROVE = "/data/h5grove"
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/data/images", {"imageNumber": 1}),
    ("/data/images/header", {"imageNumber": 1}),
    ("/data/images/histogram", {"imageNumber": 1}),
    (f"{GROVE}/meta", {"path": "/"}),
    (f"{GROVE}/paths", {"path": "/"}),
    (f"{GROVE}/attr", {"path": "/entry"}),
    (f"{GROVE}/data", {"path": "/entry/data/data_000001", "format": "bin"}),
    (f"{GROVE}/stats", {"path": "/entry/data/data_000001"}),
    ("/data/frames/{key}/1/picture", {}),
)


def wrong(answer: httpx.Response) -> Any:
    """What is no answer to a hostile file."""
    if SECRET[:20] in answer.content or b"Traceback" in answer.content:
        return "tells"
    if answer.is_success or answer.status_code in (404, 422):
        return None
    said = answer.status_code, answer.headers.get("Retry-After")
    return None if said == (503, "5") else (said, answer.text[:200])


async def faults(beamline: Any, key: int) -> dict[str, Any]:
    """What is wrong with the answers of each operation that reads files."""
    found = {}
    for address, query in ASKED:
        answer = await beamline.get(address.format(key=key), dataCollectionId=key, **query)
        if fault := wrong(answer):
            found[address] = fault
    return found


# Damaged files


def make(folder: Path) -> dict[str, bytes]:
    """A sound file of each kind, by its ending."""
    image = frames(1)[0].astype("<i4")
    write_cbf(folder / "a.cbf", image)
    write_image(folder / "a.edf", image)
    write_image(folder / "a.tif", image.astype("<u2"))
    write_mrc(folder / "a.mrc", np.ones((1, 4, 5), "<f4"), 2)
    Image.fromarray(np.ones((4, 5), "u1")).save(folder / "a.png")
    write_eiger(folder, frames(2), per_file=2, prefix="b")
    sound = {file.suffix: file.read_bytes() for file in sorted(folder.glob("a.*"))}
    return {**sound, "_master.h5": (folder / "b_master.h5").read_bytes()}


Harm = list[tuple[str, float, bytes]]
HARM = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("over"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("over"), st.floats(0, 0.05), st.sampled_from([b"\xff" * 8, b"\0" * 8, b"9" * 12])),
    st.tuples(st.just("in"), st.floats(0, 1), st.binary(min_size=1, max_size=300)),
)
"""What is done to a file, where in it, and with which bytes."""


def harmed(content: bytes, harm: Harm) -> bytes:
    """The content after all of it."""
    for how, where, words in harm:
        place = int(where * len(content))
        left = content[:place]
        content = left if how == "cut" else left + words + content[place + (how == "over") * len(words) :]
    return content


ENDINGS = (".cbf", ".edf", ".mrc", ".png", ".tif", "_master.h5")


@tried(8)
@given(st.sampled_from(ENDINGS), st.sampled_from(ENDINGS), st.lists(HARM, min_size=1, max_size=4))
@example(".edf", ".cbf", [("over", 0.0, b"{\nEDF_BinaryFileName = secret ;\n")])
@example(".cbf", ".cbf", [("in", 0.9, b"0" * 300)])
async def test_damaged_files(
    beamline: Any, kind: str, name: str, harm: list[tuple[str, float, bytes]]
) -> None:
    """Under their own name, and under one of another kind."""
    sound = make(beamline.folder)
    (beamline.folder.parent / "secret").write_bytes(SECRET)
    (beamline.folder / f"bad{name}").unlink(missing_ok=True)
    (beamline.folder / f"bad{name}").write_bytes(harmed(sound[kind], harm))
    assert await faults(beamline, await beamline.collect(f"bad{name}")) == {}


# Names that lead elsewhere


STEPS = st.sampled_from(
    [
        *(
            "..",
            ".",
            "",
            "inside",
            "out",
            "up",
            "circle",
            "pipe",
            "secret",
            "data",
            "%2e%2e",
            "..%2f",
            "..\\",
        ),
        *("\u2025", "\uff0e\uff0e", "a\0b", "~", "*", "%s", "####", "x" * 300, "\ufffd"),
    ]
)
NAMES = st.one_of(
    st.lists(STEPS, min_size=1, max_size=5).map("/".join),
    st.sampled_from(
        ["/proc/self/environ", "/dev/zero", "/proc/self/fd/0", "/etc/passwd", "file:///etc/passwd"]
    ),
)


def traps(folder: Path) -> None:
    """Links out of the folder, in a circle, and what never ends."""
    (folder.parent / "secret").write_bytes(SECRET)
    for name, target in {"out": "../secret", "up": "..", "circle": "circle", "inside": "."}.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    if not (folder / "pipe").exists():
        os.mkfifo(folder / "pipe")


@tried(14)
@given(NAMES, NAMES, st.booleans())
@example("..", "secret", True)
@example("up", "secret", True)
@example("", "out", True)
@example("", "pipe", True)
async def test_names_that_lead_elsewhere(beamline: Any, folder: str, name: str, below: bool) -> None:
    """Of images, and of files that are sent."""
    traps(beamline.folder)
    where = f"{beamline.folder}/{folder}" if below else folder
    key = await beamline.collect(name, folder=where)
    assert await faults(beamline, key) == {}


@tried(8)
@given(NAMES)
@example("../../secret")
@example("/secret")
async def test_links_of_a_file_that_lead_elsewhere(beamline: Any, name: str) -> None:
    """Of all kinds that HDF5 has."""
    traps(beamline.folder)
    file_name = name.replace("\0", "") or "x"
    with h5py.File(beamline.folder / "l_master.h5", "w") as file:
        data = file.create_group("entry/data")
        data["data_000001"] = h5py.ExternalLink(file_name, "/")
        layout = h5py.VirtualLayout((1, 4, 4), "<u4")
        layout[:] = h5py.VirtualSource(file_name.replace("%", "%%"), "values", (1, 4, 4))
        data.create_virtual_dataset("data_000002", layout)
        data.create_dataset("data_000003", (1, 4, 4), "<u4", external=[(file_name, 0, 64)])
    key = await beamline.collect("l_master.h5")
    assert await faults(beamline, key) == {}
    for number in (2, 3):
        path = f"/entry/data/data_00000{number}"
        answer = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path=path, format="bin")
        assert wrong(answer) is None
