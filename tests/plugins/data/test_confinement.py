"""What the processes that read files know, and what they can do: tried by running code in their place."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import httpx
import numpy as np
import pytest

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_data import landlock
from starbeam_data.process import KEPT
from support.beamline import fill
from support.commands import SECRET, Site

LOCKED = landlock.version() > 0
VALUES = np.arange(6, dtype="<i4")
TRIES = """
import json, os, signal, socket, sys
import h5py, hdf5plugin, numpy
from starbeam_data import landlock
from starbeam_data.reader.confinement import Confinement
root, outside, without = sys.argv[1:4]
if without:
    landlock.CREATE = 100_000  # no call of any kernel
opened = os.open(root + "/a.h5", os.O_RDONLY)
listener = socket.create_server(("127.0.0.1", 0))
Confinement([root], 1 << 30)

def read(path):
    with open(path, "rb") as file:
        return len(file.read(1))

def values(path, **options):
    with h5py.File(path, "r", **options) as file:
        return [int(number) for number in file["packed"][:]]

def fabio():
    import fabio.openimage
    import encodings.gb18030, PIL.TiffImagePlugin
    return 1

TRIES = {
    "inside": lambda: values(root + "/a.h5"),
    "opened": lambda: values(f"/proc/self/fd/{opened}"),
    "while written": lambda: values(f"/proc/self/fd/{opened}", swmr=True),
    "imports": fabio,
    "outside": lambda: read(outside),
    "by a link": lambda: read(root + "/link"),
    "by a folder's link": lambda: read(root + "/up/" + os.path.basename(outside)),
    "server": lambda: read(f"/proc/{os.getppid()}/environ"),
    "itself": lambda: read("/proc/self/environ"),
    "device": lambda: read("/dev/zero"),
    "folder": lambda: len(os.listdir(os.path.dirname(outside))),
    "network": lambda: socket.create_connection(listener.getsockname()).close(),
    "signal": lambda: os.kill(os.getppid(), 0),
    "remove": lambda: os.unlink(root + "/victim"),
    "write": lambda: os.write(os.open(root + "/new", os.O_CREAT | os.O_WRONLY), b"x"),
    "here": lambda: read("a.h5"),
}
said = {}
for name, what in TRIES.items():
    try:
        said[name] = what()
    except OSError as error:
        said[name] = type(error).__name__
