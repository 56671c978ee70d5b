"""Nodes of HDF5 files: attributes, values, metadata, statistics and paths."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
import tifffile

from plugins.data.conftest import MakeBeamline
from starbeam_ispyb import models as m
from support.answers import said

pytestmark = pytest.mark.anyio

GROVE = "/data/h5grove"
FRAME = np.arange(24, dtype="<u4").reshape(2, 3, 4)
NO_FILE = (404, {"detail": "File not found", "message": "File not found"})
OPERATIONS = ("attr", "data", "meta", "stats", "paths")


def write(path: Path) -> None:
    """A file with one of everything."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"number": 1.5, "text": "añb", "list": [1, 2], "none": h5py.Empty("f4")})
        file["frame"] = FRAME
        file.create_dataset("packed", data=FRAME, chunks=(1, 3, 4), **hdf5plugin.Bitshuffle(cname="lz4"))
        file["frame"].attrs["unit"] = np.bytes_(b"mm\xff")
        values = {
            "big_endian": np.arange(4, dtype=">i2"),
            "int64": np.array([1, -2], "<i8"),
            "half": np.array([0.5, 2], "<f2"),
            "quad": np.array([0.5, 2], np.longdouble),
            "odd": np.array([1.5, np.nan, np.inf, -2, 0]),
            "complex": np.array([1 + 2j, 3j], "<c16"),
            "flags": np.array([True, False]),
            "scalar": np.float32(2.5),
            "fixed": np.array([b"ab", b"c"], "S2"),
            "opaque": np.array([b"\x01\x02", b"\x03\x04"], "V2"),
            "compound": np.array([(1, 2.5)], [("a", "<i4"), ("b", "<f8")]),
            "empty": h5py.Empty("f4"),
            "nothing": np.zeros((0, 3), "<f4"),
        }
        for name, value in values.items():
            file[f"types/{name}"] = value
        file.create_dataset("types/texts", data=["é", "b"], dtype=h5py.string_dtype())
        lists = file.create_dataset("types/lists", (2,), h5py.vlen_dtype("<i4"))
        lists[0], lists[1] = [1, 2], [3]
        file["named"] = np.dtype("<f8")
        file["soft"] = h5py.SoftLink("/frame")
        file["broken"] = h5py.SoftLink("/gone")
        file["types/up"] = h5py.SoftLink("half")
        file["deep/a/b/c"] = 1
        file["deep/a/loop"] = file["deep"]


@pytest.fixture
async def served(beamline: Any) -> Any:
    """A server whose data collection 1 is the file with everything."""
    write(beamline.folder / "all.h5")
    assert await beamline.collect("all.h5") == 1
    return beamline


async def test_values_are_those_that_h5py_reads(served: Any) -> None:
    with h5py.File(served.folder / "all.h5") as file:
        for name in (
            "frame",
            "packed",
            *(f"types/{one}" for one in file["types"] if one not in ("empty", "lists")),
        ):
            dataset = file[name]
            selections = [None, "0", "0:1", "-1", ":"] if dataset.ndim else [None]
            selections += ["1,:,1:3", ":,0:3:2", "0,2,3", "-1,-2:,:"] if dataset.ndim == 3 else []
            if dataset.shape and dataset.shape[0] == 0:
                selections = [None]
            for selection in selections:
                index = eval(f"np.s_[{selection}]") if selection else ()
                query = {"path": name, "format": "bin", "selection": selection}
                answer = await served.get(
                    f"{GROVE}/data/",
                    dataCollectionId=1,
                    **{key: value for key, value in query.items() if value is not None},
                )
                if dataset.dtype.kind in "biufc" or dataset.dtype.str == "|V2":
                    wanted = np.asarray(dataset[index], dataset.dtype)
                    found = np.frombuffer(answer.content, dataset.dtype).reshape(wanted.shape)
                    # by value too: a long double has bytes that mean nothing
                    same = found.tobytes() == wanted.tobytes() or np.array_equal(found, wanted)
                    assert same, (name, selection)
                    assert answer.headers["content-type"] == "application/octet-stream"
                else:
                    assert answer.status_code == 422, name


