"""Nodes of HDF5 files that one fault, or one odd value, would hide with all beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from support.answers import said

pytestmark = pytest.mark.anyio

GROVE = "/data/h5grove"
SLASHES = pytest.mark.parametrize("slash", ["", "/"])
"""Both forms of the operations."""
TIME = h5py.h5t.UNIX_D64LE
INTEGER = {"class": 0, "dtype": "<i4", "size": 4, "order": 0, "sign": 1}
ENUMERATION = {"class": 8, "dtype": "<i4", "size": 4, "base": INTEGER, "members": {"gr\ufffdn": 1}}
ASKED: tuple[tuple[str, dict[str, str]], ...] = (("data", {}), ("data", {"format": "bin"}), ("stats", {}))
"""Ways to ask for values."""
DAMAGED = "The file cannot be read: it is damaged, or not complete yet."


def wide() -> Any:
    made = h5py.h5t.STD_I64LE.copy()
    made.set_size(16)
    made.set_precision(128)
    return made


def quadruple() -> Any:
    made = h5py.h5t.IEEE_F64LE.copy()
    made.set_size(16)
    made.set_precision(128)
    made.set_fields(127, 112, 15, 0, 112)
    made.set_ebias(16383)
    return made


def compound() -> Any:
    made = h5py.h5t.create(h5py.h5t.COMPOUND, 16)
    made.insert(b"value", 0, h5py.h5t.NATIVE_DOUBLE)
    made.insert(b"when", 8, TIME)
    return made


UNKNOWN = {
    "clock": TIME,
    "wide": wide(),
    "quadruple": quadruple(),
    "compound": compound(),
    "array": h5py.h5t.array_create(TIME, (2,)),
    "lists": h5py.h5t.vlen_create(TIME),
}
"""Types that NumPy lacks."""


def write_unknown(path: Path) -> None:
    point, three = h5py.h5s.create(h5py.h5s.SCALAR), h5py.h5s.create_simple((3,))
    with h5py.File(path, "w") as file:
        held = file.create_group("held")
        held.attrs["title"] = "as it is"
        for name, kind in UNKNOWN.items():
            h5py.h5d.create(file.id, name.encode(), kind.copy(), three)
            h5py.h5a.create(held.id, name.encode(), kind.copy(), point)
            kind.copy().commit(file.id, f"type of {name}".encode())
        file["counts"] = np.arange(3)


@SLASHES
async def test_types_that_numpy_lacks_hide_nothing_else(beamline: Any, slash: str) -> None:
    write_unknown(beamline.folder / "odd.h5")
    key = await beamline.collect("odd.h5")

    async def get(what: str, path: str, **query: Any) -> Any:
        return await beamline.get(f"{GROVE}/{what}{slash}", dataCollectionId=key, path=path, **query)

    top = (await get("meta", "/")).json()
    types = {f"type of {name}" for name in UNKNOWN}
    assert {child["name"] for child in top["children"]} == {"held", "counts", *UNKNOWN, *types}
    kind = "type" if slash else "kind"
    assert {
        child["name"]: child[kind] for child in top["children"] if child["name"] in UNKNOWN
    } == dict.fromkeys(UNKNOWN, "dataset")
    clock = (await get("meta", "/clock")).json()
    assert clock["shape"] == [3]
    assert clock["dtype"] == "|V8" if slash else clock["type"] == {"class": 2, "dtype": "|V8", "size": 8}
    if not slash:
        members = (await get("meta", "/compound")).json()["type"]["members"]
        assert [(one["name"], one["dtype"]) for one in members] == [("value", "<f8"), ("when", "|V8")]
    held = (await get("meta", "/held")).json()
    assert {one["name"] for one in held["attributes"]} == {"title", *UNKNOWN}
    attributes = (await get("attr", "/held")).json()
    assert attributes == {"title": "as it is", **dict.fromkeys(UNKNOWN)}
    assert (await get("attr", "/held", attr_keys="title")).json() == {"title": "as it is"}
    assert (await get("data", "/counts")).json() == [0, 1, 2]
    kinds_of_values = {
        "clock": "times",
        "wide": "integers",
        "quadruple": "floating-point numbers",
        "compound": "compounds",
        "array": "arrays",
        "lists": "lists",
    }
    for name, words in kinds_of_values.items():
        for what, query in ASKED:
            refusal = await get(what, f"/{name}", **query)
            sentence = f"This data set holds {words} of a type that cannot be read"
            assert (refusal.status_code, refusal.json()["detail"]) == (422, sentence)
    assert set((await get("paths", "/")).json()) == {"/", "/held", "/counts"} | {
        f"/{name}" for name in (*UNKNOWN, *types)
    }


def stored(values: Any) -> Any:
    return values.astype(h5py.opaque_dtype(values.dtype))


DATES = np.array(["2026-03-29T01:59:59", "2026-03-29T03:00:00", "NaT"], "M8[s]")
SPANS = np.array([[90, -61], [0, "NaT"]], "m8[ms]")


@SLASHES
async def test_dates_and_spans(beamline: Any, slash: str) -> None:
    with h5py.File(beamline.folder / "dates.h5", "w") as file:
        file["dates"], file["known"], file["date"] = (
            stored(DATES),
            stored(DATES[:2]),
            stored(DATES[:1]).reshape(()),
        )
        file["spans"], file["span"] = stored(SPANS), stored(SPANS[0, :1]).reshape(())
        file["finer"] = stored(np.array(["2026-03-29T01:59:59.123456789", "NaT"], "M8[ns]"))
        file["far"] = stored(np.array(["12026-01-01", "0000-01-01"], "M8[D]"))
        held = file.create_group("held")
        held.attrs["title"] = "scan 5"
        held.attrs["began"], held.attrs["ended"] = (
            stored(DATES[:1]).reshape(()),
            stored(DATES[2:]).reshape(()),
        )
        held.attrs["took"] = stored(SPANS)
    key = await beamline.collect("dates.h5")

    async def data(name: str, **query: Any) -> Any:
        return await beamline.get(f"{GROVE}/data{slash}", dataCollectionId=key, path=f"/{name}", **query)

    binary = {"dates": DATES, "known": DATES[:2], "date": DATES[:1], "spans": SPANS, "span": SPANS[0, :1]}
    for name, values in binary.items():
        answer = await data(name, format="bin")
        assert (answer.status_code, answer.content) == (200, values.tobytes()), name
    assert (await data("spans", format="bin", selection="1,:")).content == SPANS[1].tobytes()
    in_json = {
        "known": ["2026-03-29T01:59:59", "2026-03-29T03:00:00"],
        "dates": ["2026-03-29T01:59:59", "2026-03-29T03:00:00", None],
        "date": "2026-03-29T01:59:59",
        "spans": [[90, -61], [0, None]],
        "span": 90,
        "far": ["12026-01-01", "0000-01-01"],
        "finer": ["2026-03-29T01:59:59.123456789", None],
    }
    assert {name: (await data(name)).json() for name in in_json} == in_json
    held = await beamline.get(f"{GROVE}/attr{slash}", dataCollectionId=key, path="/held")
    assert held.json() == {
        "title": "scan 5",
        "began": "2026-03-29T01:59:59",
        "ended": None,
        "took": [[90, -61], [0, None]],
    }


def add_text(node: Any, name: bytes, text: bytes) -> None:
    """An attribute whose text, and name, may be anything."""
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(h5py.h5t.VARIABLE)
    kind.set_cset(h5py.h5t.CSET_UTF8)
    made = h5py.h5a.create(node.id, name, kind, h5py.h5s.create(h5py.h5s.SCALAR))
    made.write(np.array(text, h5py.string_dtype()))


@SLASHES
async def test_of_text_that_is_not_utf8_what_can_be_read_is_shown(beamline: Any, slash: str) -> None:
    with h5py.File(beamline.folder / "text.h5", "w") as file:
        node = file.create_dataset("x", data=np.arange(3.0))
        node.attrs["long_name"] = "position"
        add_text(node, b"units", b"\xb5m")
        add_text(node, b"gr\xf6sse", "µm, °C".encode())
        node.attrs["fixed"] = np.bytes_(b"\xb0C")
        node.attrs.create("several", [b"\xb5m", b"mm"], dtype=h5py.string_dtype())
        file.create_dataset("texts", data=[b"K\xf6ln", b"Ulm"], dtype=h5py.string_dtype())
        group = file.create_group(b"Pr\xfcfung")
        group[b"\xc4pfel"] = 7
        file[b"Verkn\xfcpfung"] = h5py.SoftLink("/nowhere")
        file.id.links.create_soft(b"link", b"/Pr\xfcfung/\xc4pfel")
        colours = h5py.h5t.enum_create(h5py.h5t.NATIVE_INT32)
        colours.enum_insert(b"gr\xfcn", 1)
        h5py.h5d.create(file.id, b"colours", colours, h5py.h5s.create_simple((2,)))
    key = await beamline.collect("text.h5")

    async def get(what: str, path: str, **query: Any) -> Any:
        answer = await beamline.get(f"{GROVE}/{what}{slash}", dataCollectionId=key, path=path, **query)
        return answer.json() if answer.status_code == 200 else said(answer)

    shown = {
        "long_name": "position",
        "units": "\ufffdm",
        "gr\ufffdsse": "µm, °C",
        "fixed": "\ufffdC",
        "several": ["\ufffdm", "mm"],
    }
    assert await get("attr", "/x") == shown
    assert await get("attr", "/x", attr_keys="gr\ufffdsse") == {"gr\ufffdsse": "µm, °C"}
    assert {one["name"] for one in (await get("meta", "/x"))["attributes"]} == set(shown)
    assert await get("data", "/texts") == ["K\ufffdln", "Ulm"]
    top = await get("meta", "/")
    names = {"x", "texts", "colours", "Pr\ufffdfung", "Verkn\ufffdpfung", "link"}
    assert {child["name"] for child in top["children"]} == names
    assert await get("data", "/colours") == [0, 0]
    colours = (await get("meta", "/colours"))["dtype" if slash else "type"]
    assert colours == ("<i4" if slash else ENUMERATION)
    # what is shown is how clients ask for it
    assert [child["name"] for child in (await get("meta", "/Pr\ufffdfung"))["children"]] == ["\ufffdpfel"]
    assert await get("data", "/Pr\ufffdfung/\ufffdpfel") == 7
    assert await get("data", "/link") == 7
    assert "/Pr\ufffdfung/\ufffdpfel" in await get("paths", "/")


async def test_statistics_of_arrays_as_values(beamline: Any) -> None:
    with h5py.File(beamline.folder / "arrays.h5", "w") as file:
        pairs = file.create_dataset("pairs", (2,), np.dtype(("<f8", (3,))))
        pairs[...] = [[1, -2, np.nan], [4, 0, 9]]
    key = await beamline.collect("arrays.h5")
    found = await beamline.get(f"{GROVE}/stats", dataCollectionId=key, path="/pairs")
    assert found.json() == {
        "strict_positive_min": 1,
        "positive_min": 0,
        "min": -2,
        "max": 9,
        "mean": pytest.approx(12 / 5),
        "std": pytest.approx(np.std([1, -2, 4, 0, 9])),
    }


@SLASHES
async def test_members_whose_names_are_not_utf8(beamline: Any, slash: str) -> None:
    kind = h5py.h5t.create(h5py.h5t.COMPOUND, 16)
    kind.insert(b"gr\xf6sse", 0, h5py.h5t.IEEE_F64BE)
    kind.insert(b"number", 8, h5py.h5t.STD_I32LE)
    values = np.array([(1.5, 7), (2.5, 8)], {"names": ["a", "b"], "formats": [">f8", "<i4"], "itemsize": 16})
    with h5py.File(beamline.folder / "members.h5", "w") as file:
        made = h5py.h5d.create(file.id, b"table", kind, h5py.h5s.create_simple((2,)))
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, values, kind)
        held = file.create_group("held")
        held.attrs["title"] = "as it is"
        h5py.h5a.create(held.id, b"row", kind, h5py.h5s.create(h5py.h5s.SCALAR)).write(
            values[:1].reshape(()), kind
        )
    key = await beamline.collect("members.h5")

    async def get(what: str, path: str, **query: Any) -> Any:
        answer = await beamline.get(f"{GROVE}/{what}{slash}", dataCollectionId=key, path=path, **query)
        return answer.json()

    described = await get("meta", "/table")
    assert (described["dtype"] if slash else described["type"]["dtype"]) == {
        "gr\ufffdsse": ">f8",
        "number": "<i4",
    }
    assert await get("data", "/table") == [[1.5, 7], [2.5, 8]]
    assert await get("data", "/table", selection="1") == [2.5, 8]
    assert await get("attr", "/held") == {"title": "as it is", "row": [1.5, 7]}
    assert "table" in {child["name"] for child in (await get("meta", "/"))["children"]}


@SLASHES
@pytest.mark.parametrize("path", ["", "/x\0", "\0", "x\0/y"])
async def test_a_path_that_cannot_be_one_is_missing(beamline: Any, slash: str, path: str) -> None:
    with h5py.File(beamline.folder / "x.h5", "w") as file:
        file["x"] = 1
    key = await beamline.collect("x.h5")
    for what in ("meta", "attr", "data", "stats", "paths"):
        answer = await beamline.get(f"{GROVE}/{what}{slash}", dataCollectionId=key, path=path)
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"{path!r} is not a valid path in the file"
    nul = await beamline.get(f"{GROVE}/attr{slash}", dataCollectionId=key, path="/x", attr_keys="a\0")
    assert nul.status_code == 404


@SLASHES
async def test_a_filter_that_is_missing_is_named(beamline: Any, slash: str) -> None:
    packed = {"lzo": 305, "own": 41234, "second": 41234}
    layout = h5py.VirtualLayout((100,), "<i4")
    layout[:] = h5py.VirtualSource(".", "lzo", (100,))
    with h5py.File(beamline.folder / "packed.h5", "w") as file:
        for name, number in packed.items():
            made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            made.set_chunk((100,))
            if name == "second":
                made.set_shuffle()
            made.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (1,))
            space = h5py.h5s.create_simple((100,))
            data = h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_INT32, space, made)
            data.write_direct_chunk((0,), b"not unpacked by anybody here", filter_mask=0)
        file.create_virtual_dataset("virtual", layout)
        file["plain"] = np.arange(3)
    key = await beamline.collect("packed.h5")

    async def get(what: str, path: str, **query: Any) -> Any:
        return await beamline.get(f"{GROVE}/{what}{slash}", dataCollectionId=key, path=path, **query)

    for name, number in {**packed, "virtual": 305}.items():
        for what, query in ASKED:
            refusal = await get(what, f"/{name}", **query)
            assert refusal.status_code == 422
            sentence = f"This data set is packed with a filter that the server lacks: {number}"
            assert refusal.json()["detail"] == sentence
    assert (await get("meta", "/second")).json()["filters"][1]["id"] == 41234
    assert (await get("data", "/plain")).json() == [0, 1, 2]


async def test_damage_is_what_is_said_of_damage(beamline: Any) -> None:
    with h5py.File(beamline.folder / "bad.h5", "w") as file:
        data = file.create_dataset("packed", (100,), "<i4", chunks=(100,), compression="gzip")
        data.id.write_direct_chunk((0,), b"no deflated bytes", filter_mask=0)
    key = await beamline.collect("bad.h5")
    refusal = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path="/packed")
    assert (refusal.status_code, refusal.json()["detail"]) == (422, DAMAGED)
