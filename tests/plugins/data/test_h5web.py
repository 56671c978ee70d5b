"""h5web reads files from a running server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support import h5web
from support.beamline import fill
from support.commands import SECRET, Site

FRAME = np.arange(24, dtype="<u4").reshape(2, 3, 4)
ROW = {"dataCollectionId": 1}


def write(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "A file"
        packed = file.create_dataset(
            "entry/frames", data=FRAME, chunks=(1, 3, 4), **hdf5plugin.Bitshuffle(cname="lz4")
        )
        packed.attrs["unit"] = "counts"
        file["entry/large"] = np.array([2**40, -1], "<i8")
        file["entry/text"] = "é"
        file["entry/complex"] = np.array([1 + 2j])
        file["entry/flag"] = np.array([True, False])
        file["entry/opaque"] = np.array([b"\x01\x02"], "V2")
        file["entry/table"] = np.array([(1, 2.5)], [("a", "<i4"), ("b", "<f8")])
        file["link"] = h5py.SoftLink("/entry/frames")
        file["broken"] = h5py.SoftLink("/gone")
        file["outside"] = h5py.ExternalLink("/etc/passwd", "/x")


def test_h5web_reads_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder / "all.h5")
    (folder / "text.h5").write_text("no HDF5")
    site = Site(tmp_path, ["auth_dummy", "ispyb", "data"], more=f'[files]\nroots = ["{folder}"]\n')
    site.make_database()
    person = asyncio.run(
        fill(f"sqlite+aiosqlite:///{tmp_path}/union.db", folder, "all.h5", "gone.h5", "text.h5")
    )
    token = Tokens(Auth(secret_key=SECRET)).make("boss", person, ())

    def of(path: str, ask: str = "value", **more: Any) -> dict[str, Any]:
        return {"row": ROW, "ask": ask, "path": path, **more}

    questions = {
        "group": of("/entry", "entity"),
        "frames": of("/entry/frames", "entity"),
        "attributes": of("/entry/frames", "attributes"),
        "title": of("/", "attributes"),
        "value": of("/entry/frames"),
        "slice": of("/entry/frames", selection="1,:,0:2"),
        "link": of("/link", selection="0,0,:"),
        "large": of("/entry/large"),
        "text": of("/entry/text"),
        "complex": of("/entry/complex"),
        "flag": of("/entry/flag"),
        "opaque": of("/entry/opaque"),
        "table": of("/entry/table"),
        "paths": of("/entry", "paths"),
        "broken": of("/broken", "entity"),
        "outside": of("/outside", "entity"),
        "nothing": of("/nothing", "entity"),
        "no file": of("/", "entity", row={"dataCollectionId": 2}),
        "no HDF5": of("/", "entity", row={"dataCollectionId": 3}),
    }
    with site.serving("serve", "--config", str(site.config)) as server:
        url = f"http://127.0.0.1:{server.port}/ispyb/api/v1/data/h5grove"
        answers = h5web.ask(url, token, *questions.values())
    found = {name: one.get("answer", one.get("error")) for name, one in zip(questions, answers, strict=True)}

    names = {child["name"]: child["kind"] for child in found["group"]["children"]}
    assert names == dict.fromkeys(
        ("complex", "flag", "frames", "large", "opaque", "table", "text"), "dataset"
    )
    assert found["frames"]["shape"]["dims"] == [2, 3, 4]
    assert found["frames"]["chunks"] == [1, 3, 4]
    assert found["frames"]["type"]["class"] == "Integer"
    assert (found["attributes"], found["title"]) == ({"unit": "counts"}, {"title": "A file"})
    assert found["value"] == FRAME.ravel().tolist()
    assert found["slice"] == [12, 13, 16, 17, 20, 21]
    assert found["link"] == [0, 1, 2, 3]
    assert found["large"] == [2**40, -1]
    assert (found["text"], found["complex"]) == ("é", [[1, 2]])
    assert found["flag"] in ([1, 0], [True, False])
    assert (found["opaque"], found["table"]) == ([1, 2], [[1, 2.5]])
    assert found["paths"] == ["/entry", *(f"/entry/{name}" for name in sorted(names))]
    assert found["broken"]["link"] == {"class": "Soft", "path": "/gone"}
    assert found["outside"]["link"] == {"class": "External", "file": "/etc/passwd", "path": "/x"}
    assert found["nothing"] == "No entity found at /nothing"
    assert found["no file"] == "File not found: 'file'"
    assert found["no HDF5"] == "The file is not an HDF5 file"