async def test_values_as_json(served: Any) -> None:
    wanted = {
        "big_endian": [0, 1, 2, 3],
        "int64": [1, -2],
        "half": [0.5, 2.0],
        "up": [0.5, 2.0],
        "quad": [0.5, 2.0],
        "odd": [1.5, None, None, -2.0, 0.0],
        "complex": [[1.0, 2.0], [0.0, 3.0]],
        "flags": [True, False],
        "scalar": 2.5,
        "fixed": ["ab", "c"],
        "opaque": ["\x01\x02", "\x03\x04"],
        "compound": [[1, 2.5]],
        "empty": None,
        "nothing": [],
        "texts": ["é", "b"],
        "lists": [[1, 2], [3]],
    }
    for name, value in wanted.items():
        for slash in ("", "/"):
            answer = await served.get(f"{GROVE}/data{slash}", dataCollectionId=1, path=f"/types/{name}")
            assert said(answer) == (200, value), name
    flat = await served.get(
        f"{GROVE}/data/", dataCollectionId=1, path="/frame", selection="0,:,1", flatten=True
    )
    assert flat.json() == [1, 5, 9]


async def test_other_formats(served: Any) -> None:
    def ask(name: str, **query: Any) -> Any:
        return served.get(f"{GROVE}/data/", dataCollectionId=1, path=name, **query)

    npy = await ask("/frame", format="npy")
    assert np.array_equal(np.load(io.BytesIO(npy.content)), FRAME)
    assert npy.headers["content-disposition"] == 'attachment; filename="data.npy"'
    csv = await ask("/frame", format="csv", selection="1")
    assert np.array_equal(np.loadtxt(io.BytesIO(csv.content), delimiter=","), FRAME[1])
    assert csv.headers["content-type"] == "text/csv"
    assert csv.headers["content-disposition"] == 'attachment; filename="data.csv"'
    tiff = await ask("/frame", format="tiff", selection="1")
    assert np.array_equal(tifffile.imread(io.BytesIO(tiff.content)), FRAME[1])
    assert tiff.headers["content-type"] == "image/tiff"
    safe = {"big_endian": "<i2", "half": "<f4", "quad": "<f8", "odd": "<f8", "flags": "?"}
    with h5py.File(served.folder / "all.h5") as file:
        for name, dtype in safe.items():
            answer = await ask(f"/types/{name}", format="bin", dtype="safe")
            assert answer.content == file[f"types/{name}"][()].astype(dtype).tobytes(), name
    # h5web before 17 asks with a slash and reads 32 bits; since then it reads 64
    for slash, dtype in (("/", "<i4"), ("", "<i8")):
        answer = await served.get(
            f"{GROVE}/data{slash}", dataCollectionId=1, path="/types/int64", format="bin", dtype="safe"
        )
        assert answer.content == np.array([1, -2], dtype).tobytes()


async def test_attributes(served: Any) -> None:
    every = await served.get(f"{GROVE}/attr/", dataCollectionId=1)
    assert every.json() == {"number": 1.5, "text": "añb", "list": [1, 2], "none": None}
    some = await served.get(f"{GROVE}/attr", dataCollectionId=1, attr_keys=["list", "text"])
    assert some.json() == {"list": [1, 2], "text": "añb"}
    unit = await served.get(f"{GROVE}/attr/", dataCollectionId=1, path="/soft")
    assert unit.json() == {"unit": "mm\ufffd"}


async def test_metadata_in_both_forms(served: Any) -> None:
    async def ask(slash: str, path: str, **query: Any) -> Any:
        return (await served.get(f"{GROVE}/meta{slash}", dataCollectionId=1, path=path, **query)).json()

    old = await ask("/", "/packed")
    assert (old["name"], old["type"], old["dtype"]) == ("packed", "dataset", "<u4")
    assert (old["shape"], old["chunks"]) == ([2, 3, 4], [1, 3, 4])
    assert [one["id"] for one in old["filters"]] == [hdf5plugin.BSHUF_ID]
    root = await ask("/", "/")
    assert (root["name"], root["type"]) == ("", "group")
    assert {one["name"]: (one["dtype"], one["shape"]) for one in root["attributes"]}["list"] == ("<i8", [2])
    kinds = {one["name"]: one["type"] for one in root["children"]}
    assert kinds == {
        "broken": "soft_link",
        "deep": "group",
        "frame": "dataset",
        "named": "datatype",
        "packed": "dataset",
        "soft": "dataset",
        "types": "group",
    }
    new = await ask("", "/packed")
    assert (new["kind"], new["type"]["class"], new["type"]["size"]) == ("dataset", 0, 4)
    assert (await ask("/", "/broken"))["target_path"] == "/gone"
    assert (await ask("/", "/soft", resolve_links="none"))["type"] == "soft_link"
    assert (await ask("/", "/soft", resolve_links="ALL"))["type"] == "dataset"
    assert "children" not in root["children"][1]


