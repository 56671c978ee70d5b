"""Detector frames over HTTP against h5py reading them, histograms, pictures, memory, and what other requests
notice.

Frames of 4 million pixels of 32 bits, raw and bitshuffled with LZ4, one at a time and 16 at once.
"""

from __future__ import annotations

import asyncio
import http.client
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Thread

import h5py
import hdf5plugin
import msgspec
import numpy as np
from PIL import Image
from rich.table import Table

from benchmarks import load
from benchmarks.serving import bare
from starbeam.auth.tokens import Tokens
from starbeam.files import Files
from starbeam.settings import Auth
from starbeam.settings import Files as Folders
from starbeam_data.protocol import SLOT, Fitted, Look
from starbeam_data.reader import images, views
from starbeam_data.reader.frames import Frames
from support.beamline import fill
from support.commands import SECRET, Running, Site

FRAMES, SIDE = 32, 2000
DATA, MASKED = ("raw", "compressed"), "with gaps"
MARK = 2**32 - 1
"""What detectors write where they measure nothing."""
SLAB = 16
CLIENTS, MANY = 4, 8
SECONDS = 5
API = "/ispyb/api/v1/data/h5grove/data?dataCollectionId=1&format=bin"


def measure(database: Callable[[], str]) -> Iterator[Table]:
    """Throughput, and what is noticed elsewhere. The database is a small SQLite file: it plays no part."""
    with tempfile.TemporaryDirectory() as folder, _serving(Path(folder)) as (server, token):
        address = f"http://127.0.0.1:{server.port}{API}"
        with bare("benchmarks.frames:app", FRAMES=f"{folder}/frames.h5") as floor:
            yield _throughput(Path(folder) / "frames.h5", address, floor, token)
        yield _elsewhere(server, address, token)
        yield _histograms(Path(folder) / "frames.h5")
        yield pictures(Path(folder) / "frames.h5")


def _throughput(file: Path, address: str, floor: str, token: str) -> Table:
    table = Table(title=f"Frames of {SIDE} by {SIDE} pixels; {CLIENTS} clients, {SECONDS} s each; MB/s")
    for heading in ("data", "Starbeam", "p50 ms", "p99 ms", "floor", "of the floor", "h5py alone", "of it"):
        table.add_column(heading, justify="left" if heading == "data" else "right")
    for name in DATA:
        for count, selection in ((1, "7"), (SLAB, f"0:{SLAB}")):
            megabytes, asked = count * SIDE * SIDE * 4 / 1e6, f"path=/{name}&selection={selection}"
            ours = load.measure(f"{address}&{asked}", CLIENTS, SECONDS, token)
            least = load.measure(f"{floor}/?{asked}", CLIENTS, SECONDS).per_second * megabytes
            alone, served = _h5py(file, name, count), ours.per_second * megabytes
            row = f"{name}, {count} frame(s)", f"{served:.0f}", f"{ours.p50:.0f}", f"{ours.p99:.0f}"
            table.add_row(*row, *_compared(served, least), *_compared(served, alone))
    return table


def _compared(served: float, other: float) -> tuple[str, str]:
    return f"{other:.0f}", f"{served / other:.2f}"


def _elsewhere(server: Running, address: str, token: str) -> Table:
    table = Table("what", "value", title=f"Beside {MANY} clients that pull frames")
    for name in DATA:
        latencies = _beside(server, f"{address}&path=/{name}&selection=7", token)
        p50, p99 = statistics.median(latencies), statistics.quantiles(latencies, n=100)[-1]
        table.add_row(f"/health/live, {name} frames", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    for process, megabytes in most_memory(server.process.pid).items():
        table.add_row(f"most memory, {process}", f"{megabytes} MB")
    return table


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[Running, str]]:
    """A server with one data collection, and a token for it."""
    _write(folder / "frames.h5")
    site = Site(folder, plugins=["auth_dummy", "ispyb", "data"], more=f'[files]\nroots = ["{folder}"]\n')
    site.make_database()
    person = asyncio.run(fill(f"sqlite+aiosqlite:///{folder}/union.db", folder, "frames.h5"))
    token = Tokens(Auth(secret_key=SECRET)).make("boss", person, ())
    with site.serving("serve", "--config", str(site.config)) as server:
        yield server, token
        server.end()