print(json.dumps(said))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, beside a secret that links in it lead to."""
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "victim").touch()
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    with h5py.File(folder / "a.h5", "w", libver="latest") as file:
        file.create_dataset("packed", data=VALUES, chunks=(6,), **hdf5plugin.Bitshuffle(cname="lz4"))
    return folder


def tried(root: Path, without: str = "") -> dict[str, Any]:
    command = [sys.executable, "-c", TRIES, str(root), str(root.parent / "secret"), without]
    environ = {"PATH": os.defpath, "HDF5_USE_FILE_LOCKING": "FALSE"}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_a_reader_reads_its_folders_and_nothing_else(root: Path) -> None:
    said = tried(root)
    for name in ("inside", "opened", "while written"):
        assert said.pop(name) == VALUES.tolist(), name
    assert said.pop("imports") == 1
    assert said.pop("here") == "FileNotFoundError"
    assert said.pop("write") in ("PermissionError", "OSError")  # forbidden, or no byte may be written
    if LOCKED:
        assert said == dict.fromkeys(said, "PermissionError")
    assert (root / "victim").exists() == LOCKED


def test_a_kernel_without_landlock_stops_nothing(root: Path) -> None:
    said = tried(root, "without")
    for name in ("inside", "opened", "while written"):
        assert said[name] == VALUES.tolist(), name
    assert (said["outside"], said["here"], said["write"]) == (1, "FileNotFoundError", "OSError")


@pytest.mark.parametrize(
    ("version", "files", "network", "scope"),
    [
        (1, 0x1FFF, 0, 0),
        (2, 0x3FFF, 0, 0),
        (3, 0x7FFF, 0, 0),
        (4, 0x7FFF, 3, 0),
        (5, 0xFFFF, 3, 0),
        (7, 0xFFFF, 3, 3),
    ],
)
def test_each_version_of_landlock_is_asked_for_what_it_knows(
    version: int, files: int, network: int, scope: int
) -> None:
    numbers = np.frombuffer(landlock._rules(version), np.uint64)
    assert numbers.tolist() == [files, network, scope]


@pytest.mark.anyio
async def test_who_runs_a_server_is_told(beamline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def said() -> Any:
        answer = await beamline.app.client.get("http://test/health/ready")
        return answer.status_code, answer.json()["checks"]["data.landlock"]

    monkeypatch.setattr(landlock, "version", lambda: 1)
    assert await said() == (200, "ok")
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert await said() == (
        200,
        "This kernel has no Landlock, which keeps what reads files to the folders of files.roots.",
    )


@pytest.mark.anyio
async def test_a_folder_that_comes_later_is_read(make_beamline: Any, tmp_path: Path) -> None:
    late = tmp_path / "late"
    beamline = await make_beamline(**{"files.roots": [str(tmp_path / "data"), str(late)]})

    async def ask(key: int) -> Any:
        answer = await beamline.get("/data/h5grove/data", dataCollectionId=key, path="/values")
        return answer.status_code, answer.json()

    def write(folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True)
        with h5py.File(folder / name, "w") as file:
            file["values"] = VALUES

    write(beamline.folder, "a.h5")
    (beamline.folder / "b.h5").symlink_to(late / "b.h5")
    early, linked = await beamline.collect("a.h5"), await beamline.collect("b.h5")
    assert await ask(early) == (200, VALUES.tolist())
    assert (await ask(linked))[0] == 404
    write(late, "b.h5")
    assert await ask(linked) == (200, VALUES.tolist())
    late.rename(tmp_path / "before")  # another folder takes its place, as when it is mounted anew
    write(late, "b.h5")
    assert await ask(linked) == (200, VALUES.tolist())


def processes(parent: int) -> Iterator[Path]:
    """What `/proc` says of a process and of all below it."""
    yield Path(f"/proc/{parent}")
    for task in Path(f"/proc/{parent}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from processes(int(child))


def test_the_environment_of_the_server_is_in_no_process_that_reads(root: Path) -> None:
    site = Site(root.parent, plugins=["auth_dummy", "ispyb", "data"], more=f'[files]\nroots = ["{root}"]\n')
    site.make_database()
    person = asyncio.run(fill(f"sqlite+aiosqlite:///{root.parent}/union.db", root, "a.h5"))
    token = Tokens(Auth(secret_key=SECRET)).make("boss", person, ())
    with site.serving("serve", "--config", str(site.config), STARBEAM_AUTH__SECRET_KEY=SECRET) as server:
        answer = httpx.get(
            f"http://127.0.0.1:{server.port}/ispyb/api/v1/data/h5grove/data?dataCollectionId=1&path=/packed",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.json() == VALUES.tolist()
        readers = [
            one
            for one in processes(server.process.pid)
            if b"starbeam_data.reader" in (one / "cmdline").read_bytes()
        ]
        assert readers
        for one in readers:
            environ = (one / "environ").read_bytes().decode()
            assert SECRET not in environ
            names = {line.partition("=")[0] for line in environ.split("\0") if line}
            assert {
                name for name in names if not name.startswith(("HDF5_", "OMP_", "OPENBLAS_", "MALLOC_"))
            } <= set(KEPT)
            assert "HDF5_USE_FILE_LOCKING=FALSE" in environ.split("\0")
            assert list((one / "cwd").iterdir()) == []
            assert "NoNewPrivs:\t1" in (one / "status").read_text()
            last = min(os.getpriority(os.PRIO_PROCESS, server.process.pid) + 10, 19)
            assert os.getpriority(os.PRIO_PROCESS, int(one.name)) == last