@pytest.mark.parametrize("form", ["old", "new"])
async def test_the_form_with_a_slash_is_a_setting(make_beamline: MakeBeamline, form: str) -> None:
    """h5web from 11 on reads `type.class`, and until 16 asks with the slash."""
    at = await make_beamline(**{"plugin.data.meta_form": form})
    with h5py.File(at.folder / "a.h5", "w") as file:
        file.create_dataset("x", data=np.arange(3, dtype=">u2")).attrs["n"] = np.int8(1)
    await at.collect("a.h5")

    async def meta(address: str) -> Any:
        return (await at.get(f"{GROVE}/{address}", dataCollectionId=1, path="/x")).json()

    new = await meta("meta")
    assert new["type"] == {"class": 0, "dtype": ">u2", "order": 1, "sign": 0, "size": 2}
    with_slash = await meta("meta/")
    assert with_slash["attributes"][0]["type"] == {
        "class": 0,
        "dtype": "|i1",
        "order": 0,
        "sign": 1,
        "size": 1,
    }
    if form == "new":
        assert with_slash == new
    else:
        assert (with_slash["type"], with_slash["dtype"]) == ("dataset", ">u2")


@pytest.mark.fix(84)
async def test_statistics(served: Any) -> None:
    async def ask(name: str, **query: Any) -> Any:
        return await served.get(f"{GROVE}/stats/", dataCollectionId=1, path=name, **query)

    odd = (await ask("/types/odd")).json()
    assert odd == {
        "strict_positive_min": 1.5,
        "positive_min": 0.0,
        "min": -2.0,
        "max": 1.5,
        "mean": pytest.approx(-0.5 / 3),
        "std": pytest.approx(np.std([1.5, -2, 0])),
    }
    part = (await ask("/frame", selection="1,:,0:2")).json()
    assert (part["min"], part["max"], part["positive_min"]) == (12, 21, 12)
    nothing = (await ask("/types/nothing")).json()
    assert set(nothing.values()) == {None}
    for name in ("fixed", "texts", "compound", "complex", "empty"):
        assert said(await ask(f"/types/{name}"))[0] == 422, name


async def test_paths_name_everything_once_also_where_links_lead_in_a_circle(served: Any) -> None:
    found = await served.get(f"{GROVE}/paths", dataCollectionId=1, path="/deep")
    assert found.json() == ["/deep", "/deep/a", "/deep/a/b", "/deep/a/loop", "/deep/a/b/c"]
    every = (await served.get(f"{GROVE}/paths/", dataCollectionId=1)).json()
    assert {"/", "/frame", "/soft", "/broken", "/types/odd", "/named"} <= set(every)
    assert len(every) == len(set(every))