def _write(file: Path) -> None:
    pixels = np.random.default_rng(1).poisson(3, (FRAMES, SIDE, SIDE)).astype("<u4")
    with h5py.File(file, "w") as written:
        written["raw"] = pixels
        packed = {"chunks": (1, SIDE, SIDE), **hdf5plugin.Bitshuffle(cname="lz4")}
        written.create_dataset("compressed", data=pixels, **packed)
        gaps = np.where(np.arange(SIDE) % 100 < 7, np.uint32(MARK), pixels)
        written.create_dataset(MASKED, data=gaps, **packed)


def _histograms(file: Path) -> Table:
    """Reading a frame and its histogram against reading it and one `numpy.bincount`; time of processors."""
    table = Table("frame", "ours ms", "floor ms", "times the floor", title="Histograms")
    with h5py.File(file) as opened:
        for name in (*DATA, MASKED):
            pixels = opened[name][7]
            plain = pixels[pixels < MARK]
            read = _cheapest(lambda name=name: opened[name][7])
            ours = read + _cheapest(lambda pixels=pixels: images.counted(*images.tallied(pixels)))
            floor = read + _cheapest(lambda plain=plain: np.bincount(plain))
            table.add_row(name, f"{ours:.1f}", f"{floor:.1f}", f"{ours / floor:.2f}")
    return table


def pictures(file: Path) -> Table:
    """Reading a frame and making a picture of it against reading it and encoding that picture with Pillow;
    time of processors."""
    table = Table(
        *("frame", "ours ms", "packed so", "times it", "level 1", "times it", "by itself", "times it", "kB"),
        title="Pictures",
    )
    folders, look = Folders(roots=[str(file.parent)]), Look(None, None, 99.5, "sqrt", "grey_r", True, True)
    for width in (1024, SIDE):
        job = Fitted(str(file), True, None, 7, 1, [], width, look)
        for name in (*DATA, MASKED):
            alone = _alone(file, name)
            made = BytesIO()
            ours = _cheapest(lambda alone=alone, job=job, made=made: _picture(folders, alone, job, made))
            with Image.open(made) as image, h5py.File(alone) as opened:
                image.load()
                read = _cheapest(lambda opened=opened: opened["entry/data/data"][7])
                same, quick, usual = (
                    read + _cheapest(lambda image=image, how=how: image.save(BytesIO(), "PNG", **how))
                    for how in (views.PACKED, {"compress_level": 1}, {})
                )
            row = (ours, same, ours / same, quick, ours / quick, usual, ours / usual)
            size = f"{len(made.getvalue()) / 1000:.0f}"
            table.add_row(f"{name}, {image.width} wide", *(f"{one:.3g}" for one in row), size)
    return table


def _alone(file: Path, name: str) -> Path:
    """A file whose images are those of this data set."""
    alone = file.with_name(f"{name}_master.h5")
    with h5py.File(alone, "w") as written:
        written["entry/data/data"] = h5py.ExternalLink(file.name, name)
    return alone


def _picture(folders: Folders, file: Path, job: Fitted, into: BytesIO) -> None:
    """Open, read and draw, as a reader does for a frame that it has not kept."""
    frame, _ = Frames(Files(folders), 1 << 30).get(msgspec.structs.replace(job, file=str(file)))
    into.seek(0)
    for write in views.fitted(frame, job, 1 << 30).parts:
        slot = np.empty(SLOT, np.uint8)
        into.write(slot[: write(slot)].tobytes())


def _cheapest(work: Callable[[], object]) -> float:
    """Milliseconds of this process, the least of ten."""
    found = []
    for _ in range(10):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return 1000 * min(found)


def _h5py(file: Path, name: str, count: int) -> float:
    """MB/s of h5py in a loop, nothing else."""
    with h5py.File(file) as opened:
        dataset, began, done = opened[name], time.perf_counter(), 0
        while (taken := time.perf_counter() - began) < SECONDS:
            dataset[0:count] if count > 1 else dataset[7]
            done += count
    return done * SIDE * SIDE * 4 / 1e6 / taken


def _beside(server: Running, url: str, token: str) -> list[float]:
    """Milliseconds that `/health/live` takes while many clients pull frames."""
    puller = Thread(target=load.measure, args=(url, MANY, SECONDS, token))
    puller.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    latencies = []
    while puller.is_alive():
        began = time.perf_counter()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        latencies.append((time.perf_counter() - began) * 1000)
        time.sleep(0.01)
    return latencies


def most_memory(server: int) -> dict[str, int]:
    """The most resident memory that the server and its readers ever had, shared memory in each."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server)], capture_output=True, text=True, check=True
    )
    named = {"server": str(server), **{f"reader {n}": pid for n, pid in enumerate(listed.stdout.split(), 1)}}
    return {name: _high_water(pid) for name, pid in named.items()}


def _high_water(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024
