"""Files that name other files: nothing outside of the roots comes out, in no format and on no way.

`SECRET` stands for what the server may read and nobody else. Each case writes a file below the roots that
names it in one of the ways that its format has, asks for everything that can be asked of that file, and looks
for the secret in what comes back.
"""

from __future__ import annotations

import bz2
import gzip
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from starbeam.files import Files
from starbeam.settings import Files as Folders
from support.answers import said
from support.detector import HEADER, write_cbf

pytestmark = pytest.mark.anyio

GROVE, IMAGES = "/data/h5grove", "/data/images"
SECRET = np.array([[83, 69, 67, 82], [69, 84, 33, 33]], "<i4")
OWN = np.arange(8, dtype="<i4").reshape(2, 4)
MISSING = {"detail": "Image not found"}
PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}
UNLIMITED = h5py.h5s.UNLIMITED


def write(path: Path, values: Any = OWN, **more: Any) -> Path:
    """An HDF5 file with these values as the data set `values`, and `more`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", libver="latest") as file:
        for name, one in {"values": values, **more}.items():
            file[name] = one
    return path


def virtual(file: h5py.File, name: str, source: str, path: str = "values") -> None:
    """A virtual data set of all of a source."""
    layout = h5py.VirtualLayout((2, 4), "<i4")
    layout[:] = h5py.VirtualSource(source, path, (2, 4))
    file.create_virtual_dataset(name, layout, fillvalue=-1)


def growing(file: h5py.File, name: str, source: str, path: str = "values", *, by_block: bool = True) -> None:
    """A virtual data set without limit: of a block from each source, or of one source that grows."""
    space = h5py.h5s.create_simple((0, 4), (UNLIMITED, 4))
    here, there = space.copy(), h5py.h5s.create_simple((2, 4))
    here.select_hyperslab((0, 0), (UNLIMITED, 1), (2, 1), (2, 4))
    if not by_block:
        here.select_hyperslab((0, 0), (UNLIMITED, 1), (1, 1), (1, 4))
        there = here
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_virtual(here, source.encode(), path.encode(), there)
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_INT32, space, layout)


def external(file: h5py.File, name: str, raw: str) -> None:
    """A data set whose values lie in a plain file."""
    file.create_dataset(name, (2, 4), "<i4", external=[(raw, 0, 32)])


def leaks(content: bytes) -> bool:
    """Whether an answer has any of the secret: as numbers, floats, or text."""
    forms = (SECRET, SECRET.astype("<f4"), SECRET.astype(">i4"), SECRET.astype("u1"))
    return any(form.tobytes() in content for form in forms) or b"83,69,67,82" in content


async def everything(beamline: Any, key: int, name: str) -> list[Any]:
    """All answers about a node."""
    asked = [
        ("data", {"format": "json"}),
        ("data", {"format": "bin"}),
        ("stats", {}),
        ("meta", {}),
        ("attr", {}),
    ]
    return [
        await beamline.get(f"{GROVE}/{operation}", dataCollectionId=key, path=f"/{name}", **query)
        for operation, query in asked
    ]


def places(folder: Path, outside: Path) -> dict[str, str]:
    """Names by which a file below `folder` may lead to the one outside, or to what is no file."""
    (folder / "link.h5").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    (folder / "twice.h5").symlink_to(folder / "link.h5")
    (folder / "dangling.h5").symlink_to(outside.parent / "nothing.h5")
    os.mkfifo(folder / "fifo.h5")
    write(folder / "secret.h5")  # of the same name, beside
    return {
        "absolute": str(outside),
        "above": f"../{outside.parent.name}/{outside.name}",
        "link": "link.h5",
        "twice": "twice.h5",
        "dangling": "dangling.h5",
        "folder": f"linked/{outside.name}",
        "fifo": "fifo.h5",
        "proc": "/proc/self/environ",
        "descriptor": "/proc/self/fd/0",
        "root": f"/proc/self/root{outside}",
        "device": "/dev/zero",
        "directory": str(folder),
        "damaged": "damaged.h5",
    }


def refer(file: h5py.File, place: str, name: str) -> list[str]:
    """Everything by which an HDF5 file may name another; the paths of it."""
    file[f"link {place}"] = file[f"block {place} 0"] = h5py.ExternalLink(name, "/values")
    file[f"file {place}"] = h5py.ExternalLink(name, "/")
    file[f"soft {place}"] = h5py.SoftLink(f"/link {place}")
    virtual(file, f"virtual {place}", name)
    virtual(file, f"through {place}", ".", f"/file {place}/values")
    virtual(file, f"over {place}", "over.h5", place)
    virtual(file, f"nested {place}", ".", f"/virtual {place}")
    external(file, f"external {place}", name.replace("secret.h5", "raw"))
    virtual(file, f"raw {place}", ".", f"/external {place}")
    growing(file, f"growing {place}", name, by_block=False)
    growing(file, f"blocks {place}", ".", f"/block {place} %b")
    file[f"hard {place}"] = file[f"virtual {place}"]
    return [name for name in file if name.endswith(place) and not name.startswith("file")]


async def test_no_reference_of_hdf5_leads_outside(beamline: Any, tmp_path: Path) -> None:
    outside, folder = write(tmp_path / "elsewhere" / "secret.h5", SECRET), beamline.folder
    (outside.parent / "raw").write_bytes(SECRET.tobytes())
    (folder / "damaged.h5").write_bytes(b"no HDF5")
    names = places(folder, outside)
    write(folder / "over.h5", **{place: h5py.ExternalLink(name, "/values") for place, name in names.items()})
    with h5py.File(folder / "all.h5", "w", libver="latest") as file:
        paths = [path for place, name in names.items() for path in refer(file, place, name)]
    key = await beamline.collect("all.h5")
    assert len(paths) == 11 * len(names)
    for path in set(paths) - {"external damaged", "raw damaged"}:  # plain bytes are what they are
        for answer in await everything(beamline, key, path):
            assert not leaks(answer.content), path
            if answer.url.path.endswith(("data", "stats")):
                sentence = f"Cannot resolve the link at /{path}"
                assert said(answer) == (404, {"detail": sentence, "message": sentence}), path
    listing = await beamline.get(f"{GROVE}/meta", dataCollectionId=key, path="/")
    assert listing.status_code == 200  # one that leads outside hides no other


@pytest.mark.parametrize("reference", ["link", "virtual", "through", "external", "growing"])
async def test_no_frame_of_an_image_comes_from_outside(beamline: Any, tmp_path: Path, reference: str) -> None:
    outside = write(tmp_path / "elsewhere" / "secret.h5", SECRET)
    (outside.parent / "raw").write_bytes(SECRET.tobytes())
    with h5py.File(beamline.folder / "run_master.h5", "w", libver="latest") as file:
        refer(file, "x", str(outside))
        file["entry/data/data"] = h5py.SoftLink(f"/{reference} x")
        file["entry/instrument/beam/incident_wavelength"] = h5py.SoftLink(f"/{reference} x")
    key = await beamline.collect("run_master.h5")
    for path in (IMAGES, f"{IMAGES}/header", f"{IMAGES}/histogram"):
        answer = await beamline.get(path, dataCollectionId=key, imageNumber=1)
        assert said(answer) == (404, MISSING)


async def test_a_header_reads_no_number_of_another_file(beamline: Any, tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(np.float64(42.5).tobytes())
    (beamline.folder / "raw").write_bytes(np.float64(0.5).tobytes())
    with h5py.File(beamline.folder / "run_master.h5", "w") as file:
        file["entry/data/data"] = np.ones((1, 40, 40), "<u4")
        for name, raw in (("beam/incident_wavelength", "../raw"), ("detector/detector_distance", "raw")):
            file.create_dataset(f"entry/instrument/{name}", (1,), "<f8", external=[(raw, 0, 8)])
    key = await beamline.collect("run_master.h5")
    found = (await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=1)).json()["braggy_hdr"]
    assert (found["wavelength"], found["detector_distance"]) == (None, 0.5)


async def test_with_a_path_map_what_is_checked_is_opened(make_beamline: Any, tmp_path: Path) -> None:
    root = tmp_path / "map"
    folder = root / "data"
    beamline = await make_beamline(**{"files.path_map": str(root), "files.roots": [str(root)]})
    true = write(tmp_path / "elsewhere" / "secret.h5", SECRET)
    write(Path(f"{root}{true}"))  # where the name leads by the map
    write(folder / "sub" / "x.h5").unlink()
    (folder / "sub" / "x.h5").symlink_to(true)
    write(folder / "x.h5")
    write(folder / "near.h5")  # is nowhere without the map
    write(
        folder / "over.h5",
        true=h5py.ExternalLink(str(true), "/values"),
        sub=h5py.ExternalLink("sub/x.h5", "/"),
    )
    with h5py.File(folder / "all.h5", "w", libver="latest") as file:
        paths = refer(file, "true", str(true)) + refer(file, "sub", "sub/x.h5")
        refer(file, "near", "/data/near.h5")
    key = await beamline.collect("all.h5", folder="/data")
    for path in paths:
        mapped = path in ("link true", "soft true", "block true 0")
        for answer in await everything(beamline, key, path):
            assert not leaks(answer.content), path
            if answer.url.path.endswith("data"):
                assert answer.status_code == (200 if mapped else 404), path
    for kind in ("link", "soft", "virtual", "nested", "through"):
        answer = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path=f"/{kind} near")
        assert said(answer) == (200, OWN.tolist()), kind


async def test_what_is_put_together_of_files_below_the_roots_is_read(beamline: Any) -> None:
    folder = beamline.folder
    for number in range(3):
        write(folder / "parts" / f"part_{number}.h5", OWN + 10 * number)
    write(folder / "moved.h5")
    write(folder / "50%_0.h5", OWN + 5)
    (folder / "raw").write_bytes(OWN.tobytes())
    with h5py.File(folder / "grows.h5", "w", libver="latest") as file:
        file.create_dataset("values", data=OWN[:1], maxshape=(None, 4), chunks=(1, 4))
    with h5py.File(folder / "all.h5", "w", libver="latest") as file:
        layout = h5py.VirtualLayout((4, 2, 4), "<i4")
        for number in range(4):  # the last is not there
            layout[number] = h5py.VirtualSource(f"parts/part_{number}.h5", "values", (2, 4))
        file.create_virtual_dataset("series", layout, fillvalue=-1)
        growing(file, "blocks", "parts/part_%b.h5")
        growing(file, "percent", "50%%_%b.h5")
        growing(file, "grows", "grows.h5", by_block=False)
        virtual(file, "moved", "/from/somewhere/moved.h5")
        external(file, "raw", "raw")
        virtual(file, "below", ".", "/raw")
        virtual(file, "missing", "missing.h5")
    key = await beamline.collect("all.h5")

    async def ask(path: str, **query: Any) -> Any:
        return said(await beamline.get(f"{GROVE}/data", dataCollectionId=key, path=f"/{path}", **query))

    parts = [(OWN + 10 * number).tolist() for number in range(3)]
    assert await ask("series") == (200, [*parts, [[-1] * 4] * 2])
    assert await ask("series", selection="0:4:2,1,::3") == (200, [[4, 7], [24, 27]])
    assert await ask("series", selection="1,0,2") == (200, 12)
    assert await ask("blocks") == (200, [row for part in parts for row in part])
    assert await ask("percent") == (200, (OWN + 5).tolist())
    assert await ask("grows") == (200, OWN[:1].tolist())
    for path in ("moved", "raw", "below"):
        assert await ask(path) == (200, OWN.tolist()), path
    assert await ask("missing") == (200, [[-1] * 4] * 2)
    with h5py.File(folder / "grows.h5", "r+") as file:
        file["values"].resize((2, 4))
        file["values"][1] = OWN[1]
    assert await ask("grows") == (200, OWN.tolist())
    shapes = {}
    for child in (await beamline.get(f"{GROVE}/meta", dataCollectionId=key, path="/")).json()["children"]:
        shapes[child["name"]] = child["shape"]
    assert shapes == {
        "series": [4, 2, 4],
        "blocks": [6, 4],
        "percent": [2, 4],
        "grows": [2, 4],
        "moved": [2, 4],
        "raw": [2, 4],
        "below": [2, 4],
        "missing": [2, 4],
    }


async def test_a_virtual_data_set_of_more_files_than_a_process_may_usually_open(beamline: Any) -> None:
    layout = h5py.VirtualLayout((1100, 1), "<i4")
    for number in range(1100):
        write(beamline.folder / f"part_{number}.h5", np.array([number], "<i4"))
        layout[number] = h5py.VirtualSource(f"part_{number}.h5", "values", (1,))
    with h5py.File(beamline.folder / "all.h5", "w", libver="latest") as file:
        file.create_virtual_dataset("series", layout, fillvalue=-1)
    key = await beamline.collect("all.h5")
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, most))
    try:
        answer = await beamline.get(f"{GROVE}/data", dataCollectionId=key, path="/series", flatten=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
    assert answer.json() == list(range(1100))


def edf(key: str, value: str, values: Any = OWN, before: bytes = b"") -> bytes:
    """An EDF file of one image whose header has one entry more."""
    header = (
        f"{{\nEDF_DataBlockID = 0.Image.Psd ;\nEDF_BinarySize = {values.nbytes} ;\nEDF_HeaderSize = 512 ;\n"
        f"ByteOrder = LowByteFirst ;\nDataType = SignedInteger ;\nDim_1 = 4 ;\nDim_2 = 2 ;\n"
        f"{key} = {value} ;\n{key.replace('Name', 'Size')} = 32 ;\n"
    )
    return before + header.ljust(510).encode() + b"}\n" + values.tobytes()


@pytest.mark.parametrize("packed", PACKED)
async def test_no_picture_comes_from_another_file(beamline: Any, tmp_path: Path, packed: str) -> None:
    folder, pack = beamline.folder, PACKED[packed]
    outside = tmp_path / "raw"
    outside.write_bytes(SECRET.tobytes())
    (folder / "link").symlink_to(outside)
    (folder / "packed.gz").write_bytes(gzip.compress(SECRET.tobytes()))
    (folder / "near").write_bytes(SECRET.tobytes())
    (folder / "environ").symlink_to("/proc/self/environ")
    os.mkfifo(folder / "fifo")
    whole = edf("Title", "x")
    key = "EDF_BinaryFileName"
    files = {f"to_{name}": edf(key, name) for name in ("link", "packed", "near", "environ", "fifo", "0")}
    files |= {
        "upper": edf(key.upper(), "link"),
        "lower": edf(key.lower(), "link"),
        "path": edf(key, "/proc/self/environ"),
        "second": whole + edf(key, "link"),
        "general": edf(key, "link", before=b"{\nEDF_DataFormatVersion = 2.40 ;\n}\n"),
        "far": whole[:511].replace(b"Title = x", b"Title = x".ljust(9))
        + whole[511:] * 40_000
        + edf(key, "link"),
    }
    xml = (
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "{outside}">]><a><shape>8</shape><size>8</size><data>&e;</data></a>'
    )
    files |= {"xml": xml.encode(), "other": b"PK\x03\x04", "empty": b""}
    secret = write(tmp_path / "secret.h5", np.stack([SECRET]))
    with h5py.File(folder / "hdf5", "w", userblock_size=1024) as file:
        file["entry/data/data_000001"] = h5py.ExternalLink(str(secret), "/values")
    behind = (folder / "hdf5").read_bytes()
    files |= {"block": behind, "hdf5": behind[1024:], "signed": behind[1024:1032] + behind[8:]}
    for name, content in files.items():
        for ending in ("cbf", "edf", "tif", "h5x", "jpg", "xml"):
            (folder / f"{name}_1.{ending}{packed}").write_bytes(pack(content))
            collected = await beamline.collect(f"{name}_%d.{ending}{packed}")
            for path in (IMAGES, f"{IMAGES}/header", f"{IMAGES}/histogram"):
                answer = await beamline.get(path, dataCollectionId=collected, imageNumber=1)
                assert not leaks(answer.content), (name, ending)
                if ending in ("cbf", "edf"):
                    assert said(answer) == (404, MISSING), (name, ending)
    (folder / f"good_1.edf{packed}").write_bytes(pack(whole))
    good = await beamline.collect(f"good_%d.edf{packed}")
    answer = await beamline.get(IMAGES, dataCollectionId=good, imageNumber=1)
    assert answer.content == OWN.astype("<f4").tobytes()


async def test_the_header_of_a_cbf_need_not_be_ascii(beamline: Any) -> None:
    path = beamline.folder / "scan_1.cbf"
    write_cbf(path, OWN, HEADER.replace("0.9763 A", "0.9763 X"))
    for written in (b"\xc5", "Å".encode()):
        (beamline.folder / "scan_2.cbf").write_bytes(
            path.read_bytes().replace(b"0.9763 X", b"0.9763 " + written)
        )
        key = await beamline.collect("scan_%d.cbf")
        found = await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=2)
        assert found.json()["parsed_ext_hdr"]["Wavelength"] == "0.9763 Å"


def test_a_file_that_is_pinned_is_opened_whatever_its_name_becomes(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("outside")
    files = Files(Folders(roots=[str(folder)], path_map=""))
    (folder / "file").write_text("inside")
    pinned = files.pin(folder / "file")
    (folder / "file").unlink()
    (folder / "file").symlink_to(outside)
    assert Path(f"/proc/self/fd/{pinned}").read_text() == "inside"
    os.close(pinned)
    os.mkfifo(folder / "fifo")
    for name in (folder / "file", outside, folder / "fifo", folder, "/dev/zero", "/proc/self/environ"):
        with pytest.raises(FileNotFoundError):
            files.pin(name)


async def test_a_group_of_many_members_is_listed(make_beamline: Any) -> None:
    beamline = await make_beamline(**{"plugin.data.time_limit": 300.0})
    with h5py.File(beamline.folder / "many.h5", "w", libver="latest") as file:
        group = file.create_group("group")
        for number in range(10_002):
            group.create_group(f"{number:05d}")
    key = await beamline.collect("many.h5")
    answer = await beamline.get(f"{GROVE}/meta", dataCollectionId=key, path="/group")
    children = answer.json()["children"]
    assert [child["name"] for child in children] == [f"{number:05d}" for number in range(10_002)]
    assert children[9_999] == {"name": "09999", "kind": "group", "attributes": []}
    assert children[10_000:] == [{"name": "10000", "kind": "other"}, {"name": "10001", "kind": "other"}]