@pytest.mark.fix(83)
async def test_errors_say_why(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (served.folder / "text.h5").write_bytes(b"no HDF5 at all")
    text = await served.collect("text.h5")
    wanted: list[tuple[str, dict[str, Any], int, str]] = [
        ("data", {"path": "/gone"}, 404, "/gone is not a valid path in the file"),
        ("data", {"path": "/frame/x"}, 404, "/frame/x is not a valid path in the file"),
        ("data", {"path": "/broken"}, 404, "Cannot resolve the link at /broken"),
        ("meta", {"path": "/broken", "resolve_links": "all"}, 404, "Cannot resolve the link at /broken"),
        ("attr", {"attr_keys": "gone"}, 404, "There is no attribute gone"),
        ("data", {"path": "/"}, 422, "Wrong file type"),
        ("stats", {"path": "/types"}, 422, "Wrong file type"),
        ("paths", {"path": "/frame"}, 422, "Wrong file type"),
        ("attr", {"path": "/broken"}, 422, "Wrong file type"),
        ("meta", {"resolve_links": "some"}, 422, ""),
        ("data", {"path": "/frame", "format": "xml"}, 422, ""),
        ("data", {"path": "/frame", "dtype": "f4"}, 422, ""),
        ("data", {"path": "/frame", "format": "tiff"}, 422, "The format tiff does not fit these data"),
        ("data", {"path": "/frame", "format": "csv"}, 422, "The format csv does not fit these data"),
        ("data", {"path": "/types/scalar", "format": "csv"}, 422, "The format csv does not fit these data"),
        ("data", {"path": "/types/fixed", "format": "npy"}, 422, "The format npy does not fit these data"),
        ("data", {"path": "/types/texts", "dtype": "safe"}, 422, "The data set does not hold numbers"),
        ("data", {"path": "/types/scalar", "selection": "0"}, 422, ""),
        ("data", {"dataCollectionId": text}, 422, "The file is not an HDF5 file"),
    ]
    bad = ("a", "", "1:2:3:4", "5", "0,0,0,0", "::0", "::-1", "1.5", "9" * 30, "...", "1,")
    wanted += [("data", {"path": "/frame", "selection": one}, 422, "") for one in bad]
    for operation, query, status, sentence in wanted:
        answer = await served.get(f"{GROVE}/{operation}", **{"dataCollectionId": 1, **query})
        body = answer.json()
        assert (answer.status_code, body["detail"]) == (status, sentence or body["detail"]), query
        assert body["message"] == body["detail"]
    monkeypatch.setattr("starbeam_data.routes.readable", lambda file: False)
    for operation in OPERATIONS:
        answer = await served.get(f"{GROVE}/{operation}", dataCollectionId=1, path="/frame")
        assert (answer.status_code, answer.json()["message"]) == (
            403,
            "Cannot read file: Permission denied!",
        )


@pytest.mark.fix(81, 82)
async def test_the_file_of_an_attachment_or_a_robot_action(make_beamline: Any, db: Any) -> None:
    await db.sql("ALTER TABLE RobotAction ADD COLUMN resultFilePath VARCHAR(255)")
    beamline = await make_beamline()
    for name in ("all.h5", "ALL.HDF5", "all.txt"):
        write(beamline.folder / name)
    await beamline.collect("all.h5")
    await db.add(m.AutoProcProgram, autoProcProgramId=1)
    await db.add(m.AutoProcIntegration, autoProcIntegrationId=1, dataCollectionId=1, autoProcProgramId=1)
    files = (
        ("Result", "all.h5", 0),
        ("Result", "ALL.HDF5", 0),
        ("Result", "all.txt", 0),
        ("Log", "all.h5", 0),
        ("Result", "all.h5", 1),
        ("Result", None, 0),
    )
    for key, (kind, name, deleted) in enumerate(files, 1):
        row = {"fileType": kind, "fileName": name, "filePath": str(beamline.folder), "deleted": deleted}
        key_of = {"autoProcProgramAttachmentId": key, "autoProcProgramId": 1}
        await db.add(m.AutoProcProgramAttachment, {**key_of, **row})
    await db.add(m.RobotAction, robotActionId=1, blsessionId=1)
    await db.add(m.RobotAction, robotActionId=2, blsessionId=1)
    await db.sql(
        "UPDATE RobotAction SET resultFilePath = :path WHERE robotActionId = 1",
        path=str(beamline.folder / "all.h5"),
    )

    async def status(**query: int) -> int:
        answer = await beamline.get(f"{GROVE}/data", path="/frame", **query)
        assert answer.status_code == 200 or said(answer) == NO_FILE
        return int(answer.status_code)

    assert [await status(autoProcProgramAttachmentId=key) for key in range(8)] == [
        *(404, 200, 200, 404, 404, 404, 404, 404)
    ]
    assert [await status(robotActionId=key) for key in range(3)] == [404, 200, 404]
    assert await status(dataCollectionId=9, robotActionId=1) == 404
    assert await status() == 404


@pytest.mark.fix(82)
async def test_a_robot_action_has_no_file_where_the_schema_has_none(served: Any) -> None:
    await served.db.add(m.RobotAction, robotActionId=1, blsessionId=1)
    for operation in OPERATIONS:
        assert said(await served.get(f"{GROVE}/{operation}/", robotActionId=1)) == NO_FILE
